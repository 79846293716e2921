"""A password for a demo folder: random, different in each, and easy to type."""

from __future__ import annotations

import secrets

FIRST = ("amber", "brass", "cedar", "copper", "ivory", "jade", "linen", "maple", "olive", "pearl", "silver", "walnut")
SECOND = ("balance", "beaker", "gauge", "grain", "lever", "meter", "ounce", "pendulum", "scale", "vernier", "weight")


def memorable() -> str:
    """Two words and five digits."""
    return f"{secrets.choice(FIRST)}-{secrets.choice(SECOND)}-{secrets.randbelow(90_000) + 10_000}"
