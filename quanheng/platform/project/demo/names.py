"""Fictional people, firms and credit codes. Rare Han characters are there on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from numpy.random import Generator
from stdnum.cn import uscc

from quanheng.platform.project.demo.tables import rows

LISTS = {row["list"]: tuple(row["words"].split()) for row in rows("names.csv")}
SURNAMES, GIVEN, RARE_PEOPLE = LISTS["surnames"], LISTS["given"], LISTS["rare_people"]
PLACES, WORDS, STREETS = LISTS["places"], LISTS["words"], LISTS["streets"]
MAIN_UNITS = (3, 7, 9, 10, 5, 8, 4, 2)


def people(rng: Generator) -> Iterator[str]:
    """Names without end, none twice; the rare ones come first."""
    seen: set[str] = set()
    yield from RARE_PEOPLE
    while True:
        name = SURNAMES[int(rng.integers(len(SURNAMES)))] + GIVEN[int(rng.integers(len(GIVEN)))]
        if len(seen) > 2000 or name not in seen:
            seen.add(name)
            yield name


def pick(rng: Generator, options: tuple[str, ...] | list[str]) -> str:
    """One of them."""
    return options[int(rng.integers(len(options)))]


def address(rng: Generator, region: str) -> str:
    """A street and a number."""
    return f"{region}{pick(rng, STREETS)} {int(rng.integers(1, 400))} 号"


def phone(rng: Generator) -> str:
    """A number of an area code that no city has."""
    return f"0999-{int(rng.integers(2_000_000, 9_000_000))}"


def credit_code(rng: Generator, region: str, kind: str = "91") -> str:
    """A code with both check characters right (GB 11714, GB 32100) in a division that does not exist."""
    body = "MD" + "".join(str(d) for d in rng.integers(0, 10, 6))
    total = sum(w * (int(c) if c.isdigit() else ord(c) - 55) for w, c in zip(MAIN_UNITS, body, strict=True))
    check = (11 - total % 11) % 11
    stem = f"{kind}{region}{body}{'X' if check == 10 else check}"
    return stem + str(uscc.calc_check_digit(stem))
