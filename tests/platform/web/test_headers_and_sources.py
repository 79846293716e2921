"""Pages load nothing from outside and run nothing inline."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

import quanheng.platform
from quanheng.platform.web import menu
from tests.platform.cast import Cast

PLATFORM = Path(quanheng.platform.__file__).parent
OUTSIDE = re.compile(
    r"""(?:src|href|action|srcset|poster|data)\s*=\s*["'](?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import|\bfetch\(\s*["'`](?:https?:)?//"""
)
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>|<style|\son(?:click|load|submit|change|error|input)\s*=|javascript:",
    re.I,
)


def own(suffixes: tuple[str, ...]) -> list[Path]:
    """Our own templates and static files (what others wrote lies in vendor and is read by the browser tests)."""
    return [p for p in sorted(PLATFORM.rglob("*")) if p.suffix in suffixes and "vendor" not in p.parts and p.is_file()]


def test_no_template_style_or_script_names_an_address_outside() -> None:
    wrong = [
        (p.name, m.group(0)) for p in own((".html", ".css", ".js")) for m in OUTSIDE.finditer(p.read_text("utf-8"))
    ]
    assert not wrong
    assert len(own((".html",))) > 30


def test_no_template_has_inline_script_or_style() -> None:
    wrong = [(p.name, m.group(0)) for p in own((".html",)) for m in INLINE.finditer(p.read_text("utf-8"))]
    assert not wrong


def test_every_icon_named_in_a_template_or_a_page_is_drawn() -> None:
    drawn = {
        line.split("#")[0].strip()
        for line in (PLATFORM.parents[1] / "scripts" / "icons.txt").read_text("utf-8").splitlines()
    }
    drawn |= set(re.findall(r'id="([\w-]+)"', (PLATFORM / "web/static/web/icons.svg").read_text("utf-8")))
    used = {m for p in own((".html",)) for m in re.findall(r'{% icon "([\w-]+)"', p.read_text("utf-8"))}
    used |= {m for p in own((".py",)) for m in re.findall(r'icon="([\w-]+)"', p.read_text("utf-8"))}
    used |= {entry.icon for entry in menu._entries.values()}
    used |= {
        m
        for p in own((".py",))
        for m in re.findall(r'Action\([^()]*(?:\([^()]*\)[^()]*)*, "([a-z][a-z-]*)"\)', p.read_text("utf-8"))
    }
    assert used - drawn == set()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nowhere", "/healthz", "/v/"])
def test_every_answer_carries_a_strict_policy(client: Client, path: str) -> None:
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    script = next(part for part in policy.split(";") if part.strip().startswith("script-src "))
    assert script.strip() == "script-src 'self'"
    assert "object-src 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "camera=(self)" in answer["Permissions-Policy"]
    assert re.fullmatch(r"[0-9a-f]{16}", answer["X-Request-ID"])


def test_rendered_pages_name_no_address_outside(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    for path in (
        "/",
        "/administration/people/",
        "/administration/people/new/",
        "/accounts/profile/",
        "/notices/",
        "/search/?q=ab",
    ):
        page = client.get(path).content.decode()
        assert not OUTSIDE.search(page), path
        assert not INLINE.search(page), path


def test_signed_in_pages_stay_out_of_shared_caches(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    assert client.get("/")["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
def test_the_public_landing_page_is_light_and_has_no_script(client: Client) -> None:
    page = client.get("/").content
    css = (PLATFORM / "web/static/web/public.css").read_bytes()
    icon = (PLATFORM / "web/static/web/icon.svg").read_bytes()
    assert len(page) + len(css) + len(icon) < 60_000
    assert b"<script" not in page
    assert b"vendor" not in page


def test_every_static_file_named_in_a_template_or_the_sprite_exists() -> None:
    if not (PLATFORM / "web/static/vendor").is_dir():
        if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
            pytest.fail("the browser assets are absent: run `make assets`")
        pytest.skip("the browser assets are absent (`make assets`), so this test did not run")
    named = {m for p in own((".html",)) for m in re.findall(r"{% static ['\"]([^'\"]+)['\"]", p.read_text("utf-8"))}
    assert [name for name in sorted(named) if finders.find(name) is None] == []
