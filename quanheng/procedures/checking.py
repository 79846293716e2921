"""Every formula is compiled and every name it reads must exist before it: a bad procedure fails when loaded."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from quanheng.errors import InputError
from quanheng.metrology.expressions import Expression, parse
from quanheng.metrology.units import unit
from quanheng.procedures.schema import Budget, Definition, Limit, Procedure, Quantity, Rule, Section, Standard

RESERVED = frozenset({"pi", "x", "purpose"})
Names = frozenset[str]


@functools.lru_cache(maxsize=8192)
def compiled(formula: str) -> Expression:
    """A formula compiled once per process."""
    return parse(formula)


def check_names(procedure: Procedure) -> None:
    """Refuse a procedure whose formulas, names, units or keys do not hold together."""
    checker = _Checker(procedure)
    names = checker.base()
    checker.tables(names)
    for section in procedure.sections:
        names = checker.section(section, names)
    for role in procedure.standards:
        if role.check and role.section:
            checker.formula(role.check, names | checker.inner[role.section], f"standards.{role.role}")
        checker.used(role)
    for number, period in enumerate(procedure.period):
        checker.formula(period.when, names, f"period.{number}")


class _Checker:
    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.table_keys = {table.key for table in procedure.mpe}
        self.parameters = {parameter.key for parameter in procedure.parameters}
        self.inner: dict[str, Names] = {}

    def formula(self, formula: str | None, names: Names, place: str) -> None:
        if formula is None:
            return
        try:
            expression = compiled(formula)
        except InputError as error:
            raise InputError(error.code, error.message, f"{self.procedure.id} {place}: {error.place}") from error
        unknown = expression.names - names
        if unknown:
            listed = ", ".join(sorted(unknown))
            message = f"unknown name {listed}; define it before it is used"
            raise InputError("formula_name", message, f"{self.procedure.id} {place}")

    def new(self, keys: Iterable[str], names: Names, place: str) -> Names:
        seen = set(names)
        for key in keys:
            if key in seen or key in RESERVED:
                raise InputError(
                    "key_twice", f"the name {key} is taken; choose another", f"{self.procedure.id} {place}"
                )
            seen.add(key)
        return frozenset(seen)

    def unit(self, code: str | None, place: str) -> None:
        if code is None:
            return
        if code.startswith("$"):
            if code[1:] not in self.parameters:
                raise InputError("unit_unknown", f"{code} names no parameter", f"{self.procedure.id} {place}")
            return
        unit(code)

    def rules(self, rules: Iterable[Rule], names: Names, place: str) -> None:
        for rule in rules:
            self.formula(rule.check, names, f"{place}.{rule.key}")
            self.formula(rule.when, names, f"{place}.{rule.key}")

    def base(self) -> Names:
        procedure = self.procedure
        names: Names = frozenset({"purpose"})
        for parameter in procedure.parameters:
            names = self.new([parameter.key], names, "parameters")
            self.unit(parameter.unit, f"parameters.{parameter.key}")
            self.formula(parameter.check, names, f"parameters.{parameter.key}")
        for standard in procedure.standards:
            keys = [f"{standard.role}_{suffix}" for suffix in ("U", "u", "k", "mpe")]
            names = self.new(keys, names, "standards")
            self.unit(standard.unit, f"standards.{standard.role}")
        names = self.new([condition.key for condition in procedure.environment], names, "environment")
        for definition in procedure.definitions:
            self.formula(definition.formula, names, f"definitions.{definition.key}")
            self.known_table(definition.table, f"definitions.{definition.key}")
            self.formula(definition.at, names, f"definitions.{definition.key}")
            self.mapped(definition, names)
            self.unit(definition.unit, f"definitions.{definition.key}")
            names = self.new([definition.key], names, "definitions")
        self.base_rules(names)
        return names

    def mapped(self, definition: Definition, names: Names) -> None:
        place = f"definitions.{definition.key}"
        choices = {p.key: set(p.choices) for p in self.procedure.parameters if p.kind == "choice"}
        if definition.map is not None and set(definition.map) != choices.get(definition.of or ""):
            where = f"{self.procedure.id} {place}"
            raise InputError("map_choices", "a map covers every choice of its parameter", where)
        for formula in (definition.map or {}).values():
            self.formula(formula, names, place)

    def base_rules(self, names: Names) -> None:
        procedure = self.procedure
        self.rules(procedure.constraints, names, "constraints")
        self.rules(procedure.environment_rules, names, "environment_rules")
        for condition in procedure.environment:
            self.unit(condition.unit, f"environment.{condition.key}")
            self.formula(condition.low, names, f"environment.{condition.key}")
            self.formula(condition.high, names, f"environment.{condition.key}")
        for standard in procedure.standards:
            if standard.section is None:
                self.formula(standard.check, names, f"standards.{standard.role}")
        for check in procedure.checks:
            self.formula(check.when, names, f"checks.{check.key}")
        self.new([check.key for check in procedure.checks], frozenset(), "checks")

    def known_table(self, key: str | None, place: str) -> None:
        if key is not None and key not in self.table_keys:
            raise InputError("table_unknown", f"no MPE table {key}", f"{self.procedure.id} {place}")

    def tables(self, names: Names) -> None:
        self.new([table.key for table in self.procedure.mpe], frozenset(), "mpe")
        for table in self.procedure.mpe:
            self.unit(table.unit, f"mpe.{table.key}")
            for number, band in enumerate(table.rows):
                place = f"mpe.{table.key}.{number}"
                self.formula(band.when, names, place)
                for formula in (band.at_least, band.above, band.up_to, band.below, band.high, band.low):
                    self.formula(formula, names | {"x"}, place)
            for factor in table.factors:
                self.formula(factor.when, names, f"mpe.{table.key}.factors")
                self.formula(factor.value, names, f"mpe.{table.key}.factors")

    def section(self, section: Section, names: Names) -> Names:
        place = f"sections.{section.key}"
        self.formula(section.when, names, place)
        fields = {field.key for field in section.fields}
        if section.point_key not in fields:
            raise InputError("point_key", "point_key names no field", f"{self.procedure.id} {place}")
        self.points(section, names, fields, place)
        inside = self.new([field.key for field in section.fields], names, place)
        for field in section.fields:
            self.unit(field.unit, f"{place}.{field.key}")
            for formula in (field.resolution, field.min, field.max, field.default, field.when):
                self.formula(formula, inside, f"{place}.{field.key}")
        for quantity in section.quantities:
            inside = self.quantity(quantity, inside, f"{place}.{quantity.key}")
        self.rules(section.rules, inside, place)
        self.inner[section.key] = inside
        exported = [f"{section.key}_{quantity.key}" for quantity in section.quantities]
        return self.new(exported, names, place)

    def used(self, role: Standard) -> None:
        fields = {s.key: {f.key for f in s.fields} for s in self.procedure.sections}
        for one in role.used:
            known = self.parameters if one.section is None else fields.get(one.section, set())
            if one.field not in known:
                place = f"{self.procedure.id} standards.{role.role}"
                raise InputError("used_field", f"used names no field {one.section or ''}.{one.field}", place)

    def points(self, section: Section, names: Names, fields: set[str], place: str) -> None:
        for number, point in enumerate(section.points):
            spot = f"{place}.points.{number}"
            looped = {loop.field for loop in (point.over, point.each) if loop}
            if (set(point.values) | looped) - fields:
                raise InputError(
                    "point_field", "a point gives a value to an unknown field", f"{self.procedure.id} {spot}"
                )
            if point.each and point.each.of not in self.parameters:
                raise InputError("point_list", "each.of names no parameter", f"{self.procedure.id} {spot}")
            self.formula(point.when, names, spot)
            if point.over:
                for formula in (point.over.start, point.over.stop, point.over.step):
                    self.formula(formula, names, spot)
            for formula in point.values.values():
                self.formula(formula, names | looped, spot)

    def quantity(self, quantity: Quantity, names: Names, place: str) -> Names:
        self.unit(quantity.unit, place)
        for formula in (quantity.formula, quantity.when, quantity.step):
            self.formula(formula, names, place)
        names = self.new([quantity.key], names, place)
        if quantity.uncertainty:
            self.budget(quantity.uncertainty, names, place)
            names = self.new([f"{quantity.key}_U", f"{quantity.key}_u"], names, place)
        if quantity.limit:
            self.limit(quantity.limit, names, place)
            names = self.new([f"{quantity.key}_low", f"{quantity.key}_high"], names, place)
        return names

    def limit(self, limit: Limit, names: Names, place: str) -> None:
        self.known_table(limit.table, place)
        for formula in (limit.at, limit.upper, limit.lower, limit.guard):
            self.formula(formula, names, place)

    def budget(self, budget: Budget, names: Names, place: str) -> None:
        own = self.new([item.name for item in budget.inputs], frozenset(), f"{place}.inputs")
        self.formula(budget.model, own, f"{place}.model")
        for item in budget.inputs:
            for formula in (item.value, item.std, item.half_width, item.beta, item.dof):
                self.formula(formula, names, f"{place}.{item.name}")
        for pair in budget.correlations:
            if {pair.a, pair.b} - own:
                raise InputError("correlation", "correlate known inputs", f"{self.procedure.id} {place}")
            self.formula(pair.r, names, place)
        self.formula(budget.k, names, place)
        self.formula(budget.coverage, names, place)
