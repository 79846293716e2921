"""The public code of an instrument: short enough to type from a label, too sparse to guess.

Eleven random characters of Crockford's base 32 (55 bits) and one check character (Luhn over that alphabet).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from stdnum import luhn

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": "", " ": ""})


def new_code(randbits: Callable[[int], int] = secrets.randbits) -> str:
    """A fresh code."""
    number = randbits(5 * (LENGTH - 1))
    body = "".join(ALPHABET[(number >> 5 * i) & 31] for i in range(LENGTH - 1))
    return body + str(luhn.calc_check_digit(body, alphabet=ALPHABET))


def new_codes(count: int, taken: Callable[[list[str]], set[str]]) -> list[str]:
    """Distinct codes of which ``taken`` knows none."""
    codes: set[str] = set()
    while len(codes) < count:
        fresh = {new_code() for _i in range(count - len(codes))}
        codes |= fresh - taken(sorted(fresh))
    return sorted(codes, key=lambda _c: secrets.randbits(32))


def read_code(text: str) -> str:
    """A code as typed or scanned, in its one spelling; empty if it cannot be one."""
    code = text.strip().upper().translate(_READ_AS)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return ""
    return code if luhn.checksum(code, alphabet=ALPHABET) == 0 else ""
