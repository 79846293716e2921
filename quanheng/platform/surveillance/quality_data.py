"""How good the readings of an area are over some days: by meter, by day, and what set aside rows say of a source."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import QuerySet

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance.judging import readings_of
from quanheng.platform.surveillance.models import Area, Evaluation
from quanheng.platform.surveillance.store import listed
from quanheng.telemetry.quality import completeness, quality

_NEXT_SOURCE = re.compile(r" (?=[0-9a-f]{8}-[0-9a-f-]{27}/)")


@dataclass(frozen=True)
class AreaQuality:
    """``lines``: one for each meter as ``telemetry.quality`` says it; ``daily``: meter → day → share of readings."""

    since: dt.date
    until: dt.date
    lines: list[dict[str, Any]]
    daily: dict[str, dict[dt.date, float]]
    acquisition: float | None
    complete_rows: float | None

    @property
    def days(self) -> list[dt.date]:
        """Every day of the window."""
        return [self.since + dt.timedelta(days=n) for n in range((self.until - self.since).days + 1)]

    @property
    def flagged(self) -> int:
        """Meters with something wrong."""
        return sum(1 for line in self.lines if line["flags"])


def area_quality(area: Area, since: dt.date, until: dt.date) -> AreaQuality:
    """Judge the readings of an area over civil days, from the store."""
    rows = readings_of([area], since, until)
    meters = listed(area=area, since=since)
    table = quality(rows, meters)
    law = completeness(table).row(0, named=True) if table.height else {}
    found = law.get("acquisition")
    return AreaQuality(
        since, until, table.to_dicts(), _daily(rows),
        float(found) if found is not None and rows.height else None,
        float(law["complete_rows"]) if rows.height else None,
    )  # fmt: skip


def _daily(rows: pl.DataFrame) -> dict[str, dict[dt.date, float]]:
    if not rows.height:
        return {}
    step = int(rows["seconds"].mode().sort()[0])
    day = pl.col("ts").dt.convert_time_zone(str(clock.CIVIL)).dt.date().alias("day")
    counted = rows.filter(pl.col("seconds") == step).group_by("meter_id", day).agg(pl.col("ts").n_unique().alias("n"))
    expected = max(1, 86_400 // step)
    found: dict[str, dict[dt.date, float]] = {}
    for meter, one, n in counted.iter_rows():
        found.setdefault(meter, {})[one] = min(1.0, n / expected)
    return found


@dataclass
class SourceLine:
    """What one source delivers of one area, as the last evaluation found it."""

    source: str
    area: Area
    evaluation: Evaluation
    meters: int = 0
    expected: int = 0
    present: int = 0
    gaps: int = 0
    complete: float = 1.0

    def __post_init__(self) -> None:
        self.flags: dict[str, int] = {}

    @property
    def acquisition(self) -> float | None:
        """Share of the expected readings that came."""
        return self.present / self.expected if self.expected else None

    def add(self, line: dict[str, Any]) -> None:
        """Count one meter."""
        self.meters += 1
        self.expected += line["expected"] or 0
        self.present += line["present"] or 0
        self.gaps += line["gaps"] or 0
        self.complete *= min(1.0, line["acquisition"] or 0.0)
        for flag in line["flags"].split():
            self.flags[flag] = self.flags.get(flag, 0) + 1


def by_source(areas: QuerySet[Area]) -> list[SourceLine]:
    """Source and area, the worst acquisition first. Meters that never came stand under no source."""
    latest = areas.order_by().exclude(standing=None).values("standing")
    found: dict[tuple[str, Any], SourceLine] = {}
    rows = Evaluation.objects.filter(pk__in=latest).select_related("area", "area__organisation")
    for evaluation in rows.iterator(chunk_size=50):
        for line in evaluation.quality:
            for source in sources_of(line["sources"]) or [""]:
                key = (source, evaluation.area_id)
                found.setdefault(key, SourceLine(source, evaluation.area, evaluation)).add(line)
    return sorted(found.values(), key=lambda s: (s.acquisition or 0.0, s.area.code))


def sources_of(text: str) -> Sequence[str]:
    """The names of sources that ``telemetry.quality`` joined by spaces."""
    return [s for s in _NEXT_SOURCE.split(text or "") if s]
