"""The search box finds every instrument whose text contains the words, on both databases, by the index or without."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.words import pairs_of, search_q
from tests.platform.makers import make_instrument, make_organisation

LETTERS = st.text("粮油商行𠮷a1b2|%_\\-", min_size=1, max_size=12)


class SearchProperty(TestCase):
    @given(LETTERS, st.data())
    def test_every_part_of_a_text_finds_it_and_what_it_lacks_does_not(self, text: str, data: st.DataObject) -> None:
        one = make_instrument(make_organisation())
        Instrument.objects.filter(pk=one.pk).update(search=text)
        begin = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(begin + 1, len(text)))
        assert Instrument.objects.filter(search__contains=text[begin:end]).get() == one
        other = data.draw(LETTERS)
        assert Instrument.objects.filter(search__contains=other).exists() == (other in text)


def test_a_text_is_looked_for_by_each_two_neighbouring_characters_once() -> None:
    assert pairs_of("粮油粮油行") == ["油粮", "油行", "粮油"]
    assert pairs_of("粮") == []
    assert pairs_of("a|b") == []


@pytest.mark.django_db
def test_two_chinese_characters_are_found_through_the_index_where_the_database_has_one() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite scans")
    shop = make_organisation("衡川粮油商行")
    other = make_organisation("衡川五金商行")
    for n in range(60):
        make_instrument(other, serial_number=f"T{n}", search=f"电子计价秤 t{n} 衡川五金商行")
    make_instrument(shop, serial_number="T60", search="电子计价秤 t60 衡川粮油商行")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Instrument.objects.filter(search_q("粮油")).explain()
    assert "instrument_search_pairs" in plan
    assert Instrument.objects.get(search_q("粮油")).serial_number == "T60"
