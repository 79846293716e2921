"""The part of a run before any reading: instrument, environment, standards, definitions → the base scope of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.decimals import evaluate
from quanheng.metrology.expressions import MissingName, MissingValue
from quanheng.procedures.checking import compiled
from quanheng.procedures.limits import limit_text, look_up
from quanheng.procedures.records import STANDARD_KEYS, number, problem, text
from quanheng.procedures.results import Finding, Problem, Reason, Unverified
from quanheng.procedures.schema import (
    Condition,
    Definition,
    MaybeSourced,
    Parameter,
    Procedure,
    Rule,
    Sourced,
    Standard,
    Text,
)

ABSENT = object()


@dataclass
class Ledger:
    """What a run collects besides its results."""

    missing: list[Problem] = field(default_factory=list)
    invalid: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    used: dict[str, Unverified] = field(default_factory=dict)
    deferred: list[str] = field(default_factory=list)

    def complain(self, complaint: Problem) -> None:
        (self.missing if complaint.code == "missing" else self.invalid).append(complaint)

    def use(self, path: str, what: Text, value: str, mark: Sourced | MaybeSourced) -> None:
        """Remember that the run rests on a value that was not read in the norm."""
        if mark.verified not in (None, "yes") and path not in self.used:
            self.used[path] = Unverified(path, what.zh, what.en, value, str(mark.verified), str(mark.source))

    def defer(self, path: str) -> None:
        """Something could not be told yet. If no reading is missing in the end, that is a fault, never a pass."""
        self.deferred.append(path)

    def find(self, path: str, code: str, message: Text) -> None:
        self.findings.append(Finding(path, code, message.zh, message.en))

    def value(self, formula: str, scope: Mapping[str, Any], path: str) -> Any:
        """The value; ABSENT while a reading it needs is missing, None where an optional one was left out."""
        try:
            return evaluate(compiled(formula), scope)
        except MissingName:
            return ABSENT
        except MissingValue:
            return None
        except InputError as error:
            self.invalid.append(problem(path, error.code, f"{error.message}: {formula}"))
            return ABSENT

    def holds(self, formula: str | None, scope: Mapping[str, Any], path: str) -> bool | None:
        """Whether a condition holds; None while it cannot be told."""
        if formula is None:
            return True
        answer = self.value(formula, scope, path)
        return answer if isinstance(answer, bool) else None

    def apply(self, rule: Rule, scope: Mapping[str, Any], path: str, section: str = "", point: str = "") -> None:
        """Check a rule: a block is a finding, a reject is a reason."""
        wanted = self.holds(rule.when, scope, path)
        holds = self.holds(rule.check, scope, path) if wanted else True
        if wanted is None or holds is None:
            self.defer(f"{path}.{rule.key}")
        if not wanted:
            return
        self.use(f"{path}.{rule.key}", rule.message, rule.check, rule)
        if holds is not False:
            return
        if rule.severity == "block":
            self.find(path, rule.key, rule.message)
        else:
            spot = f" {point}" if point else ""
            self.reasons.append(Reason(section, point, rule.key, rule.message.zh + spot, rule.message.en + spot))


def base_scope(procedure: Procedure, record: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    """Names every formula may read: parameters, standards, environment, definitions, purpose."""
    scope: dict[str, Any] = {"purpose": record["purpose"]}
    instrument(procedure, record.get("instrument", {}), scope, ledger)
    _standards(procedure, record.get("standards", []), scope, ledger)
    environment = record.get("environment", {})
    for condition in procedure.environment:
        _read_condition(condition, environment, scope, ledger)
    _unknown(environment, {c.key for c in procedure.environment}, "environment", ledger)
    definitions(procedure, scope, ledger)
    for rule in procedure.constraints:
        ledger.apply(rule, scope, "instrument")
    for condition in procedure.environment:
        _judge_condition(condition, scope, ledger)
    for rule in procedure.environment_rules:
        ledger.apply(rule, scope, "environment")
    return scope


def instrument(procedure: Procedure, given: Mapping[str, Any], scope: dict[str, Any], ledger: Ledger) -> None:
    """Parameters of the instrument into the scope."""
    for parameter in procedure.parameters:
        path = f"instrument.{parameter.key}"
        value = given.get(parameter.key, parameter.default)
        if (value is None or value == "") and not parameter.required:
            scope[parameter.key] = None
            continue
        read = _parameter(parameter, value, path)
        if isinstance(read, Problem):
            ledger.complain(read)
            continue
        scope[parameter.key] = read
        if parameter.check and parameter.message and ledger.holds(parameter.check, scope, path) is False:
            del scope[parameter.key]
            ledger.invalid.append(Problem(path, "check_failed", parameter.message.zh, parameter.message.en))
    _unknown(given, {p.key for p in procedure.parameters}, "instrument", ledger)


def _parameter(parameter: Parameter, value: object, path: str) -> Any:
    if parameter.kind == "number":
        return number(value, path)
    if parameter.kind == "list":
        return _list_parameter(value, path)
    read = text(value, path)
    if parameter.kind == "choice" and isinstance(read, str) and read not in parameter.choices:
        return problem(path, "not_a_choice", f"choose one of {', '.join(parameter.choices)}")
    return read


def _list_parameter(value: object, path: str) -> tuple[Decimal, ...] | Problem:
    if value is None or value == [] or value == "":
        return problem(path, "missing", "a value is missing here; enter it")
    if not isinstance(value, list) or len(value) > 200:
        return problem(path, "not_text", "give a list of numbers as text")
    read = [number(item, f"{path}[{index}]") for index, item in enumerate(value)]
    wrong = next((item for item in read if isinstance(item, Problem)), None)
    return wrong or tuple(item for item in read if isinstance(item, Decimal))


def _unknown(given: Mapping[str, Any], known: set[str], place: str, ledger: Ledger) -> None:
    for key in given:
        if key not in known:
            ledger.invalid.append(
                problem(f"{place}.{str(key)[:60]}", "unknown_field", "the record sheet has no such field")
            )


def definitions(procedure: Procedure, scope: dict[str, Any], ledger: Ledger) -> None:
    """Values computed from the instrument, in the order of the file."""
    for definition in procedure.definitions:
        path = f"definitions.{definition.key}"
        formula = definition.formula or definition.at or _mapped(definition, scope)
        value = ABSENT if formula is None else ledger.value(formula, scope, path)
        if definition.table and isinstance(value, Decimal):
            try:
                value = look_up(procedure.table(definition.table), value, scope, ledger.use).high
            except (MissingName, MissingValue):
                value = ABSENT
            except InputError as error:
                ledger.invalid.append(problem(path, error.code, error.message))
                value = ABSENT
        if value is ABSENT:
            ledger.defer(path)
        else:
            scope[definition.key] = value
            ledger.use(path, definition.label, str(formula), definition)


def _mapped(definition: Definition, scope: Mapping[str, Any]) -> str | None:
    choice = scope.get(definition.of or "")
    return (definition.map or {}).get(choice) if isinstance(choice, str) else None


def _read_condition(condition: Condition, given: Mapping[str, Any], scope: dict[str, Any], ledger: Ledger) -> None:
    value = given.get(condition.key)
    if (value is None or value == "") and not condition.required:
        scope[condition.key] = None
        return
    read = number(value, f"environment.{condition.key}")
    if isinstance(read, Problem):
        ledger.complain(read)
    else:
        scope[condition.key] = read


def _judge_condition(condition: Condition, scope: Mapping[str, Any], ledger: Ledger) -> None:
    path = f"environment.{condition.key}"
    value = scope.get(condition.key)
    if not isinstance(value, Decimal):
        return
    low = None if condition.low is None else ledger.value(condition.low, scope, path)
    high = None if condition.high is None else ledger.value(condition.high, scope, path)
    span = " … ".join(limit_text(b) if isinstance(b, Decimal) else "" for b in (low, high))
    if low is not None or high is not None:
        ledger.use(path, condition.label, span, condition)
    if (isinstance(low, Decimal) and value < low) or (isinstance(high, Decimal) and value > high):
        zh = f"{condition.label.zh} {value} 超出 {span}"
        ledger.find(path, "environment", Text(zh=zh, en=f"{condition.label.en} {value} is outside {span}"))


def _standards(procedure: Procedure, entries: list[Any], scope: dict[str, Any], ledger: Ledger) -> None:
    roles = {standard.role for standard in procedure.standards}
    for index, entry in enumerate(entries):
        _unknown(entry, set(STANDARD_KEYS), f"standards[{index}]", ledger)
        if entry.get("role") not in roles:
            ledger.invalid.append(
                problem(f"standards[{index}].role", "not_a_choice", f"choose one of {', '.join(sorted(roles))}")
            )
    for standard in procedure.standards:
        own = [(index, entry) for index, entry in enumerate(entries) if entry.get("role") == standard.role]
        if not own and standard.required:
            message = f"name the {standard.label.en} that was used"
            ledger.missing.append(
                problem(f"standards.{standard.role}", "missing", message, f"请填写所用{standard.label.zh}")
            )
        _read_standard(standard, own, scope, ledger)


def _read_standard(
    standard: Standard, own: list[tuple[int, Mapping[str, Any]]], scope: dict[str, Any], ledger: Ledger
) -> None:
    """The least accurate of the standards of a role speaks for all of them."""
    found: dict[str, list[Decimal]] = {suffix: [] for suffix in ("U", "u", "k", "mpe")}
    for index, entry in own:
        place = f"standards[{index}]"
        for key in ("name", "certificate"):
            read_text = text(entry.get(key), f"{place}.{key}")
            if isinstance(read_text, Problem):
                ledger.complain(read_text)
        values: dict[str, Decimal] = {}
        for key in found:
            if entry.get(key) in (None, ""):
                continue
            read = number(entry[key], f"{place}.{key}")
            if isinstance(read, Problem):
                ledger.complain(read)
            elif read < 0 or (key == "k" and read == 0):
                ledger.invalid.append(problem(f"{place}.{key}", "out_of_range", "must not be negative"))
            else:
                values[key] = read
        _complete(values)
        for need in standard.needs:
            if need not in values and entry.get(need) in (None, ""):
                ledger.missing.append(problem(f"{place}.{need}", "missing", f"give {need} of this standard (U with k)"))
        for key, value in values.items():
            found[key].append(value)
    for suffix, values_found in found.items():
        if len(values_found) == len(own) and own:
            scope[f"{standard.role}_{suffix}"] = max(values_found)
        elif not standard.required or suffix not in standard.needs:
            scope[f"{standard.role}_{suffix}"] = None


def _complete(values: dict[str, Decimal]) -> None:
    if "k" in values and "U" in values:
        values.setdefault("u", values["U"] / values["k"])
    if "k" in values and "u" in values:
        values.setdefault("U", values["u"] * values["k"])
