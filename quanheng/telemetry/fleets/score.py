"""Verdicts against truth, condition by condition."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.fleets.result import VERDICT_COLUMNS

BINS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0000001)


def read_table(path: Path) -> pl.DataFrame:
    """CSV or Parquet."""
    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError("unreadable", f"neither CSV nor Parquet: {str(error)[:120]}", str(path)) from error


def score(verdicts: pl.DataFrame, truth: pl.DataFrame, *, limit: float = 0.02) -> dict[str, Any]:
    """Precision, recall, calibration, coverage and false accusations, overall and for each condition.

    Recall counts every wrong meter, also those of areas that were declared unfit. A false accusation is a ``check``
    on a meter within the limit. `truth` has area_id, meter_id, error and, where known, condition and kind.
    """
    for frame, needed, name in (
        (verdicts, list(VERDICT_COLUMNS), "verdicts"),
        (truth, ["area_id", "meter_id", "error"], "truth"),
    ):
        if lacking := [column for column in needed if column not in frame.columns]:
            raise InputError("columns", f"{name} lack {', '.join(lacking)}", name)
    if "condition" not in truth.columns:
        truth = truth.with_columns(pl.lit("all").alias("condition"))
    keys = [pl.col("area_id").cast(pl.String), pl.col("meter_id").cast(pl.String)]
    joined = truth.select(*keys, pl.col("error").cast(pl.Float64).alias("true"), "condition").join(
        verdicts.with_columns(keys), on=["area_id", "meter_id"], how="left"
    )
    joined = joined.with_columns(
        (pl.col("true").abs() > limit).alias("bad"),
        pl.col("verdict").fill_null("undeterminable"),
        pl.col("p_exceed").cast(pl.Float64, strict=False),
        ((pl.col("error") - pl.col("true")).abs() <= 1.959964 * pl.col("u")).alias("inside"),
    )
    parts = {str(name[0]): part for name, part in joined.partition_by("condition", as_dict=True).items()}
    conditions = {name: _figures(part) for name, part in sorted(parts.items())}
    overall = _figures(joined)
    return {"limit": limit, "overall": overall, "conditions": conditions, "text": _text(overall, conditions)}


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _figures(frame: pl.DataFrame) -> dict[str, Any]:
    bad = int(frame["bad"].sum())
    out: dict[str, Any] = {"meters": frame.height, "wrong": bad}
    for bar in (0.5, 0.9):
        called = frame.filter(pl.col("p_exceed") > bar)
        right = int(called["bad"].sum())
        out[f"p>{bar}"] = {"called": called.height, "right": right, "precision": _ratio(right, called.height),
                           "recall": _ratio(right, bad)}  # fmt: skip
    checks = frame.filter(pl.col("verdict") == "check")
    false = int((~checks["bad"]).sum())
    out["check"] = {"called": checks.height, "false": false, "false_rate": round(false / max(frame.height, 1), 6)}
    passed = frame.filter(pl.col("verdict") == "pass")
    out["pass"] = {"called": passed.height, "wrong": int(passed["bad"].sum())}
    judged = frame.filter(pl.col("u").is_not_null())
    out["interval95"] = _ratio(int(judged["inside"].sum()), judged.height)
    out["undeterminable"] = _ratio(int((frame["verdict"] == "undeterminable").sum()), frame.height)
    bins = []
    for low, high in pairwise(BINS):
        own = frame.filter((pl.col("p_exceed") >= low) & (pl.col("p_exceed") < high))
        if own.height:
            bins.append({"from": low, "to": min(high, 1.0), "meters": own.height,
                         "said": round(float(own["p_exceed"].mean()), 4),  # type: ignore[arg-type]
                         "was": round(float(own["bad"].mean()), 4)})  # type: ignore[arg-type]  # fmt: skip
    out["calibration"] = bins
    return out


def _text(overall: dict[str, Any], conditions: dict[str, dict[str, Any]]) -> str:
    lines = [f"{'condition':20} {'meters':>7} {'wrong':>6} {'prec .5':>8} {'rec .5':>7} {'prec .9':>8} {'rec .9':>7} "
             f"{'in 95 %':>8} {'check':>6} {'false':>6} {'undet.':>7}"]  # fmt: skip
    for name, figures in [*conditions.items(), ("overall", overall)]:
        half, nine = figures["p>0.5"], figures["p>0.9"]
        cells = [half["precision"], half["recall"], nine["precision"], nine["recall"], figures["interval95"]]
        shown = [f"{value:.1%}" if value is not None else "-" for value in cells]
        lines.append(f"{name:20} {figures['meters']:7} {figures['wrong']:6} {shown[0]:>8} {shown[1]:>7} {shown[2]:>8} "
                     f"{shown[3]:>7} {shown[4]:>8} {figures['check']['called']:6} {figures['check']['false']:6} "
                     f"{figures['undeterminable']:7.1%}")  # fmt: skip
    lines += ["", "P said → share that was wrong"]
    lines += [f"  {b['from']:.2f}–{b['to']:.2f}  {b['meters']:6} meters  said {b['said']:.3f}  was {b['was']:.3f}"
              for b in overall["calibration"]]  # fmt: skip
    return "\n".join(lines)
