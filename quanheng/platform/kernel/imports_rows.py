"""The columns and rows of an import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ImportColumn:
    """A column: name in code, title and aliases on the sheet, how its text becomes a value.

    ``choices`` maps each title that may be chosen to the value kept; a value itself is accepted too.
    ``offers`` are texts to choose from where others may be right too.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    parse: Callable[[str], Any] | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    max_length: int = 200
    example: str = ""
    note: str = ""
    width: int = 16
    offers: Callable[[], Sequence[str]] | None = None

    def offered(self) -> list[str]:
        """What the template and the review page offer to choose from."""
        return [k for k in self.choices if k] or list(self.offers() if self.offers else ())


@dataclass
class ImportRow:
    """One row on its way in: place, texts, parsed values, what is wrong by column, what ``check`` made of it."""

    sheet: str
    number: int
    texts: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    about: Any = None
    made: Any = None

    def fail(self, column: str, message: str) -> None:
        """Mark a column; the first reason stays."""
        self.errors.setdefault(column, message)

    def place(self) -> str:
        """Sheet and row, kept with every record that came of it."""
        return f"{self.sheet}!{self.number}" if self.sheet else str(self.number)
