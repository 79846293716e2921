"""No page leads its reader to a door that is shut: every link on every page that a member can reach opens for them."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from quanheng.platform.kernel import clock
from tests.platform.access.scene import PARTS, make_scene
from tests.platform.certificates import steps

LINK = re.compile(r'(?:href|data-href|data-preview|src)="([^"#]+)')
SKIPPED = re.compile(r"^/(static|log|api|i18n|accounts/logout|accounts/2fa)|[?&](export|sort|page|columns)=")
PER_ROUTE = 2


def links(page: str, here: str) -> list[str]:
    """Addresses of our own that the page names."""
    found = (urljoin(here, unescape(text)) for text in LINK.findall(page))
    return [url for url in found if not urlsplit(url).scheme and url.startswith("/") and not SKIPPED.search(url)]


def route(url: str) -> str:
    """The pattern behind an address, with the names of its parameters."""
    parts = urlsplit(url)
    try:
        found = str(resolve(parts.path).route)
    except Resolver404:
        found = parts.path
    return f"{found}?{'&'.join(sorted(p.split('=')[0] for p in parts.query.split('&')))}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*PARTS, "administrator", "audit admin"])
def test_every_link_opens(name: str) -> None:
    with clock.at(steps.TODAY):
        scene = make_scene()
        client = Client(raise_request_exception=False)
        client.force_login(scene.members()[name])
        waiting, visited, shut = [("/", "")], Counter[str](), []
        while waiting:
            url, source = waiting.pop(0)
            if visited[route(url)] >= PER_ROUTE:
                continue
            visited[route(url)] += 1
            answer = client.get(url, follow=True)
            if answer.status_code >= 400:
                shut.append(f"{source} → {url}: {answer.status_code}")
            elif answer["Content-Type"].startswith("text/html"):
                waiting += [(found, url) for found in links(answer.content.decode(), url)]
    assert len(visited) > 10
    assert not shut, "\n".join(shut)
