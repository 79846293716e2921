"""Task `net-content`: inspection of a lot of prepackages, or of one sale at retail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.effective import cited, day, doubts, table
from quanheng.metrology.net_content import contents as packages
from quanheng.metrology.net_content import inspection, retail
from quanheng.metrology.net_content.tolerance import Tolerance, tolerance
from quanheng.metrology.tasks import Figure, Series, Task, clauses, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.net_content_request import EXAMPLES, SCHEMA, TABLES, TESTING
from quanheng.metrology.tasks.reading import choice, keys, number, text, whole

_MOST = 20_000


@dataclass(frozen=True)
class LotResult:
    """Answer for a lot."""

    nominal: Decimal
    unit: str
    lot: int
    goods: str
    tolerance: Tolerance
    contents: tuple[Decimal, ...]
    found: inspection.Inspection
    tare: packages.Tare | None
    on: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        f, t = self.found, self.tolerance
        rows = [t.row, f.plan.row]
        out: dict[str, Any] = {
            "verdict": f.verdict,
            "reasons": list(f.reasons),
            "nominal": float(self.nominal),
            "unit": self.unit,
            "goods": self.goods,
            "lot": self.lot,
            "n": f.n,
            "stage": f.stage,
            "T": float(t.t),
            "T_exact": float(t.exact),
            "mean": f.mean,
            "s": f.s,
            "factor": None if f.plan.factor is None else float(f.plan.factor),
            "limit": f.limit,
            "mean_ok": f.mean_ok,
            "over_T": [i + 1 for i in f.over_t],
            "over_2T": [i + 1 for i in f.over_2t],
            "allowed_over_T": f.allowed,
            "allowed_over_2T": f.plan.accept_2t,
            "contents": [float(q) for q in self.contents],
            "text": {"T": str(t.t.normalize()), "mean": text(f.mean, f.s), "factor": str(f.plan.factor or "")},
            "law": cited(rows, self.on),
            "warnings": self._warnings(rows),
        }
        if self.tare is not None:
            out["tare"] = {
                "mean": float(self.tare.mean),
                "n": self.tare.n,
                "s": self.tare.s,
                "may_use_mean": self.tare.may_use_mean,
                "rule": self.tare.rule,
            }
        return out

    def _warnings(self, rows: list[Mapping[str, Any]]) -> list[str]:
        notes = doubts(rows, self.on)
        if self.tare is not None and not self.tare.may_use_mean:
            notes.append(f"tare: {self.tare.rule}")
        return notes

    def table(self) -> str:
        """Verdict and the three rules for a person."""
        f, t = self.found, self.tolerance
        nominal = f"{self.nominal} {self.unit}"
        mean = f"{text(f.mean, f.s)}"
        limit = "not judged" if f.limit is None else f"at least {f.limit:.6g}: {'pass' if f.mean_ok else 'fail'}"
        return layout.lines(
            ("verdict", f"{f.verdict} ({f.stage} sample)" if f.plan.second_n else f.verdict),
            *(("reason", reason) for reason in f.reasons),
            ("nominal", nominal),
            ("lot, sample", f"{self.lot}, {f.n}"),
            ("T", f"{t.t.normalize():f} {self.unit}"),
            ("mean", f"{mean}, {limit}"),
            ("s", "" if f.s is None else f"{f.s:.4g}"),
            ("factor", "" if f.plan.factor is None else str(f.plan.factor)),
            ("beyond T", f"{len(f.over_t)} of {f.allowed} allowed"),
            ("beyond 2T", f"{len(f.over_2t)} of {f.plan.accept_2t} allowed"),
            ("law", f"{f.plan.row.get('edition')}; {t.row.get('edition')}"),
            *(("note", note) for note in self._warnings([t.row, f.plan.row])),
        )

    def figures(self) -> tuple[Figure, ...]:
        """Each package against nominal, T and 2T."""
        place = tuple(float(i + 1) for i in range(len(self.contents)))
        nominal, t = float(self.nominal), float(self.tolerance.t)
        marks = [("y", "Qn", nominal), ("y", "mean", self.found.mean)]
        if t:
            marks += [("y", "Qn - T", nominal - t), ("y", "Qn - 2T", nominal - 2 * t)]
        return (
            Figure(
                ("单件实际含量", "Actual content of each package"),
                ("序号", "Package"),
                (f"含量（{self.unit}）", f"Content ({self.unit})"),
                (Series("q", "points", place, tuple(float(q) for q in self.contents)),),
                tuple(marks),
            ),
        )


@dataclass(frozen=True)
class SaleResult:
    """Answer for one sale at retail."""

    found: retail.Retail
    on: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        f = self.found
        return {
            "verdict": "pass" if f.passed else "fail",
            "deficiency_g": float(f.deficiency),
            "permitted_g": float(f.permitted),
            "limit_g": float(f.limit),
            "text": {"deficiency_g": f"{f.deficiency.normalize():f}", "limit_g": f"{f.limit.normalize():f}"},
            "band": str(f.row.get("price_band", "")),
            "law": cited([f.row], self.on),
            "warnings": doubts([f.row], self.on),
        }

    def table(self) -> str:
        """Verdict for a person."""
        f = self.found
        return layout.lines(
            ("verdict", "pass" if f.passed else "fail"),
            ("missing", f"{f.deficiency.normalize():f} g"),
            ("permitted", f"{f.limit.normalize():f} g"),
            ("band", str(f.row.get("price_band", ""))),
            ("law", str(f.row.get("edition", ""))),
            *(("note", note) for note in doubts([f.row], self.on)),
        )

    def figures(self) -> tuple[Figure, ...]:
        """One number needs no figure."""
        return ()


@guarded
def compute(request: Mapping[str, Any]) -> LotResult | SaleResult:
    """Validate the request and answer it."""
    keys(request, "request", required=("law",), optional=tuple(SCHEMA["properties"]))
    law = keys(request["law"], "law", required=(), optional=("region", "date", "edition"))
    on = day(law["date"], "law.date") if "date" in law else None
    edition = str(law["edition"]) if "edition" in law else None
    if on is None and edition is None:
        raise InputError("missing", "needs a date or an edition, so that the right table is used", "law")
    if "retail" in request:
        return _sale(request, on, edition)
    return _lot(request, on, edition)


def _sale(request: Mapping[str, Any], on: str | None, edition: str | None) -> SaleResult:
    sale = keys(request["retail"], "retail", required=("price", "sold_kg", "found_kg"), optional=("same_accuracy",))
    same = sale.get("same_accuracy", False)
    if not isinstance(same, bool):
        raise InputError("choice", "expected true or false", "retail.same_accuracy")
    rows = table(request.get("tables"), "retail_deviation", on=on, edition=edition)
    price, sold, found = (_exact(sale[name], f"retail.{name}") for name in ("price", "sold_kg", "found_kg"))
    return SaleResult(retail.judge(rows, price, sold, found, same_accuracy=same), on)


def _lot(request: Mapping[str, Any], on: str | None, edition: str | None) -> LotResult:
    missing = [name for name in ("nominal", "unit", "lot") if name not in request]
    if missing:
        raise InputError("missing", f"needs {', '.join(missing)}", "request")
    nominal, unit = _exact(request["nominal"], "nominal"), str(request["unit"])
    lot = whole(request["lot"], "lot", 1)
    testing = choice(request.get("testing", TESTING[0]), "testing", TESTING)
    goods = choice(request.get("goods", "plain"), "goods", packages.GOODS)
    tables = request.get("tables")
    t = tolerance(table(tables, "net_content_tolerance", on=on, edition=edition), nominal, unit)
    plan = inspection.plan(table(tables, "net_content_sampling", on=on, edition=edition), lot, testing)
    tare = None
    if "tare" in request:
        tare = packages.mean_tare(_list(request["tare"], "tare"), nominal, t.t)
    found = _contents(request, goods)
    return LotResult(nominal, unit, lot, goods, t, found, inspection.inspect(found, nominal, t.t, plan), tare, on)


def _contents(request: Mapping[str, Any], goods: str) -> tuple[Decimal, ...]:
    if ("contents" in request) == ("gross" in request):
        raise InputError("missing", "needs either contents, or gross and tare", "contents")
    if "contents" in request:
        found = _list(request["contents"], "contents")
        negative = next((i for i, q in enumerate(found) if q < 0), None)
        if negative is not None:
            raise InputError("range", "a content must not be negative", f"contents[{negative}]")
        return tuple(found)
    if "tare" not in request:
        raise InputError("missing", "gross needs tare", "tare")
    gross, tare = _list(request["gross"], "gross"), _list(request["tare"], "tare")
    if goods != "plain" and "deductions" not in request:
        rule = "the ice" if goods == "frozen" else "the liquid"
        raise InputError("missing", f"{goods} goods need deductions, {rule} of each package", "deductions")
    taken = _list(request["deductions"], "deductions") if "deductions" in request else None
    density = _exact(request["density"], "density") if "density" in request else None
    each = tare if len(tare) == len(gross) else [sum(tare, Decimal(0)) / len(tare)]
    return tuple(packages.contents(gross, each, deductions=taken, density=density))


def _list(value: Any, place: str) -> list[Decimal]:
    if not isinstance(value, list | tuple) or not value:
        raise InputError("numbers", "expected a list of numbers", place)
    if len(value) > _MOST:
        raise InputError("too_large", f"at most {_MOST} packages, found {len(value)}", place)
    return [_exact(v, f"{place}[{i}]") for i, v in enumerate(value)]


def _exact(value: Any, place: str) -> Decimal:
    """A number of the request as the decimal a person wrote."""
    number(value, place)
    try:
        return Decimal(value.strip() if isinstance(value, str) else repr(value))
    except InvalidOperation:
        raise InputError("number", f"{str(value)[:40]!r} is not a decimal number", place) from None


TASK = Task(
    name="net-content",
    title=("净含量与零售称重", "Net content and retail weighing"),
    document="JJF 1070; OIML R 87:2004; 76/211/EEC",
    evaluate=compute,
    cited=clauses.by_law,
    schema=SCHEMA,
    example=EXAMPLES["china-500-g"],
    examples=EXAMPLES,
    tables=TABLES,
)
