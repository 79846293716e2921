"""In English the screens say nothing in Chinese but what people wrote: names, places, titles."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from lxml import html

from quanheng.platform.kernel import clock
from scripts import catalogue
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.one_database  # the words of a page are those of the catalogue
HAN = re.compile(r"[\u3400-\u9fff]+")
SHOWN = ("title", "aria-label", "placeholder", "alt", "data-label", "content", "value")
# Answers that are files or leave the product, and the Chinese side of the language switch.
APART = re.compile(
    r"logout|export=|/template/|\.pdf|\.csv|/file/|\.json|^/static/|^/log/|lang=zh|/v/keys|/label/|/healthz"
)


def written() -> set[str]:
    """Every Chinese word that stands in the database."""
    return {
        run
        for model in apps.get_models()
        if model.__module__.startswith("quanheng.") and model._meta.model_name != "auditevent"
        for row in model._default_manager.values_list()
        for run in HAN.findall(str(row))
    }


def chinese(page: str) -> Iterator[str]:
    """Chinese words that a reader of the page sees or hears."""
    tree: Any = html.document_fromstring(page)
    for node in list(tree.iter()):
        if node.tag in {"script", "style"} or node.get("lang", "").startswith("zh"):
            node.drop_tree()
    for node in tree.iter():
        shown: list[Any] = [node.text if isinstance(node.tag, str) else "", node.tail]
        for text in (*shown, *(node.get(name) for name in SHOWN)):
            yield from HAN.findall(text or "")


def links(page: str) -> Iterator[str]:
    """Addresses of the product that the page offers."""
    for anchor in html.document_fromstring(page).iter("a"):
        bare = anchor.get("href", "").split("#")[0]
        if bare.startswith("/") and not APART.search(bare):
            yield bare


def kind(address: str) -> str:
    """Addresses of one kind of page differ in ids, and in how a list is sorted, filtered and cut."""
    path, _, query = address.partition("?")
    tab = re.search(r"(?:tab|step)=\w+", query)
    return re.sub(r"[0-9a-f-]{32,36}|(?<=/)\d+(?=/)|(?<=/)[A-Z0-9]{8,}", "*", path) + (tab[0] if tab else "")


def walk(client: Client, start: str = "/") -> Iterator[tuple[str, str]]:
    """One page of every kind that can be reached by links."""
    waiting, seen = deque([start]), {kind(start)}
    while waiting:
        address = waiting.popleft()
        answer = client.get(address, follow=True)
        if not isinstance(answer, HttpResponse) or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        page = answer.content.decode()
        if not page.strip():
            continue
        yield address, page
        for found in links(page):
            if kind(found) not in seen:
                seen.add(kind(found))
                waiting.append(found)


@pytest.fixture
def english(client: Client) -> Client:
    """A reader who chose English."""
    catalogue.compile_all()
    client.get("/?lang=en")
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/", "/accounts/login/", "/v/", "/v/NOSUCH00/", "/privacy/", "/accounts/password/reset/"]
)
def test_a_stranger_reads_english(english: Client, address: str) -> None:
    page = english.get(address).content.decode()
    assert '<html lang="en"' in page
    assert not set(chinese(page))


@pytest.mark.parametrize(
    "part", ["keeper", "receptionist", "verifier", "signatory", "manager", "regulator", "administrator"]
)
def test_everybody_can_work_in_english(cast: Cast, english: Client, part: str) -> None:
    with clock.at(steps.TODAY):
        steps.signed(cast)
        steps.checked(cast)
        steps.submitted(cast)
        steps.filled(cast)
        reader = getattr(cast, part)
        steps.code_of(reader)  # some parts see nothing before they have a second factor
        words = written() | {reader.name[0]}  # the first letter of the name stands for the reader's picture
        english.force_login(reader)
        left: dict[str, str] = {}
        for address, page in walk(english):
            left |= dict.fromkeys(set(chinese(page)) - words - set(left), address)
    assert not left, "\n".join(f"{word} on {address}" for word, address in left.items())
