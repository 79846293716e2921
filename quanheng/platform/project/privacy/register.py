"""Every field that may hold something about a person: what, for what, how long, who sees it.

After articles 7 and 17 of 个人信息保护法. `personal.csv` declares them and the page 个人信息清单 shows them;
`impersonal.csv` names the fields that were looked at and hold none. A field that stands in neither fails a test, so
that nobody adds one without saying what it is for.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import models

from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.models import User

HERE = Path(__file__).parent
ASKED = ("what", "purpose", "kept", "seen")
_TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.UUIDField)


@dataclass(frozen=True)
class Personal:
    """One declaration: fields of a model, and in both languages what they are, purpose, retention and readers."""

    model: str
    fields: frozenset[str]
    zh: dict[str, str]
    en: dict[str, str]

    @property
    def told(self) -> dict[str, str]:
        """In the language of the page."""
        return self.en if in_english() else self.zh


@cache
def personal() -> tuple[Personal, ...]:
    """The declared fields."""
    return tuple(
        Personal(
            row["model"], frozenset(row["fields"].split()),
            {name: row[f"{name}_zh"] for name in ASKED}, {name: row[f"{name}_en"] for name in ASKED},
        )
        for row in _rows("personal.csv")
    )  # fmt: skip


@cache
def impersonal() -> dict[str, frozenset[str]]:
    """By model, the fields that hold nothing about a person."""
    return {row["model"]: frozenset(row["fields"].split()) for row in _rows("impersonal.csv")}


def able(model: type[models.Model]) -> Iterator[str]:
    """Fields that could hold something about a person: free text, data, references to people."""
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            if field.related_model is User:
                yield field.name
            continue
        made_up = field.primary_key and isinstance(field, models.UUIDField)
        if isinstance(field, _TEXT) and not field.choices and not made_up:
            yield field.name


def undeclared(every: Iterable[type[models.Model]]) -> list[str]:
    """Fields of these models that nobody declared."""
    known: dict[str, set[str]] = {name: set(fields) for name, fields in impersonal().items()}
    for one in personal():
        known.setdefault(one.model, set()).update(one.fields)
    return [
        f"{model._meta.label}.{name}"
        for model in every
        for name in able(model)
        if name not in known.get(model._meta.label, set())
    ]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)
