"""The glossary fixes the pairs of English and Chinese words; no table is named outside it."""

from __future__ import annotations

import re

from django.apps import apps

from tests.house.repository import ROOT

ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", re.MULTILINE)


def rows():
    return ROW.findall((ROOT / "docs" / "glossary.md").read_text("utf-8"))


def test_every_model_stands_in_the_glossary():
    named = {row[0] for row in rows()}
    ours = [model for model in apps.get_models() if model.__module__.startswith("quanheng.")]
    assert ours
    assert sorted({model.__name__ for model in ours} - named) == []


def test_every_model_of_the_glossary_has_a_chinese_word_and_a_note():
    assert rows()
    assert [row for row in rows() if not re.search(r"[\u4e00-\u9fff]", row[1]) or not row[2].strip()] == []


def test_no_row_of_the_glossary_stands_twice():
    names = [row[0] for row in rows()]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
