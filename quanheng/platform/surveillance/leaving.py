"""Readings on their way out: each carries whether its meter was calibrated then, by which certificate, and how sure."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from quanheng.platform.documents import validity
from quanheng.platform.documents.models import Document, DocumentKind
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.surveillance.judging import readings_of
from quanheng.platform.surveillance.models import Area, AreaMeter, ExtendedInstrument, MeterVerdict

LONGEST = 92
STATES = ("valid", "extended", "expired", "rejected", "revoked", "invalidated", "none", "unlisted")
SCHEMA: dict[str, pl.DataType] = {
    "meter_id": pl.String(), "day": pl.Date(), "calibration": pl.String(), "certificate": pl.String(),
    "valid_until": pl.Date(), "error": pl.Float64(), "u": pl.Float64(), "evaluation": pl.String(),
}  # fmt: skip


def window_checked(since: dt.date, until: dt.date) -> None:
    """At most three months at once."""
    if not since <= until <= clock.today() or (until - since).days >= LONGEST:
        raise Refused(_("时段须在 92 天以内,且不晚于今天"), code="window", place="until")


def calibrated(area: Area, since: dt.date, until: dt.date) -> pl.DataFrame:
    """Valid readings of an area over civil days with the calibration of their meter on that day.

    ``calibration``: one of ``STATES``; ``certificate`` and ``valid_until`` of the document in force then, ``extended``
    by a decision about its lot. ``error`` and ``u`` (fractions, standard uncertainty): what the last evaluation whose
    data end before that day says of the meter, ``evaluation`` its SHA-256; null where none did.
    """
    window_checked(since, until)
    rows = readings_of([area], since, until).select("meter_id", "role", "ts", "seconds", "kwh", "kwh_export")
    rows = rows.with_columns(pl.col("ts").dt.convert_time_zone(str(clock.CIVIL)).dt.date().alias("day"))
    status = _statuses(area, [since + dt.timedelta(days=n) for n in range((until - since).days + 1)])
    joined = rows.join(status, on=["meter_id", "day"], how="left").drop("day")
    return joined.with_columns(pl.col("calibration").fill_null("unlisted")).sort("meter_id", "ts")


def _statuses(area: Area, days: Sequence[dt.date]) -> pl.DataFrame:
    meters = list(AreaMeter.objects.filter(area=area).select_related("instrument"))
    ids = [m.instrument_id for m in meters if m.instrument_id]
    papers = _papers(ids)
    ended = validity.ends([d for found in papers.values() for d in found])
    put_off = _extensions(ids)
    judged = _judged(meters)
    lines: list[tuple[Any, ...]] = []
    for meter in meters:
        found = judged.get(meter.pk, [])
        for day in days:
            state = _state(meter.instrument, papers, ended, put_off, day)
            known = next((v for v in found if v.evaluation.until < day), None)
            figures = (known.error, known.u, known.evaluation.evidence_sha256) if known else (None, None, None)
            lines.append((meter.meter_id, day, *state, *figures))
    return pl.DataFrame(lines, schema=SCHEMA, orient="row")


def _papers(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Document]]:
    found: dict[uuid.UUID, list[Document]] = {}
    kinds = (*validity.VERDICTS, DocumentKind.CALIBRATION_CERTIFICATE)
    rows = Document.objects.filter(subject_id__in=list(ids), kind__in=kinds).exclude(state="replaced")
    newest = rows.order_by("-performed_on", "-issued_on")
    # A calibration says nothing of a verification: it counts where there is none.
    for one in sorted(newest, key=lambda d: d.kind == DocumentKind.CALIBRATION_CERTIFICATE):
        found.setdefault(one.subject_id, []).append(one)
    return found


def _extensions(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[ExtendedInstrument]]:
    found: dict[uuid.UUID, list[ExtendedInstrument]] = {}
    rows = ExtendedInstrument.objects.filter(instrument__in=list(ids), extension__state="granted")
    for one in rows.order_by("-after"):
        found.setdefault(one.instrument_id, []).append(one)
    return found


def _judged(meters: Sequence[AreaMeter]) -> dict[uuid.UUID, list[MeterVerdict]]:
    found: dict[uuid.UUID, list[MeterVerdict]] = {}
    rows = MeterVerdict.objects.filter(meter__in=[m.pk for m in meters], u__isnull=False, evaluation__fit="ok")
    for one in rows.select_related("evaluation").order_by("-evaluation__until", "-evaluation__version"):
        found.setdefault(one.meter_id, []).append(one)
    return found


def _state(
    item: Instrument | None, papers: dict[uuid.UUID, list[Document]], ended: dict[uuid.UUID, validity.End],
    put_off: dict[uuid.UUID, list[ExtendedInstrument]], day: dt.date,
) -> tuple[str, str | None, dt.date | None]:  # fmt: skip
    if item is None:
        return "unlisted", None, None
    paper = next((d for d in papers.get(item.pk, []) if d.performed_on <= day), None)
    if paper is None:
        return "none", None, None
    known = (paper.number, paper.valid_until)
    if paper.verdict in ("reject", "fail"):
        return ("rejected", *known)
    if paper.void_from is not None and paper.void_from <= day:
        return ("revoked", *known)
    if paper.pk in ended and ended[paper.pk].on <= day:
        return ("invalidated", *known)
    if paper.valid_until is None or day <= paper.valid_until:
        return ("valid", *known)
    longer = next((x for x in put_off.get(item.pk, []) if x.before >= paper.valid_until and day <= x.after), None)
    return ("extended", paper.number, longer.after) if longer else ("expired", *known)
