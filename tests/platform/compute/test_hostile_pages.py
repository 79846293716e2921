"""Whatever is pasted into a page of 计算, the page answers or refuses in words; it never breaks and shows no infinity."""

from __future__ import annotations

import html
import json
import random
import re

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.metrology import tasks
from quanheng.platform.compute import views
from tests.metrology.tasks.hostile import NO_NUMBER, requests
from tests.platform import makers

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
SAID = re.compile(r'<(?:td|dd)[^>]*>(.*?)</(?:td|dd)>|<div class="alert[^>]*>(.*?)</div>', re.DOTALL)
CELLS = (
    "",
    "-1",
    "0",
    "1e308",
    "nan",
    "inf",
    "1\n2\n3",
    "a b c",
    "x=1 y=2",
    "1,2;3",
    "'\"<script>",
    "\u0000",
    "权衡",
    "9" * 400,
)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A verifier's browser, not slowed down."""
    monkeypatch.setattr(views, "counted", lambda *_: False)
    found = Client()
    found.force_login(makers.make_user("周检定", makers.make_organisation("衡川市计量测试所", "institute"), "verifier"))
    return found


def sound(client: Client, name: str, typed: dict[str, str]) -> None:
    answer = client.post(reverse("compute:task", args=[name]), typed, follow=True)
    assert answer.status_code in (200, 422), (answer.status_code, typed)
    text = answer.content.decode()
    if answer.status_code == 200:
        card = text[text.find('id="answer"') :]
        for cell in SAID.findall(card):
            assert not NO_NUMBER.search(html.unescape("".join(cell))), (cell, typed)
    else:
        assert "invalid-feedback" in text or "alert" in text, typed


@pytest.mark.parametrize("name", tasks.names())
def test_broken_requests_are_answered_or_refused_by_the_page(client: Client, name: str) -> None:
    for request in requests(name, 15, seed=3):
        sound(client, name, {"request": json.dumps(request)})


@pytest.mark.parametrize("name", tasks.names())
def test_nonsense_typed_into_the_form_is_refused_in_words(client: Client, name: str) -> None:
    rng, controls = random.Random(name), list(tasks.find(name).schema["properties"])
    for _ in range(10):
        sound(client, name, {control: rng.choice(CELLS) for control in rng.sample(controls, min(4, len(controls)))})
