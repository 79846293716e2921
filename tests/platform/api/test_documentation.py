"""The description of the API is complete, and its page needs nothing from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from tests.platform.api.steps import BASE, operations

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"


@pytest.mark.django_db
def test_the_page_loads_only_our_own_files_and_no_inline_script():
    response = Client().get(f"{BASE}/docs")
    assert response.status_code == 200
    html = response.content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert sources
    assert all(source.startswith("/static/") for source in sources)
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", html)
    assert all('type="application/json"' in s for s in scripts)
    assert '"validatorUrl": null' in html
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_description_is_open_and_says_how_errors_look():
    found = Client().get(f"{BASE}/openapi.json").json()
    assert found["info"]["title"] == "Quanheng API"
    assert "Problem" in found["components"]["schemas"]
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            assert operation["security"] == [{"Token": []}, {"Session": []}], (method, path)
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_docs_name_every_operation_and_scope():
    text = PAGE.read_text("utf-8")
    for operation in operations():
        assert f"`{operation.scope}`" in text
        line = f"{operation.method.upper()} {operation.path.removeprefix(BASE)}"
        assert line in text, line
