"""Numbers stay unique when many write at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from quanheng.platform.kernel.numbering import next_value


@pytest.mark.django_db
def test_numbers_count_up_from_one_for_each_scope() -> None:
    assert [next_value("a"), next_value("a"), next_value("b")] == [1, 2, 1]
    assert next_value("a", 10) == 3
    assert next_value("a") == 13


@pytest.mark.django_db(transaction=True)
def test_eight_threads_take_two_hundred_numbers_without_a_gap_or_a_double() -> None:
    def take(_: int) -> list[int]:
        try:
            return [next_value("shared") for _ in range(25)]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        taken = sorted(n for part in pool.map(take, range(8)) for n in part)
    assert taken == list(range(1, 201))
