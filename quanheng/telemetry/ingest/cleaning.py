"""From rows as a source wrote them to readings of the store; every row that is not one goes aside with its reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.ingest.mapping import UNITS, Mapping
from quanheng.telemetry.ingest.registers import differences
from quanheng.telemetry.ingest.times import to_utc
from quanheng.telemetry.ingest.topology import REMOVED, master_problems, place_of

GOOD = ("area_id", "meter_id", "role", "ts", "seconds", "kwh", "kwh_export")
_IDS = ("area_id", "meter_id", "role")
_STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_FUTURE = dt.timedelta(days=1)
_ZONES = dt.timedelta(hours=14)  # a civil day of the list is some zone's, the moment is UTC
_CLOCK_SPAN = dt.timedelta(days=200)
_CLOCK_OFF = dt.timedelta(days=120)
_SAMPLE = 200_000


@dataclass(frozen=True)
class Cleaned:
    """``good``: columns of ``GOOD``. ``bad``: row number in the source and reason. ``seconds``: the interval found."""

    good: pl.DataFrame
    bad: pl.DataFrame
    seconds: int


def clean(rows: pl.DataFrame, mapping: Mapping, areas: pl.DataFrame | None, *, now: dt.datetime) -> Cleaned:
    """Judge every row. ``rows`` holds the fields of the mapping by their names, and ``row`` (its place in the source).

    ``areas``: the checked list of areas; without it a row must bring its own area and role, and any meter is taken.
    """
    work = _prepared(rows, areas)
    work = _identified(work, areas)
    work = _numbers(to_utc(work, mapping.timezone, mapping.time_format), mapping)
    seconds = mapping.seconds or _interval(work)
    work = _judged(work, replace(mapping, seconds=seconds), now)
    if mapping.reading == "register":
        work = differences(work, mapping, seconds)
    elif mapping.stamp == "end":
        work = work.with_columns(pl.col("ts") - pl.duration(seconds=seconds))
    if "seconds" not in work.columns:
        work = work.with_columns(pl.lit(seconds, pl.Int32).alias("seconds"))
    limit = pl.lit(mapping.largest_kw / 3600) * pl.col("seconds")
    large = (pl.col("value") > limit) | (pl.col("export").fill_null(0.0) > limit)
    work = _repeats(work.with_columns(_mark("too_large", large)))
    bad = work.filter(pl.col("why").is_not_null()).select("row", pl.col("why").alias("reason"))
    good = work.filter(pl.col("why").is_null() & pl.col("value").is_not_null())
    named = good.rename({"value": "kwh", "export": "kwh_export"})
    return Cleaned(named.select(GOOD), bad.unique(subset=["row"], keep="first").sort("row"), seconds)


def _mark(reason: str, condition: pl.Expr) -> pl.Expr:
    """The first reason stays."""
    return (
        pl.when(pl.col("why").is_null() & condition.fill_null(False)).then(pl.lit(reason)).otherwise("why").alias("why")
    )


def _prepared(rows: pl.DataFrame, areas: pl.DataFrame | None) -> pl.DataFrame:
    for name in ("meter_id", "ts", "value"):
        if name not in rows.columns:
            raise InputError("columns", f"no column gives {name}; name it in the mapping", name)
    if areas is None and not {"area_id", "role"} <= set(rows.columns):
        raise InputError("columns", "without a list of areas every row must give area_id and role", "areas")
    absent = {"why": pl.String(), "role": pl.String(), "export": pl.Float64(), "unit": pl.String()}
    work = rows.with_columns(pl.lit(None, kind).alias(n) for n, kind in absent.items() if n not in rows.columns)
    if "area_id" not in work.columns and areas is not None:
        work = work.join(place_of(areas), on="meter_id", how="left", maintain_order="left")
    work = work.with_columns(pl.col(n).cast(pl.String) for n in _IDS if work.schema[n] != pl.String)
    names = work.select(_IDS).unique()
    texts = [pl.col(n).str.strip_chars().replace("", None).alias(n) for n in _IDS]
    tidy = names.with_columns(texts).equals(names, null_equal=True)  # names repeat: look at each once
    return work if tidy else work.with_columns(texts)


def _identified(work: pl.DataFrame, areas: pl.DataFrame | None) -> pl.DataFrame:
    """Judge names once for each meter, not for each row."""
    pairs = work.select(_IDS).unique()
    wrong = pl.any_horizontal(
        (pl.col(n).str.len_chars() > 64) | pl.col(n).str.contains(r"[\x00-\x1f\x7f]") for n in ("area_id", "meter_id")
    )
    found = pairs.with_columns(
        pl.when(pl.col("meter_id").is_null())
        .then(pl.lit("missing_id"))
        .when(wrong)
        .then(pl.lit("bad_id"))
        .alias("id_why")
    )
    found = _listed(found, areas) if areas is not None else _unlisted(found)
    if found["id_why"].null_count() == found.height and not found["changed"].any():
        extra = found.select("ct_ratio", "installed_on", REMOVED).null_count().row(0)
        if extra == (found.height, found.height, found.height):
            days = (pl.lit(None, pl.Date).alias(n) for n in ("installed_on", REMOVED))
            return work.with_columns(pl.lit(None, pl.Float64).alias("ct_ratio"), *days)
    joined = work.join(found, on=list(_IDS), how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(
        pl.coalesce("why", "id_why").alias("why"), pl.coalesce("true_role", "role").alias("role")
    ).drop("id_why", "true_role", "changed")


def _unlisted(found: pl.DataFrame) -> pl.DataFrame:
    bad_role = ~pl.col("role").is_in(["master", "sub"]).fill_null(False)
    masters = found.filter(pl.col("role") == "master").group_by("area_id").len()
    two = masters.filter(pl.col("len") > 1)["area_id"].to_list()
    why = (
        pl.when(pl.col("id_why").is_not_null())
        .then("id_why")
        .when(pl.col("area_id").is_null())
        .then(pl.lit("missing_id"))
        .when(bad_role)
        .then(pl.lit("bad_role"))
        .when(pl.col("area_id").is_in(two))
        .then(pl.lit("two_masters"))
    )
    return found.with_columns(
        why.alias("id_why"),
        pl.lit(None, pl.String).alias("true_role"),
        pl.lit(None, pl.Float64).alias("ct_ratio"),
        pl.lit(None, pl.Date).alias("installed_on"),
        pl.lit(None, pl.Date).alias(REMOVED),
        pl.lit(False).alias("changed"),
    )


def _listed(found: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    listed = areas.select(
        "area_id",
        "meter_id",
        pl.col("role").alias("true_role"),
        "ct_ratio",
        "installed_on",
        REMOVED if REMOVED in areas.columns else pl.lit(None, pl.Date).alias(REMOVED),
        pl.lit(True).alias("known"),
    )
    found = found.join(listed, on=["area_id", "meter_id"], how="left")
    problems = master_problems(areas)
    broken = (
        pl.col("area_id").replace_strict(problems, default=None, return_dtype=pl.String) if problems else pl.lit(None)
    )
    why = (
        pl.when(pl.col("id_why").is_not_null())
        .then("id_why")
        .when(pl.col("area_id").is_null())
        .then(pl.lit("unknown_meter"))
        .when(~pl.col("area_id").is_in(areas["area_id"].unique().to_list()).fill_null(False))
        .then(pl.lit("unknown_area"))
        .when(pl.col("known").is_null())
        .then(pl.lit("unknown_meter"))
        .when(pl.col("role").is_not_null() & (pl.col("role") != pl.col("true_role")))
        .then(pl.lit("role_mismatch"))
        .otherwise(broken)
    )
    return found.with_columns(
        why.alias("id_why"), (pl.col("role").is_null() & pl.col("true_role").is_not_null()).alias("changed")
    ).drop("known")


def _numbers(work: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    changes, why = [], []
    for name in ("value", "export"):
        if work.schema[name] == pl.String:
            text = pl.col(name).str.strip_chars().replace("", None)
            number = text.cast(pl.Float64, strict=False)
            why.append(_mark("unreadable_number", text.is_not_null() & number.is_null()))
            changes.append(number.alias(name))
        elif work.schema[name] != pl.Float64:
            changes.append(pl.col(name).cast(pl.Float64, strict=False).alias(name))
    for one in why:
        work = work.with_columns(one)
    work = work.with_columns(changes)
    work = work.with_columns(
        _mark("unreadable_number", pl.col("value").is_nan() | pl.col("value").is_infinite() | pl.col("export").is_nan())
    )
    return _scaled(work, mapping)


def _scaled(work: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    factor: pl.Expr = pl.lit(UNITS[mapping.unit] * mapping.multiplier)
    if work["unit"].null_count() < work.height:
        named = pl.col("unit").replace_strict(UNITS, default=None, return_dtype=pl.Float64)
        work = work.with_columns(_mark("unit_unknown", pl.col("unit").is_not_null() & named.is_null()))
        factor = pl.coalesce(named * mapping.multiplier, factor)
    elif UNITS[mapping.unit] * mapping.multiplier == 1.0 and not mapping.secondary:
        return work
    if mapping.secondary:
        factor = factor * pl.col("ct_ratio").fill_null(1.0)
    return work.with_columns(pl.col("value") * factor, pl.col("export") * factor)


def _interval(work: pl.DataFrame) -> int:
    """The commonest step between readings of one meter, looked for in the first rows."""
    head = work.head(_SAMPLE).filter(pl.col("why").is_null()).sort("area_id", "meter_id", "ts")
    step = pl.col("ts").diff().over("area_id", "meter_id").dt.total_seconds()
    steps = head.select(step.alias("s")).filter(pl.col("s") > 0)["s"]
    if not steps.len():
        return 3600
    near = min(_STEPS, key=lambda s: abs(s - float(steps.median() or 0)))  # type: ignore[arg-type]
    return int(near)


def _judged(work: pl.DataFrame, mapping: Mapping, now: dt.datetime) -> pl.DataFrame:
    step = mapping.seconds * 1_000_000
    tolerance = min(mapping.tolerance, mapping.seconds // 10) * 1_000_000
    local = pl.col("ts")
    if mapping.seconds == 86_400 and mapping.timezone != "UTC":  # a day begins at local midnight
        local = pl.col("ts").dt.convert_time_zone(mapping.timezone).dt.replace_time_zone(None)
    rest = local.dt.epoch("us") % step
    miss = pl.when(rest > step // 2).then(rest - step).otherwise(rest)
    work = work.with_columns(miss.alias("miss"))
    work = work.with_columns(
        pl.when(pl.col("why").is_not_null()).then("why")
        .when(pl.col("value").is_null() & pl.col("export").is_null()).then(pl.lit("missing_value"))
        .when((pl.col("value") < 0) | (pl.col("export") < 0)).then(pl.lit("negative"))
        .when(pl.col("ts") > now + _FUTURE).then(pl.lit("future"))
        .when(pl.col("ts") < now - dt.timedelta(days=mapping.oldest_days)).then(pl.lit("too_old"))
        .when((pl.col("ts") + _ZONES).dt.date() < pl.col("installed_on")).then(pl.lit("before_installation"))
        .when((pl.col("ts") - _ZONES).dt.date() > pl.col(REMOVED)).then(pl.lit("after_removal"))
        .when(pl.col("miss").abs() > tolerance).then(pl.lit("off_grid"))
        .alias("why"),
        pl.when(pl.col("miss").abs() <= tolerance).then(pl.col("ts") - pl.duration(microseconds=pl.col("miss")))
        .otherwise("ts").alias("ts"),
    ).drop("miss")  # fmt: skip
    return _clocks(work)


def _clocks(work: pl.DataFrame) -> pl.DataFrame:
    """A meter whose readings lie months from everybody else's in the batch has a wrong clock."""
    good = work.filter(pl.col("why").is_null())
    low, high = good["ts"].min(), good["ts"].max()
    if not isinstance(low, dt.datetime) or not isinstance(high, dt.datetime) or high - low <= _CLOCK_SPAN:
        return work
    middle = good.group_by("area_id", "meter_id").agg(pl.col("ts").median().alias("middle"))
    centre = middle["middle"].median()
    off = middle.filter((pl.col("middle") - pl.lit(centre)).abs() > _CLOCK_OFF).select(
        "area_id", "meter_id", pl.lit(True).alias("off")
    )
    if not off.height or off.height * 2 > middle.height:
        return work
    joined = work.join(off, on=["area_id", "meter_id"], how="left", maintain_order="left")
    return joined.with_columns(_mark("clock_off", pl.col("off"))).drop("off")


def _repeats(work: pl.DataFrame) -> pl.DataFrame:
    """Equal repeats: the first stays. Different values for one moment: nobody can tell which holds, none stays."""
    good = pl.col("why").is_null()
    key = ("area_id", "meter_id", "ts")
    if _once_each(work.select(*key, "why").filter(good)):
        return work
    live = work.filter(good)
    counted = live.group_by(*key).agg(
        pl.col("row").min().alias("first"), pl.struct("value", "export").n_unique().alias("values")
    )
    joined = work.join(counted, on=list(key), how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(_mark("conflict", pl.col("values") > 1)).with_columns(
        _mark("duplicate", pl.col("row") > pl.col("first"))
    )


def _once_each(rows: pl.DataFrame) -> bool:
    """Whether no meter has a moment twice: seen at once where each meter's rows stand together in order of time."""
    other = (pl.col("meter_id") != pl.col("meter_id").shift()) | (pl.col("area_id") != pl.col("area_id").shift())
    ordered = (other | (pl.col("ts") > pl.col("ts").shift())).all()
    runs, in_order = rows.select((other.sum() + 1).alias("runs"), ordered.alias("ordered")).row(0)
    if in_order and runs == rows.select(pl.struct("area_id", "meter_id").n_unique()).item():
        return True
    mixed = pl.col("meter_id").hash(1) ^ pl.col("area_id").hash(2) ^ pl.col("ts").hash(4)
    return bool(rows.select(mixed.n_unique() == pl.len()).item())
