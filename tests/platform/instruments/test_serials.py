"""Serial ranges count what they say, and refuse what does not count up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.platform.instruments.serials import MAX_LOT, RangeProblem, SerialRange, lot_quantity, serial_range

PREFIX = st.text("ABCXYZ-/", max_size=6)


@st.composite
def ranges(draw: st.DrawFn) -> SerialRange:
    width = draw(st.integers(1, 12))
    first = draw(st.integers(0, 10**width - 1))
    last = draw(st.integers(first, min(10**width - 1, first + MAX_LOT - 1)))
    return SerialRange(draw(PREFIX), first, last, width)


@given(ranges())
def test_a_range_reads_back_from_its_ends(one: SerialRange) -> None:
    assert serial_range(one.start, one.end) == one
    assert lot_quantity(one.start, one.end, None) == one.count
    assert one.start in one
    assert one.end in one


@given(ranges(), ranges())
def test_overlap_is_the_same_from_both_sides(a: SerialRange, b: SerialRange) -> None:
    assert a.overlaps(b) == b.overlaps(a)
    if a.overlaps(b):
        assert max(a.first, b.first) <= min(a.last, b.last)


@given(ranges(), st.integers(0, 10**12))
def test_membership_is_counting(one: SerialRange, n: int) -> None:
    serial = f"{one.prefix}{n:0{one.width}d}"
    expected = one.first <= n <= one.last and len(str(n)) <= one.width
    assert (serial in one) == expected


@pytest.mark.parametrize(
    ("start", "end"),
    [("A001", "B002"), ("001", "0002"), ("010", "009"), ("A", "B"), ("A1", ""), ("0000001", "9999999")],
)
def test_a_range_that_does_not_count_up_is_refused(start: str, end: str) -> None:
    with pytest.raises(RangeProblem):
        serial_range(start, end)


def test_a_quantity_that_disagrees_is_refused() -> None:
    with pytest.raises(RangeProblem, match="500"):
        lot_quantity("DB0001", "DB0500", 499)
    with pytest.raises(RangeProblem):
        lot_quantity("DB0001", "", 3)
    assert lot_quantity("DB0001", "DB0500", 500) == 500
    assert lot_quantity("DB0001", "", None) == 1
