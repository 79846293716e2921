from __future__ import annotations

import time

import pytest

from quanheng.errors import InputError
from quanheng.evidence.dcc import safe

BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">' + "".join(
    f'<!ENTITY c{i} "{(f"&c{i - 1};" if i else "&b;") * 10}">' for i in range(9)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB + "]><a>&c8;</a>",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        '<?xml version="1.0"?>\n<!-- c --><!DOCTYPE a><a/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_is_refused_before_any_entity_is_read(text: str, encoding: str) -> None:
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        safe.parse(text.encode(encoding))
    assert caught.value.code == "doctype"
    assert time.monotonic() - start < 5


def test_deep_nesting_is_refused() -> None:
    for depth in (safe.MAX_DEPTH + 1, 100_000):
        with pytest.raises(InputError):
            safe.parse(b"<a>" * depth + b"</a>" * depth)


def test_a_huge_file_is_refused_without_parsing() -> None:
    with pytest.raises(InputError) as caught:
        safe.parse(b" " * (safe.MAX_BYTES + 1))
    assert caught.value.code == "too_large"


def test_a_huge_number_of_elements_is_refused() -> None:
    with pytest.raises(InputError):
        safe.parse(b"<a>" + b"<b/>" * (safe.MAX_ELEMENTS + 1) + b"</a>")
