"""The form of a procedure file: one edition of one norm as data, every legal value with its mark and source."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Key = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,39}$")]
Formula = Annotated[str, Field(min_length=1, max_length=1000)]
Purpose = Literal["initial", "subsequent", "in_service"]
Verified = Literal["yes", "once", "no"]
Line = Annotated[str, Field(min_length=1, max_length=600)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Part):
    """What a person reads, in both languages."""

    zh: Line
    en: Line


class Sourced(Part):
    """A value of the law: read in the norm (yes), in one secondary source (once), or not read anywhere (no)."""

    verified: Verified
    source: Line


class MaybeSourced(Part):
    verified: Verified | None = None
    source: Line | None = None

    @model_validator(mode="after")
    def _both(self) -> MaybeSourced:
        if (self.verified is None) != (self.source is None):
            raise ValueError("verified and source stand together")
        return self


class Norm(Sourced):
    number: Line
    title: Text
    edition: Line
    issued: datetime.date | None = None
    in_force_from: datetime.date
    in_force_to: datetime.date | None = None
    replaces: tuple[str, ...] = ()
    international: str | None = None


class Parameter(MaybeSourced):
    """One property of the instrument the procedure needs."""

    key: Key
    label: Text
    kind: Literal["number", "choice", "text", "list"] = "number"
    unit: str | None = None
    required: bool = True
    choices: tuple[str, ...] = ()
    labels: dict[str, Text] = Field(default_factory=dict)
    default: str | None = None
    check: Formula | None = None
    message: Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> Parameter:
        if (self.kind == "choice") != bool(self.choices) or (self.check is None) != (self.message is None):
            raise ValueError("a choice lists its choices; a check has a message")
        if set(self.labels) - set(self.choices):
            raise ValueError("labels name choices of the parameter")
        return self


class Definition(MaybeSourced):
    """A named value: computed from the instrument, looked up in an MPE table, or mapped from a choice."""

    key: Key
    label: Text
    unit: str | None = None
    formula: Formula | None = None
    table: Key | None = None
    at: Formula | None = None
    of: Key | None = None
    map: dict[str, Formula] | None = None

    @model_validator(mode="after")
    def _one(self) -> Definition:
        ways = [self.formula is not None, self.table is not None, self.map is not None]
        if sum(ways) != 1 or (self.table is None) != (self.at is None) or (self.map is None) != (self.of is None):
            raise ValueError("give a formula, or a table with at, or a map with of")
        return self


class Condition(Sourced):
    """One quantity of the environment and its limits."""

    key: Key
    label: Text
    unit: str
    low: Formula | None = None
    high: Formula | None = None
    required: bool = True


class Rule(MaybeSourced):
    """A condition that must hold. `block` stops issuing, `reject` fails the instrument."""

    key: Key
    check: Formula
    message: Text
    when: Formula | None = None
    scope: Literal["row", "point", "section"] = "section"
    severity: Literal["block", "reject"] = "block"


class Used(Part):
    """Where a standard is used: a field of a section, or without a section a parameter; its values are its range."""

    section: Key | None = None
    field: Key


class Standard(Sourced):
    """A measurement standard and how accurate it must be; `check` reads its role_U, role_u, role_k, role_mpe.

    `used` names the values it must cover; where it is `additive` (weights) several standards make up a load together.
    """

    role: Key
    label: Text
    unit: str
    needs: tuple[Literal["U", "mpe"], ...] = ()
    requirement: Text
    check: Formula | None = None
    section: Key | None = None
    required: bool = True
    used: tuple[Used, ...] = ()
    additive: bool = False


class Range(Part):
    field: Key
    start: Formula
    stop: Formula
    step: Formula


class Each(Part):
    field: Key
    of: Key


class Point(Part):
    """Where readings are taken: given values by formula, optionally over a range or a list of the instrument."""

    values: dict[Key, Formula] = {}
    when: Formula | None = None
    repeats: Annotated[int, Field(ge=1, le=50)] = 1
    optional_repeats: Annotated[int, Field(ge=0, le=50)] = 0
    over: Range | None = None
    each: Each | None = None


class FieldSpec(Part):
    """One column of the record sheet."""

    key: Key
    label: Text
    unit: str | None = None
    kind: Literal["reading", "given"] = "reading"
    type: Literal["number", "text"] = "number"
    editable: bool = False
    optional: bool = False
    when: Formula | None = None
    resolution: Formula | None = None
    min: Formula | None = None
    max: Formula | None = None
    default: Formula | None = None
    ref_type: str | None = None
    report: bool = False


class Limit(MaybeSourced):
    """What a quantity may be. `guard` narrows both sides, for norms that subtract U."""

    table: Key | None = None
    at: Formula | None = None
    upper: Formula | None = None
    lower: Formula | None = None
    guard: Formula | None = None

    @model_validator(mode="after")
    def _one(self) -> Limit:
        direct = self.upper is not None or self.lower is not None
        if direct == (self.table is not None) or (self.table is None) != (self.at is None):
            raise ValueError("give upper or lower, or a table with at")
        if direct and self.verified is None:
            raise ValueError("a limit names its mark and source")
        return self


class BudgetInput(MaybeSourced):
    name: Key
    label: Text
    value: Formula = "0"
    kind: Literal["constant", "normal", "rectangular", "triangular", "arcsine", "trapezoidal"] = "rectangular"
    std: Formula | None = None
    half_width: Formula | None = None
    beta: Formula | None = None
    dof: Formula | None = None

    @model_validator(mode="after")
    def _spread(self) -> BudgetInput:
        needs = {"constant": (False, False), "normal": (True, False)}.get(self.kind, (False, True))
        if (self.std is not None, self.half_width is not None) != needs:
            raise ValueError("normal takes std, bounded distributions take half_width, a constant takes neither")
        return self


class Correlated(Part):
    a: Key
    b: Key
    r: Formula


class Budget(Part):
    """The uncertainty budget of a quantity, evaluated by GUM first order."""

    model: Formula
    inputs: Annotated[tuple[BudgetInput, ...], Field(min_length=1)]
    correlations: tuple[Correlated, ...] = ()
    k: str | None = None
    coverage: str | None = None
    digits: Literal[1, 2] = 2
    rule: Literal["up", "half_even", "five_percent"] = "up"

    @model_validator(mode="after")
    def _one(self) -> Budget:
        if (self.k is None) == (self.coverage is None):
            raise ValueError("give k or coverage")
        return self


class Quantity(MaybeSourced):
    """Something computed from the readings, with its limit, uncertainty and rounding."""

    key: Key
    label: Text
    unit: str | None = None
    scope: Literal["row", "point", "section"] = "row"
    formula: Formula
    when: Formula | None = None
    step: Formula | None = None
    limit: Limit | None = None
    judge: Literal["exact", "rounded"] | None = None
    decides: bool = True
    report: bool = True
    ref_type: str | None = None
    uncertainty: Budget | None = None


class Section(Sourced):
    """One test: where readings are taken, what is read, what is computed."""

    key: Key
    title: Text
    purposes: tuple[Purpose, ...] = ("initial", "subsequent", "in_service")
    when: Formula | None = None
    points: Annotated[tuple[Point, ...], Field(min_length=1)]
    point_key: Key
    unique: bool = False
    fields: tuple[FieldSpec, ...]
    quantities: tuple[Quantity, ...]
    rules: tuple[Rule, ...] = ()


class Band(Sourced):
    """One row of an MPE table over the argument x: from ≤ x, above < x, x ≤ up_to, x < below."""

    when: Formula | None = None
    at_least: Formula | None = None
    above: Formula | None = None
    up_to: Formula | None = None
    below: Formula | None = None
    high: Formula
    low: Formula | None = None


class Factor(Sourced):
    when: Formula
    value: Formula


class Table(Part):
    key: Key
    label: Text
    unit: str
    argument: Text
    rows: Annotated[tuple[Band, ...], Field(min_length=1)]
    factors: tuple[Factor, ...] = ()


class Check(Sourced):
    """Something looked at, answered true or false."""

    key: Key
    title: Text
    purposes: tuple[Purpose, ...] = ("initial", "subsequent", "in_service")
    when: Formula | None = None


class Statement(Sourced):
    text: Text


class Rounding(Statement):
    judge: Literal["exact", "rounded"]


class Period(Sourced):
    """How long a verification holds at most, and whether another one or replacement follows."""

    when: Formula | None = None
    months: Annotated[int, Field(ge=1, le=240)] | None = None
    then: Literal["verify", "replace"] = "verify"
    text: Text


class Scope(Statement):
    categories: tuple[str, ...]


class Procedure(Part):
    """A measurement procedure."""

    format: Literal["1"]
    id: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Za-z0-9.-]{2,39}$")]
    norm: Norm
    scope: Scope
    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...] = ()
    constraints: tuple[Rule, ...] = ()
    environment: tuple[Condition, ...]
    environment_rules: tuple[Rule, ...] = ()
    standards: Annotated[tuple[Standard, ...], Field(min_length=1)]
    mpe: tuple[Table, ...]
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]
    checks: tuple[Check, ...]
    verdict: Statement
    rounding: Rounding
    period: Annotated[tuple[Period, ...], Field(min_length=1)]

    def table(self, key: str) -> Table:
        """The MPE table of that key."""
        return next(table for table in self.mpe if table.key == key)
