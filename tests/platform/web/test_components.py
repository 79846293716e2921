"""Words and shapes of the components."""

from __future__ import annotations

import datetime as dt

import pytest
from django.template import engines
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from quanheng.platform.kernel.policies import Allowed, Denied
from quanheng.platform.web import components as c
from quanheng.platform.web.http import address

TODAY = dt.date(2026, 5, 20)


def draw(source: str, **context: object) -> str:
    """A template as text."""
    return str(engines["django"].from_string("{% load web %}" + source).render(context))


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (-3, "已超期 3 天", "bad"),
        (-1, "已超期 1 天", "bad"),
        (0, "今天到期", "due"),
        (1, "剩 1 天", "due"),
        (12, "剩 12 天", "due"),
        (31, "剩 31 天", ""),
    ],
)
def test_a_deadline_is_said_in_words(left: int, words: str, tone: str) -> None:
    found = c.deadline(TODAY + dt.timedelta(days=left), today=TODAY)
    assert (found.words, found.tone) == (words, tone)


@given(st.integers(-4000, 4000))
def test_a_deadline_never_shows_a_negative_number(left: int) -> None:
    for language in ("zh-hans", "en"):
        with translation.override(language):
            assert "-" not in c.deadline(TODAY + dt.timedelta(days=left), today=TODAY).words


def test_a_status_is_shape_and_colour_and_word() -> None:
    drawn = draw("{% status 'bad' '已超期' %}")
    assert "qh-tone-bad" in drawn
    assert "#s-bad" in drawn
    assert "已超期" in drawn
    shapes = {draw(f"{{% status '{tone}' 'x' %}}").split("#s-")[1].split('"')[0] for tone in c.TONES}
    assert len(shapes) == len(c.TONES)


def test_values_are_escaped_everywhere() -> None:
    evil = "<script>alert(1)</script>"
    pages = [
        draw("{% status 'ok' v %}", v=evil),
        draw("{% quantity v v %}", v=evil),
        draw("{% sentence 'ok' v %}", v=evil),
        draw("{% definitions v %}", v=[c.Definition(evil, evil, unverified=evil)]),
        draw("{% timeline v %}", v=[c.Moment(TODAY, evil, evil, evil)]),
        draw("{% figures v %}", v=[c.Figure(evil, evil, evil)]),
        draw(
            "{% page_header v %}",
            v=c.Header(evil, evil, c.Status("ok", evil), [(evil, "/")], c.Action(evil, denied=evil)),
        ),
        draw("{% chart 'k' v 'label' %}", v={"title": {"text": evil}}),
        draw("{% unverified v %}", v=evil),
    ]
    assert all("<script>alert" not in page for page in pages)


def test_what_cannot_be_done_is_shown_with_its_reason() -> None:
    drawn = draw("{% action v %}", v=c.Action.guarded(Denied("标准器已超期"), "签发", "/sign/"))
    assert "disabled" in drawn
    assert "标准器已超期" in drawn
    assert "/sign/" not in drawn
    assert "/sign/" in draw("{% action v %}", v=c.Action.guarded(Allowed(), "签发", "/sign/"))


def test_an_unverified_value_names_its_source_and_a_verified_one_says_nothing() -> None:
    assert "JJG 539" in draw("{% unverified 'JJG 539' %}")
    assert draw("{% unverified 'JJG 539' True %}") == ""


def test_large_counts_are_shown_as_such() -> None:
    assert c.count_words(10_001) == "10\u2009000+"
    assert c.count_words(10_000) == "10\u2009000"


def test_the_address_keeps_what_it_holds_and_forgets_the_page() -> None:
    request = RequestFactory().get("/list/?q=秤&page=3&tab=a")
    assert address(request, tab="b") == "/list/?q=%E7%A7%A4&tab=b"
    assert address(request, tab=None, q=None) == "/list/"
    assert address(request, page=4).endswith("page=4")


def test_an_unknown_tab_falls_back_to_the_first() -> None:
    request = RequestFactory().get("/x/?tab=nothing")
    chosen, items = c.tabs(request, [("overview", "概览"), ("trace", "溯源")])
    assert chosen == "overview"
    assert [item.active for item in items] == [True, False]
    assert items[1].url == "/x/?tab=trace"


def test_chips_are_links_and_know_which_is_active() -> None:
    request = RequestFactory().get("/x/?state=overdue&q=秤")
    shown = c.chips(request, [c.Chip("全部", {}), c.Chip("超期", {"state": "overdue"}, 3, "bad")])
    assert [item.active for item in shown] == [False, True]
    assert shown[0].url == "/x/?q=%E7%A7%A4"
