"""Codes of meters for the public, and receipts."""

from __future__ import annotations

import secrets

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 1 I O, which are misread


def fresh_code() -> str:
    """Twelve signs, 60 random bits: nobody guesses a neighbour's."""
    return "".join(secrets.choice(LETTERS) for _n in range(12))


def fresh_codes(count: int) -> list[str]:
    """Several, all different."""
    found: set[str] = set()
    while len(found) < count:
        found.add(fresh_code())
    return list(found)
