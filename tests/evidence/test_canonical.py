from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence import canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def test_keys_are_sorted_and_blanks_left_out() -> None:
    assert canonical.dumps({"b": "10.000", "a": [1, None, True]}) == b'{"a":[1,null,true],"b":"10.000"}'


def test_chinese_is_written_as_itself() -> None:
    assert canonical.dumps({"名": "𠮷"}) == '{"名":"𠮷"}'.encode()


@given(values)
def test_canonical_bytes_read_back_as_the_same_record(value: object) -> None:
    assert json.loads(canonical.dumps(value)) == value


@given(st.dictionaries(texts, texts, max_size=5))
def test_the_order_of_keys_does_not_matter(record: dict[str, str]) -> None:
    backwards = dict(reversed(list(record.items())))
    assert canonical.sha256(record) == canonical.sha256(backwards)
    assert canonical.sha256(record) == hashlib.sha256(canonical.dumps(record)).hexdigest()


@pytest.mark.parametrize("record", [{"x": 1.5}, [{"a": [0.0]}], float("nan")])
def test_a_float_in_a_record_is_refused_with_its_place(record: object) -> None:
    with pytest.raises(InputError) as caught:
        canonical.dumps(record)
    assert caught.value.code == "float_in_record"


def test_the_place_of_a_float_is_named() -> None:
    with pytest.raises(InputError) as caught:
        canonical.dumps({"readings": [{"value": 1.0}]})
    assert caught.value.place == "$.readings[0].value"


def test_an_integer_json_cannot_hold_is_refused() -> None:
    with pytest.raises(InputError):
        canonical.dumps({"n": 2**60})
