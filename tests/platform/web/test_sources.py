"""The source of an unverified value is a note that people can read, in their language."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from quanheng.library import LIBRARY_ROOT
from quanheng.platform.web.sources import readable


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("recall(凭记忆,未核对原文)", "凭记忆整理,未核对原文"),
        ("chinesestandard.net, related page of JJG 1", "JJG 1 的网上转载"),
        ("chinesestandard.net JJG443-2023;91zxmr.com", "JJG 443-2023 的网上转载;网上转载"),
        ("psx.gov.cn t20260316_15533116", "网页 psx.gov.cn"),
        ("OIML R 76-1:2006 4.5.2, as quoted on GitHub (someone/copy)", "参照 OIML R 76-1:2006 4.5.2,未与原文核对"),
        ("general practice; the clause of JJG 539-2016 was not read", "通行做法;未读到 JJG 539-2016 的条文"),
        ("general practice; the clause of the 2016 edition was not read", "通行做法;未读到 2016 版的条文"),
        ("general knowledge; the clause of JJG 596-2012 was not read", "通用知识,未读到 JJG 596-2012 的条文"),
        ("OIML R 111-1:2004 table 1, this cell not read", "OIML R 111-1:2004 表 1,未读到这一格"),
        ("总局令第20号,未核对", "总局令第20号,未核对"),
        ("", ""),
    ],
)
def test_a_source_is_said_in_words(kept: str, said: str) -> None:
    assert readable(kept) == said


def test_an_english_reader_keeps_english_notes() -> None:
    with translation.override("en"):
        assert readable("OIML R 49-1:2013, not read") == "OIML R 49-1:2013, not read"
        assert readable("recall(凭记忆,未核对原文)") == "From memory, not compared with the text"


def test_no_note_of_the_library_is_left_as_a_bare_code_word() -> None:
    texts = [p.read_text("utf-8-sig") for p in LIBRARY_ROOT.rglob("*.yaml")]
    notes = {n.strip("'\" }") for t in texts for n in re.findall(r"source: (.+)", t)}
    assert len(notes) > 50
    assert not [n for n in notes if re.fullmatch(r"[a-z]+", readable(n))]


def test_no_note_of_the_library_is_told_in_english_prose_or_by_the_host_of_a_private_page() -> None:
    texts = [p.read_text("utf-8-sig") for p in (LIBRARY_ROOT / "procedures").glob("*.yaml")]
    notes = {n.strip("'\" }") for t in texts for n in re.findall(r"source: (.+)", t)}
    told = {readable(note) for note in notes}
    assert not [t for t in told if re.search(r"[a-z]{4,}|\b(?:com|cn|net|baby)\b", t)]
