"""Public codes survive typing, and a wrong character is noticed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quanheng.platform.instruments.codes import ALPHABET, LENGTH, new_code, new_codes, read_code

BITS = st.integers(0, 2 ** (5 * (LENGTH - 1)) - 1)


@given(BITS)
def test_a_code_reads_back_in_any_case_and_grouping(bits: int) -> None:
    code = new_code(lambda _n: bits)
    assert read_code(f" {code[:4]}-{code[4:8]}-{code[8:]} ".lower()) == code
    assert read_code(code.replace("0", "O").replace("1", "l")) == code


@given(BITS, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(bits: int, place: int, other: str) -> None:
    code = new_code(lambda _n: bits)
    wrong = code[:place] + other + code[place + 1 :]
    assert (read_code(wrong) == wrong) == (wrong == code)


def test_new_codes_are_distinct_and_not_taken() -> None:
    refused: list[set[str]] = []

    def taken(codes: list[str]) -> set[str]:
        if not refused:
            refused.append(set(codes[:3]))
            return refused[0]
        return set()

    codes = new_codes(50, taken)
    assert len(set(codes)) == 50
    assert not set(codes) & refused[0]


def test_what_is_no_code_reads_as_nothing() -> None:
    assert [read_code(t) for t in ("", "电子秤", "ABC", "ABCDEFGHJKMN!")] == [""] * 4
