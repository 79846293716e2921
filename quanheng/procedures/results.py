"""What a run gives: frozen, deterministic, JSON-able; values as rounded text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "reject"]


@dataclass(frozen=True)
class Words:
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Problem:
    """A field of the record that is missing or cannot be used, with its path."""

    path: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Finding:
    """Something that stops issuing although the result can be computed: environment, standard, resolution."""

    path: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Reason:
    """Why the instrument fails."""

    section: str
    point: str
    quantity: str
    zh: str
    en: str


@dataclass(frozen=True)
class Unverified:
    """A value of the law this run rests on that was not read in the norm itself."""

    path: str
    zh: str
    en: str
    value: str
    verified: str
    source: str


@dataclass(frozen=True)
class BudgetRow:
    """One printed row of a budget."""

    input: str
    zh: str
    en: str
    value: str
    u: str
    c: str
    contribution: str
    dof: str
    distribution: str


@dataclass(frozen=True)
class Outcome:
    """One computed quantity at one point.

    ``low`` and ``high`` are the limits of the norm. Where the decision is narrower, because the expanded uncertainty is
    subtracted from them, ``accept_low`` and ``accept_high`` are the limits that decided.
    """

    section: str
    row: int
    point: str
    quantity: str
    value: str
    unit: str
    mpe: str | None
    low: str | None
    high: str | None
    u: str | None
    U: str | None
    k: str | None
    ok: bool | None
    decides: bool
    budget: tuple[BudgetRow, ...] = ()
    accept_low: str | None = None
    accept_high: str | None = None


@dataclass(frozen=True)
class RunResult:
    """The whole answer of a complete record."""

    procedure: str
    verdict: Verdict
    results: tuple[Outcome, ...]
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    unverified: tuple[Unverified, ...]
    hashes: Mapping[str, str]
    rounding: Mapping[str, str]

    @property
    def issuable(self) -> bool:
        """Nothing outside the instrument stops a document."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """A tree of JSON types, numbers as text except row indices."""
        return {**asdict(self), "hashes": dict(self.hashes), "rounding": dict(self.rounding)}


@dataclass(frozen=True)
class Evaluation:
    """The answer for a record still being filled in."""

    procedure: str
    verdict: Verdict | None
    results: tuple[Outcome, ...]
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    unverified: tuple[Unverified, ...]
    missing: tuple[Problem, ...]
    invalid: tuple[Problem, ...]
    hashes: Mapping[str, str | None]
    rounding: Mapping[str, str]
    sheets: Mapping[str, tuple[Mapping[str, str | None], ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A tree of JSON types."""
        sheets = {key: [dict(row) for row in rows] for key, rows in self.sheets.items()}
        return {**asdict(self), "hashes": dict(self.hashes), "rounding": dict(self.rounding), "sheets": sheets}
