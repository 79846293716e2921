"""What an evaluation returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

VERDICTS = ("pass", "suspect", "check", "undeterminable")
VERDICT_COLUMNS: dict[str, type[pl.DataType]] = {
    "area_id": pl.String,
    "meter_id": pl.String,
    "error": pl.Float64,
    "u": pl.Float64,
    "p_exceed": pl.Float64,
    "informativeness": pl.Float64,
    "verdict": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True)
class AreaReport:
    """One area: whether the model fits, and if not, why.

    fit : ``ok`` or ``unfit``; cause : code of ``causes.CAUSES`` (``ok`` where it fits)
    rows_used : complete intervals; sigma : relative noise of a row (None where nothing was fitted)
    suspected : other causes with their evidence, strongest first
    """

    area_id: str
    fit: str
    cause: str
    rows_used: int
    sigma: float | None
    meters: int = 0
    loss_rate: float | None = None
    acquisition: float | None = None
    model: str = ""
    cause_zh: str = ""
    cause_en: str = ""
    suspected: list[dict[str, Any]] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return dict(vars(self))


@dataclass(frozen=True)
class FleetResult:
    """Verdicts of all meters (VERDICT_COLUMNS), a report for each area, graded batches, the record of the run."""

    verdicts: pl.DataFrame
    areas: list[AreaReport]
    evidence: dict[str, Any] = field(default_factory=dict)
    batches: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The report beside the verdicts."""
        return {"areas": [area.to_dict() for area in self.areas], "batches": self.batches, "evidence": self.evidence}
