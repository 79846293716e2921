"""What the body of an item must look like, kind by kind. Every value is text, so that 0.7100 stays 0.7100."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

SLUG = re.compile(r"^[a-z0-9]+([-.][a-z0-9]+)*$")
NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(";") if part.strip()]
    return value


def _number(value: str) -> str:
    if value and not NUMBER.match(value):
        raise ValueError(f"{value!r} is not a plain decimal number")
    return value


def _whole(value: str) -> str:
    if value and not value.isdecimal():
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _day(value: str) -> str:
    if value:
        dt.date.fromisoformat(value)
    return value


Text = Annotated[str, Field(max_length=2000)]
Needed = Annotated[str, Field(min_length=1, max_length=2000)]
Number = Annotated[str, AfterValidator(_number), Field(max_length=40)]
Whole = Annotated[str, AfterValidator(_whole), Field(max_length=12)]
Day = Annotated[str, AfterValidator(_day), Field(max_length=10)]
Words = Annotated[list[str], BeforeValidator(_split), Field(max_length=60)]

UseArea = Literal["trade", "safety", "medical", "environment"]
VerificationMode = Literal["first_only", "rotation", "periodic", "none", "voluntary"]


class Body(BaseModel):
    """Base of all bodies: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: Text = ""


class CatalogueItem(Body):
    """One line of the catalogue of instruments under compulsory administration, or one kept beside it."""

    seq: Whole = ""
    category_zh: Needed
    item_zh: Needed
    name_en: Needed
    supervision: Literal["P", "V", "P+V", ""] = ""
    verification_mode: VerificationMode
    exception_mode: VerificationMode | Literal[""] = ""
    exception_when: Literal["household", "glass", ""] = ""
    mode_text: Text = ""
    use_areas: Annotated[list[UseArea], BeforeValidator(_split)] = []
    norms: Words = []
    supersedes: Words = []
    confidence: Literal["high", "medium", "low", ""] = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.exception_mode) != bool(self.exception_when):
            raise ValueError("exception_mode and exception_when belong together")
        compulsory = "V" in self.supervision
        if compulsory and self.verification_mode in ("none", "voluntary"):
            raise ValueError(f"supervision {self.supervision} needs a verification mode")
        if not compulsory and self.verification_mode not in ("none", "voluntary"):
            raise ValueError(f"verification mode {self.verification_mode} needs supervision V")
        return self


class NormItem(Body):
    """One edition of a norm (JJG, JJF, national or local)."""

    number: Needed
    instrument: Text = ""
    issued_on: Day = ""
    state_text: Text = ""
    replaces: Words = []
    replaced_by: Text = ""
    procedure_id: Annotated[str, Field(pattern=r"^([A-Z]+-[0-9.]+-\d{4})?$")] = ""
    counterpart: Text = ""
    period_text: Text = ""
    verified_fields: Words = []


class VerificationPeriod(Body):
    """How long a verification by one norm lasts, under one condition; months are an upper limit."""

    norm: Needed
    condition: Annotated[str, Field(pattern=r"^[a-z0-9-]*$")] = ""
    condition_zh: Text = ""
    basis: Literal["period", "service_life", "first_only"]
    months: Whole = ""

    @model_validator(mode="after")
    def _months(self) -> Self:
        if (self.basis == "first_only") != (self.months == ""):
            raise ValueError("months are given for every basis but first_only")
        return self


class EmissionFactor(Body):
    """A default of carbon accounting."""

    category: Needed
    name_zh: Needed
    parameter: Needed
    value: Number
    unit: Text = ""
    data_year: Text = ""


class EnergyConversion(Body):
    """Coefficient from an amount of energy to standard coal; a range stays two numbers joined by ~."""

    energy_zh: Needed
    energy_kind: Literal["energy", "working_medium", "definition"]
    ncv: Annotated[str, Field(pattern=r"^(\d+(\.\d+)?(~\d+(\.\d+)?)?)?$")] = ""
    ncv_unit: Text = ""
    coefficient: Annotated[str, Field(pattern=r"^\d+(\.\d+)?(~\d+(\.\d+)?)?$")]
    coefficient_unit: Needed


class EnergyMetering(Body):
    """A requirement on the energy meters of an energy-using unit."""

    table: Literal["equipping_rate", "accuracy_class", "threshold", "edition", "definition"]
    energy_or_meter: Needed
    level_or_purpose: Needed
    requirement: Needed
    unit: Text = ""


class IndicatorItem(Body):
    """A target of a plan, or a common definition of a measure."""

    scope_zh: Needed
    indicator_zh: Needed
    target: Text = ""
    base: Text = ""
    year: Text = ""
    unit: Text = ""
    formula: Text = ""


class TimeLimit(Body):
    """A statutory limit: mostly a time, sometimes an amount."""

    domain: Needed
    event: Needed
    limit: Needed
    unit: Needed
    rule: Text = ""


class NetContentTolerance(Body):
    """Tolerable deficiency of a prepackage, one band of nominal quantity."""

    quantity: Literal["mass_or_volume", "length", "area", "count"]
    qn_low: Number
    low_bound: Literal["exclusive", "inclusive"]
    qn_high: Number = ""
    high_bound: Literal["exclusive", "inclusive", ""] = ""
    tolerance_type: Literal["percent", "percent_ceil", "absolute", "none"]
    tolerance_value: Number
    unit: Needed
    t_rounding: Literal["half_even", "up", ""] = ""
    t_step: Number = ""


class NetContentMarking(Body):
    """Height of characters and choice of unit on a prepackage."""

    rule: Literal["char_height", "unit"]
    quantity: Needed
    condition: Needed
    requirement: Needed


class NetContentSampling(Body):
    """Sampling plan of net content inspection, one band of lot size."""

    lot_low: Whole
    lot_high: Whole = ""
    sample_n: Annotated[str, Field(pattern=r"^(N|\d+)$")]
    lambda_factor: Number = ""
    lambda_check_t_over_sqrt_n: Number = ""
    max_over_t_to_2t: Whole
    max_over_2t: Whole
    confidence: Number
    testing: Literal["non_destructive", "destructive", ""] = ""
    mean_sample_n: Whole = ""
    reject_over_t: Whole = ""
    second_n: Whole = ""
    max_over_t_both: Whole = ""


class RetailDeviation(Body):
    """Permitted negative deviation of goods weighed at retail, one price and mass band."""

    price_band: Needed
    mass_low_kg: Number
    mass_high_kg: Number
    negative_deviation_g: Number
    recheck_rule: Text = ""


class CalendarDay(BaseModel):
    """One day that differs from the plain week."""

    model_config = ConfigDict(extra="forbid", strict=True)

    date: Day
    kind: Literal["holiday", "workday"]
    name_zh: Needed


class AlarmRule(Body):
    """When an area, or a charging pile, raises which alarm; of the conditions any one suffices."""

    subject: Literal["supply_area", "pile", "site_check"]
    level: Literal["alarm", "warning", "notice", ""] = ""
    order: Whole = ""
    name_en: Needed
    checks: Whole = ""
    suspects: Whole = ""
    unfit: Literal["yes", ""] = ""
    causes: Words = []
    limit: Number = ""
    unit: Text = ""


class WorkingCalendar(Body):
    """Statutory holidays and shifted working days of one year; days not listed follow the week."""

    days: list[CalendarDay]


class RegionItem(Body):
    """An administrative division; used by the demo region, never loaded as law."""

    level: Literal["province", "city", "county"]
    parent: Annotated[str, Field(pattern=r"^(\d{6})?$")] = ""
    weight: Number


BODIES: dict[str, type[Body]] = {
    "catalogue_item": CatalogueItem,
    "norm": NormItem,
    "verification_period": VerificationPeriod,
    "emission_factor": EmissionFactor,
    "energy_conversion": EnergyConversion,
    "energy_metering": EnergyMetering,
    "indicator": IndicatorItem,
    "time_limit": TimeLimit,
    "net_content_tolerance": NetContentTolerance,
    "net_content_marking": NetContentMarking,
    "net_content_sampling": NetContentSampling,
    "retail_deviation": RetailDeviation,
    "alarm_rule": AlarmRule,
    "working_calendar": WorkingCalendar,
    "region": RegionItem,
}
NOT_LAW = frozenset({"region"})
