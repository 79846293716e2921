"""Inspection of a lot of prepackages: sampling plan, average rule with the printed factor, counts beyond T and 2T.

JJF 1070 and order no. 70 / no. 75 annex 4; OIML R 87:2004; directive 76/211/EEC annex II (double sampling).
Shortages are compared in exact decimals: a package exactly at T is not beyond it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quanheng.errors import InputError
from quanheng.metrology.effective import Row, decimal, whole
from quanheng.metrology.results import Result, recorded


@dataclass(frozen=True)
class Plan(Result):
    """A sampling plan for one lot size; `n` packages, `mean_n` of them for the mean (0: the mean is not judged)."""

    row: Row
    n: int
    mean_n: int
    factor: Decimal | None
    accept: int
    accept_2t: int
    reject: int
    second_n: int
    accept_both: int


@recorded
def plan(rows: Sequence[Row], lot: int, testing: str = "non_destructive") -> Plan:
    """The plan of a lot size; rows that name another kind of testing are passed over."""
    if lot < 1:
        raise InputError("range", f"lot is {lot}; it must be at least 1", "lot")
    for row in rows:
        place = str(row.get("code", "tables"))
        if row.get("testing") and row.get("testing") != testing:
            continue
        if whole(row, "lot_low", place) <= lot and (not row.get("lot_high") or lot <= whole(row, "lot_high", place)):
            return _read(row, lot, place)
    raise InputError("band", f"no sampling plan of the table holds a lot of {lot} tested {testing}", "lot")


def _read(row: Row, lot: int, place: str) -> Plan:
    n = lot if row.get("sample_n") == "N" else whole(row, "sample_n", place)
    factor = decimal(row, "lambda_factor", place) if row.get("lambda_factor") else None
    accept = whole(row, "max_over_t_to_2t", place)
    mean_n = whole(row, "mean_sample_n", place) if row.get("mean_sample_n") else n
    return Plan(
        row,
        n,
        mean_n,
        factor,
        accept,
        whole(row, "max_over_2t", place),
        whole(row, "reject_over_t", place) if row.get("reject_over_t") else accept + 1,
        whole(row, "second_n", place) if row.get("second_n") else 0,
        whole(row, "max_over_t_both", place) if row.get("max_over_t_both") else accept,
    )


@dataclass(frozen=True)
class Inspection(Result, cites="JJF 1070; OIML R 87; 76/211/EEC, annex II"):
    """What an inspection found.

    mean, s : of the packages that count for the mean; s is None for one package
    limit : nominal - factor * s, the least mean that passes; None where the mean is not judged
    over_t, over_2t : indices of packages short by more than T (to 2T), and by more than 2T
    stage : first, second, or `second needed` where a double plan is undecided after its first sample
    verdict : pass, fail or undecided
    reasons : each rule that failed
    """

    plan: Plan
    n: int
    mean: float
    s: float | None
    limit: float | None
    mean_ok: bool | None
    over_t: tuple[int, ...]
    over_2t: tuple[int, ...]
    allowed: int
    stage: str
    verdict: str
    reasons: tuple[str, ...]


@recorded
def inspect(contents: Sequence[Decimal], nominal: Decimal, t: Decimal, found: Plan) -> Inspection:
    """Judge the actual contents of a sample, in the order they were drawn.

    Raises
    ------
    InputError
        ``sample`` when the number of packages is not that of the plan (or of both samples of a double plan).
    """
    both = found.n + found.second_n
    if len(contents) not in {found.n, max(found.n, found.mean_n), both}:
        rule = f"{found.n}" + (f" or, after the first sample, {both}" if found.second_n else "")
        raise InputError("sample", f"the plan asks for {rule} packages, found {len(contents)}", "contents")
    second = bool(found.second_n) and len(contents) == both
    counted = contents if second else contents[: found.n]
    short = [nominal - q for q in counted]
    over_2t = tuple(i for i, d in enumerate(short) if d > 2 * t)
    over_t = tuple(i for i, d in enumerate(short) if t < d <= 2 * t)
    mean, s, limit = _mean(contents[: found.mean_n], nominal, found)
    mean_ok = None if limit is None else mean >= limit
    beyond = len(over_t) + (len(over_2t) if found.second_n else 0)
    allowed = found.accept_both if second else found.accept
    undecided = bool(found.second_n) and not second and found.accept < beyond < found.reject
    reasons = _reasons(found, over_2t, mean_ok, beyond > allowed and not undecided, beyond, allowed)
    verdict = "fail" if reasons else ("undecided" if undecided else "pass")
    stage = "second needed" if undecided else ("second" if second else "first")
    return Inspection(
        found, len(counted), mean, s, limit, mean_ok, over_t, over_2t, allowed, stage, verdict, tuple(reasons)
    )


def _mean(contents: Sequence[Decimal], nominal: Decimal, found: Plan) -> tuple[float, float | None, float | None]:
    shift = [float(q - nominal) for q in contents]
    offset = math.fsum(shift) / len(shift)
    mean = float(nominal) + offset
    s = None
    if len(shift) > 1:
        s = math.sqrt(math.fsum((d - offset) ** 2 for d in shift) / (len(shift) - 1))
    if found.factor is None:  # JJF 1070: packages of a lot of ten or fewer are judged one by one
        return mean, s, None
    if found.factor == 0:
        return mean, s, float(nominal)
    if s is None:
        raise InputError("sample", "one package gives no standard deviation for the average rule", "contents")
    return mean, s, float(nominal) - float(found.factor) * s


def _reasons(
    found: Plan, over_2t: tuple[int, ...], mean_ok: bool | None, too_many: bool, beyond: int, allowed: int
) -> list[str]:
    reasons = []
    if mean_ok is False:
        reasons.append("average: the mean is below nominal - factor * s")
    if too_many:
        reasons.append(f"T: {beyond} package(s) beyond T where {allowed} are allowed")
    if len(over_2t) > found.accept_2t:
        reasons.append(f"2T: {len(over_2t)} package(s) beyond 2T where {found.accept_2t} are allowed")
    return reasons


def acceptance_probability(plan_: Plan, lot: int, defective: int) -> float:
    """Probability that the count rule of a single plan passes a lot with that many packages beyond T."""
    if not 0 <= defective <= lot:
        raise InputError("range", f"defective is {defective}; it must be 0 to {lot}", "defective")
    total = math.comb(lot, plan_.n)
    ways = (math.comb(defective, k) * math.comb(lot - defective, plan_.n - k) for k in range(plan_.accept + 1))
    return sum(ways) / total
