"""One section of a record: reads its cells, computes its quantities row by row, point by point and as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.expressions import MissingName, MissingValue
from quanheng.metrology.quantities import (
    is_multiple,
    round_to_digits,
    round_to_match,
    round_to_step,
    short_text,
    text_of,
)
from quanheng.metrology.units import unit as unit_of
from quanheng.procedures.budgets import Spread, spread
from quanheng.procedures.limits import Bounds, limit_or_none, limit_text, look_up
from quanheng.procedures.points import Row, rows
from quanheng.procedures.records import number, problem, text
from quanheng.procedures.results import Outcome, Problem, Reason
from quanheng.procedures.schema import FieldSpec, Procedure, Quantity, Rule, Section, Text
from quanheng.procedures.setting import ABSENT, Ledger


@dataclass
class _Place:
    """Where a quantity is computed: its names, its first row, how it is called."""

    scope: dict[str, Any]
    row: int
    point: str
    own: dict[str, Any]
    left_out: bool


@dataclass(frozen=True)
class _Narrowing:
    """By what the limits were narrowed before they decided, and what was left of them."""

    guard: str
    decisive: str
    zh: str
    en: str


def _narrowing(guard: Decimal, decisive: Bounds | None, width: Spread | None) -> _Narrowing | None:
    if decisive is None or not guard:
        return None
    by_width = width is not None and guard == width.U
    zh, en = ("扩展不确定度 U", "the expanded uncertainty U of") if by_width else ("保护带", "a guard band of")
    return _Narrowing(limit_text(guard), decisive.text(), zh, en)


def resolve_unit(code: str | None, scope: Mapping[str, Any]) -> str:
    """The D-SI string of a field: as written, or a parameter of the instrument."""
    if code is None:
        return r"\one"
    return str(scope.get(code[1:], code)) if code.startswith("$") else code


def symbol_of(code: str) -> str:
    """The printed symbol of a unit; the text itself where a parameter holds no known unit yet."""
    try:
        return unit_of(code).symbol
    except InputError:
        return code


def skipped(section: Section) -> dict[str, Any]:
    """Names a section that does not apply leaves to later ones: all without value."""
    return {f"{section.key}_{quantity.key}": None for quantity in section.quantities}


class SectionRun:
    """Cells in, outcomes out."""

    def __init__(
        self, procedure: Procedure, section: Section, given: list[Any], base: Mapping[str, Any], ledger: Ledger
    ) -> None:
        self.procedure, self.section, self.base, self.ledger = procedure, section, base, ledger
        self.outcomes: list[Outcome] = []
        self.whole: dict[str, Any] = {}
        self.points: dict[int, dict[str, Any]] = {}
        self.left_out: set[int] = set()
        self.rows = self._rows()
        self.cells = [self._read(row, given[row.index] if row.index < len(given) else {}) for row in self.rows]
        if self.rows and len(given) > len(self.rows):
            ledger.invalid.append(
                problem(
                    f"sections.{section.key}[{len(self.rows)}]", "too_many_rows", "more rows than the record sheet has"
                )
            )
        ledger.use(f"sections.{section.key}", section.title, section.title.en, section)
        for quantity in section.quantities:
            for place in self._places(quantity.scope):
                self._compute(quantity, place)
        for rule in section.rules:
            self._rule(rule)

    def _rows(self) -> list[Row]:
        path = f"sections.{self.section.key}"
        try:
            built = rows(self.section, self.base)
        except (MissingName, MissingValue):
            return []
        except InputError as error:
            self.ledger.invalid.append(problem(path, error.code, error.message))
            return []
        for row in built:
            self.points.setdefault(row.point, {})
        return built

    # ---- cells

    def _read(self, row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
        path = f"sections.{self.section.key}[{row.index}]"
        keys = {field.key for field in self.section.fields}
        for key in given:
            if key not in keys:
                self.ledger.invalid.append(
                    problem(f"{path}.{str(key)[:60]}", "unknown_field", "the row has no such field")
                )
        cells: dict[str, Any] = {}
        readings = [field for field in self.section.fields if field.kind == "reading"]
        if row.optional and all(_empty(given.get(field.key)) for field in readings):
            self.left_out.add(row.index)
        for field in self.section.fields:
            if field.kind == "given":
                self._given(field, row, given, cells, path)
            elif row.index in self.left_out:
                cells[field.key] = None
            else:
                self._reading(field, given.get(field.key), cells, f"{path}.{field.key}")
        return cells

    def _given(self, field: FieldSpec, row: Row, given: Mapping[str, Any], cells: dict[str, Any], path: str) -> None:
        wanted = row.given.get(field.key)
        stated = given.get(field.key)
        place = f"{path}.{field.key}"
        if _empty(stated):
            cells[field.key] = wanted
            return
        value = text(stated, place) if isinstance(wanted, str) else number(stated, place)
        if isinstance(value, Problem):
            self.ledger.complain(value)
        elif not field.editable and value != wanted:
            expected = short_text(wanted) if isinstance(wanted, Decimal) else str(wanted)
            self.ledger.invalid.append(problem(place, "point_changed", f"the procedure gives {expected} here"))
        else:
            cells[field.key] = value
            self._judge_cell(field, value, cells, place)

    def _reading(self, field: FieldSpec, value: object, cells: dict[str, Any], place: str) -> None:
        if self.ledger.holds(field.when, self.base, place) is False:
            cells[field.key] = None
            if not _empty(value):
                self.ledger.invalid.append(problem(place, "not_expected", "this instrument does not need the reading"))
            return
        if _empty(value):
            if field.default is not None:
                cells[field.key] = self.ledger.value(field.default, {**self.base, **cells}, place)
            elif field.optional:
                cells[field.key] = None
            else:
                self.ledger.missing.append(problem(place, "missing", "a reading is missing here; enter it"))
            return
        read = text(value, place) if field.type == "text" else number(value, place)
        if isinstance(read, Problem):
            self.ledger.complain(read)
            return
        cells[field.key] = read
        self._judge_cell(field, read, cells, place)

    def _judge_cell(self, field: FieldSpec, value: Any, cells: dict[str, Any], place: str) -> None:
        if not isinstance(value, Decimal):
            return
        scope = {**self.base, **cells}
        low = self.ledger.value(field.min, scope, place) if field.min else None
        high = self.ledger.value(field.max, scope, place) if field.max else None
        if (isinstance(low, Decimal) and value < low) or (isinstance(high, Decimal) and value > high):
            span = " … ".join(limit_text(b) if isinstance(b, Decimal) else "" for b in (low, high))
            self.ledger.invalid.append(
                problem(place, "out_of_range", f"{value} is outside what is possible here ({span}); check it")
            )
            del cells[field.key]
            return
        step = self.ledger.value(field.resolution, scope, place) if field.resolution else None
        if isinstance(step, Decimal) and not is_multiple(value, step):
            zh = f"{field.label.zh} {value} 不是分辨力 {limit_text(step)} 的整数倍"
            en = f"{field.label.en} {value} is not a multiple of the resolution {limit_text(step)}"
            self.ledger.find(place, "resolution", Text(zh=zh, en=en))

    # ---- scopes

    def _columns(self, number: int | None) -> dict[str, Any]:
        """Columns of one point, or of the whole section; a column with a missing reading is left out."""
        chosen = [cells for row, cells in zip(self.rows, self.cells, strict=True) if number in (None, row.point)]
        names = {key for cells in chosen for key in cells}
        columns: dict[str, Any] = {k: tuple(c[k] for c in chosen) for k in names if all(k in c for c in chosen)}
        if number is None:
            keys = {key for point in self.points.values() for key in point}
            for key in keys:
                if all(key in point for point in self.points.values()):
                    columns[key] = tuple(point[key] for point in self.points.values())
            return columns
        for field in self.section.fields:
            values = columns.get(field.key, ())
            if field.kind == "given" and values and all(value == values[0] for value in values):
                columns[field.key] = values[0]
        return columns

    def _places(self, scope: str) -> Iterator[_Place]:
        if scope == "row":
            for row, cells in zip(self.rows, self.cells, strict=True):
                names = {**self.base, **self.whole, **self.points[row.point], **cells}
                yield _Place(names, row.index, self._label(cells), cells, row.index in self.left_out)
        elif scope == "point":
            for number, own in self.points.items():
                first = next(row.index for row in self.rows if row.point == number)
                names = {**self.base, **self.whole, **self._columns(number), **own}
                yield _Place(names, first, self._label(self.cells[first]), own, False)
        elif self.rows:
            yield _Place({**self.base, **self._columns(None), **self.whole}, 0, "", self.whole, False)

    def _label(self, cells: Mapping[str, Any]) -> str:
        value = cells.get(self.section.point_key)
        field = next(field for field in self.section.fields if field.key == self.section.point_key)
        symbol = symbol_of(resolve_unit(field.unit, self.base)) if field.unit else ""
        shown = limit_text(value) if isinstance(value, Decimal) else str(value or "")
        return f"{shown} {symbol}".strip()

    # ---- quantities

    def _compute(self, quantity: Quantity, place: _Place) -> None:
        path = f"sections.{self.section.key}[{place.row}].{quantity.key}"
        wanted = self.ledger.holds(quantity.when, place.scope, path)
        value = self.ledger.value(quantity.formula, place.scope, path) if wanted else None
        if wanted is None or value is ABSENT:
            self.ledger.defer(path)
        elif isinstance(value, str):
            place.own[quantity.key] = value
        elif not isinstance(value, Decimal):
            place.own.update(_nothing(quantity))
            if wanted and not place.left_out:
                self.ledger.defer(path)
        else:
            try:
                self._finish(quantity, place, value, path)
            except (MissingName, MissingValue):
                self.ledger.defer(path)
            except InputError as error:
                self.ledger.invalid.append(problem(path, error.code, error.message))

    def _finish(self, quantity: Quantity, place: _Place, value: Decimal, path: str) -> None:
        place.own[quantity.key] = value
        place.scope[quantity.key] = value
        self.ledger.use(f"sections.{self.section.key}.{quantity.key}", quantity.label, quantity.formula, quantity)
        step = self.ledger.value(quantity.step, place.scope, path) if quantity.step else None
        width = self._spread(quantity, place)
        rounded = _rounded(value, step, width)
        judged = rounded if (quantity.judge or self.procedure.rounding.judge) == "rounded" else value
        bounds = self._bounds(quantity, place)
        guard = self._guard(quantity, place)
        decisive = None if bounds is None else bounds.narrowed(guard)
        inside = None if decisive is None else decisive.hold(judged)
        outcome = self._outcome(quantity, place, text_of(rounded), bounds, width, inside)
        if decisive is not None and decisive != bounds:
            outcome = replace(outcome, accept_low=limit_or_none(decisive.low), accept_high=limit_or_none(decisive.high))
        if quantity.report:
            self.outcomes.append(outcome)
        if inside is False and quantity.decides:
            self._reject(quantity, outcome, _narrowing(guard, decisive, width))

    def _spread(self, quantity: Quantity, place: _Place) -> Spread | None:
        if quantity.uncertainty is None:
            return None
        width = spread(quantity.uncertainty, place.scope)
        for item in quantity.uncertainty.inputs:
            path = f"sections.{self.section.key}.{quantity.key}.{item.name}"
            self.ledger.use(path, item.label, item.half_width or item.std or item.value, item)
        for suffix, part in (("U", width.U), ("u", width.u)):
            place.own[f"{quantity.key}_{suffix}"] = place.scope[f"{quantity.key}_{suffix}"] = part
        return width

    def _bounds(self, quantity: Quantity, place: _Place) -> Bounds | None:
        limit = quantity.limit
        if limit is None:
            return None
        path = f"sections.{self.section.key}.{quantity.key}.limit"
        if limit.table and limit.at:
            at = self._need(limit.at, place, path)
            bounds = look_up(self.procedure.table(limit.table), at, place.scope, self.ledger.use)
        else:
            low = None if limit.lower is None else self._need(limit.lower, place, path)
            high = None if limit.upper is None else self._need(limit.upper, place, path)
            bounds = Bounds(low, high)
            self.ledger.use(path, quantity.label, limit.upper or limit.lower or "", limit)
        for suffix, side in (("low", bounds.low), ("high", bounds.high)):
            place.own[f"{quantity.key}_{suffix}"] = place.scope[f"{quantity.key}_{suffix}"] = side
        return bounds

    def _need(self, formula: str, place: _Place, path: str) -> Decimal:
        value = self.ledger.value(formula, place.scope, path)
        if not isinstance(value, Decimal):
            raise MissingValue
        return value

    def _guard(self, quantity: Quantity, place: _Place) -> Decimal:
        """How much narrower than the limits the decision is."""
        if quantity.limit is None or quantity.limit.guard is None:
            return Decimal(0)
        return self._need(quantity.limit.guard, place, quantity.key)

    def _outcome(
        self,
        quantity: Quantity,
        place: _Place,
        shown: str,
        bounds: Bounds | None,
        width: Spread | None,
        inside: bool | None,
    ) -> Outcome:
        return Outcome(
            section=self.section.key,
            row=place.row,
            point=place.point,
            quantity=quantity.key,
            value=shown,
            unit=resolve_unit(quantity.unit, self.base),
            mpe=None if bounds is None else bounds.text(),
            low=None if bounds is None else limit_or_none(bounds.low),
            high=None if bounds is None else limit_or_none(bounds.high),
            u=None if width is None else text_of(width.u),
            U=None if width is None else text_of(width.U),
            k=None if width is None else width.k,
            ok=inside,
            decides=quantity.decides,
            budget=() if width is None else width.rows,
        )

    def _reject(self, quantity: Quantity, outcome: Outcome, narrowing: _Narrowing | None) -> None:
        symbol = symbol_of(outcome.unit)
        value, limit = f"{outcome.value} {symbol}".strip(), f"{outcome.mpe} {symbol}".strip()
        spot = f" {outcome.point}" if outcome.point else ""
        title, label = self.section.title, quantity.label
        zh, en = f"允许值 {limit}", limit
        if narrowing is not None:
            guard, deciding = (f"{text} {symbol}".strip() for text in (narrowing.guard, narrowing.decisive))
            zh = f"允许值 {limit} 减去{narrowing.zh} {guard} 所余的 {deciding}"
            en = f"{deciding}, which is {limit} less {narrowing.en} {guard}"
        self.ledger.reasons.append(
            Reason(
                self.section.key,
                outcome.point,
                quantity.key,
                f"{title.zh}{spot}：{label.zh} {value}，超出{zh}",
                f"{title.en}{spot}: {label.en} {value} is outside {en}",
            )
        )

    def _rule(self, rule: Rule) -> None:
        path = f"sections.{self.section.key}"
        for place in list(self._places(rule.scope)):
            spot = path if rule.scope == "section" else f"{path}[{place.row}]"
            if not place.left_out:
                self.ledger.apply(rule, place.scope, spot, self.section.key, place.point)

    # ---- for others

    def exports(self) -> dict[str, Any]:
        """Names later sections may read: whole-section values as they are, others as columns of more than one row."""
        columns = {**self._columns(None), **self.whole}
        # a test made once, such as zero, is a number to later sections, not a column
        columns = {k: v[0] if isinstance(v, tuple) and len(v) == 1 else v for k, v in columns.items()}
        keys = [quantity.key for quantity in self.section.quantities if quantity.key in columns]
        return {f"{self.section.key}_{key}": columns[key] for key in keys}

    def row_scopes(self) -> list[Mapping[str, Any]]:
        """The names visible in each row, for requirements that depend on the point."""
        return [place.scope for place in self._places("row") if not place.left_out]

    def sheet(self) -> tuple[Mapping[str, str | None], ...]:
        """Every row as texts, for live display: given, read and computed."""
        shown = [{key: _shown(value) for key, value in cells.items()} for cells in self.cells]
        for outcome in self.outcomes:
            shown[outcome.row][outcome.quantity] = outcome.value
        return tuple(shown)


def _nothing(quantity: Quantity) -> dict[str, None]:
    """The names a quantity leaves where it was not computed on purpose."""
    names = [quantity.key]
    names += [f"{quantity.key}_low", f"{quantity.key}_high"] if quantity.limit else []
    names += [f"{quantity.key}_U", f"{quantity.key}_u"] if quantity.uncertainty else []
    return dict.fromkeys(names)


def _empty(value: object) -> bool:
    return value is None or value == ""


def _rounded(value: Decimal, step: Any, width: Spread | None) -> Decimal:
    if isinstance(step, Decimal):
        return round_to_step(value, step)
    if width is not None and width.U:
        return round_to_match(value, width.U)
    return Decimal(short_text(value)) if len(short_text(value)) <= 16 else round_to_digits(value, 10)


def _shown(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return text_of(value) if len(text_of(value)) <= 16 else limit_text(value)
    return value if isinstance(value, str) else None
