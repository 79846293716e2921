"""No page leads its reader to a door that is shut: every link and every form on every page a member can reach opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve
from lxml import html

from quanheng.platform.documents import ledger
from tests.platform.access.scene import PARTS, Scene

NAMED = ("href", "data-href", "data-preview", "src", "hx-get")
SKIPPED = ("/static", "/log/", "/api/", "/i18n/", "/accounts/logout", "/accounts/2fa")
SAME_PAGE = ("export", "sort", "page", "columns")
PER_ROUTE = 3
SHUT = {403, 404, 405}
Form = tuple[str, tuple[tuple[str, str], ...]]


def ours(url: str) -> bool:
    """An address of the product that is not the same page in another order."""
    parts = urlsplit(url)
    names = {pair.split("=")[0] for pair in parts.query.split("&")}
    return not parts.scheme and url.startswith("/") and not url.startswith(SKIPPED) and not names & set(SAME_PAGE)


def links(tree: Any, here: str) -> Iterator[str]:
    """Addresses of our own that the page names."""
    for node in tree.iter():
        for name in NAMED:
            if (found := node.get(name)) and ours(url := urljoin(here, found.split("#")[0])):
                yield url


def forms(tree: Any, here: str) -> Iterator[Form]:
    """Forms that change something, with what already stands in them."""
    for form in tree.iter("form"):
        buttons = form.xpath(".//button[not(@type='button')][not(@disabled)]")
        if form.get("method", "get").lower() == "post" and buttons:
            url = urljoin(here, form.get("action") or here)
            pressed = [(b.get("name"), b.get("value") or "") for b in buttons[:1] if b.get("name")]
            if ours(url):
                typed = ((str(k), str(v)) for k, v in form.form_values() if k != "csrfmiddlewaretoken")
                yield url, (*typed, *pressed)


def route(url: str) -> str:
    """The pattern behind an address, with the names of its parameters."""
    parts = urlsplit(url)
    try:
        found = str(resolve(parts.path).route)
    except Resolver404:
        found = parts.path
    return f"{found}?{'&'.join(sorted(p.split('=')[0] for p in parts.query.split('&')))}"


def send(client: Client, form: Form) -> int:
    """The status of sending a form as it stands; nothing of it is kept."""
    url, values = form
    data: dict[str, list[str]] = {}
    for name, value in values:
        data.setdefault(name, []).append(value)
    with transaction.atomic():
        status = client.post(url, data).status_code
        transaction.set_rollback(True)
    return status


def shut_doors(client: Client) -> tuple[list[str], int]:
    """Walk every page from the home on; what refuses, with the page that led there."""
    waiting, met = [("/", "")], {"/"}
    visited, sent, shut, tried = Counter[str](), Counter[str](), list[str](), set[Form]()
    while waiting:
        url, source = waiting.pop(0)
        if visited[kind := route(url)] >= PER_ROUTE:
            continue
        visited[kind] += 1
        answer = client.get(url, follow=True)
        if answer.status_code >= 400:
            shut.append(f"{source} → {url}: {answer.status_code}")
        elif answer["Content-Type"].startswith("text/html") and answer.content.strip():
            tree = html.document_fromstring(answer.content.decode())
            fresh = dict.fromkeys(found for found in links(tree, url) if found not in met)
            met |= fresh.keys()
            waiting += [(found, url) for found in fresh]
            for form in dict.fromkeys(form for form in forms(tree, url) if form not in tried):
                tried.add(form)
                sent[kind := route(form[0])] += 1
                if sent[kind] <= PER_ROUTE and (status := send(client, form)) in SHUT:
                    shut.append(f"{url} → POST {form[0]} {dict(form[1])}: {status}")
    return shut, len(visited)


@pytest.mark.one_database  # the pages are those of the matrix, which asks both databases
@pytest.mark.parametrize("name", [*PARTS, "administrator", "security admin", "audit admin", "nobody"])
def test_every_link_and_every_form_opens(name: str, scene: Scene) -> None:
    ledger.merge_leaves()
    client = Client(raise_request_exception=False)
    client.force_login(scene.members()[name])
    shut, pages = shut_doors(client)
    assert pages > (10 if name != "nobody" else 2)
    assert not shut, "\n".join(shut)
