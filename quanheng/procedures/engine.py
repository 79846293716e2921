"""Runs a procedure on a record. Pure: the same procedure, record and software give the same bytes."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.decimals import CONTEXT
from quanheng.procedures import records
from quanheng.procedures.hashing import digest, software
from quanheng.procedures.loader import Loaded, load
from quanheng.procedures.records import problem
from quanheng.procedures.results import Evaluation, Reason, RunResult
from quanheng.procedures.schema import Check, Procedure, Standard
from quanheng.procedures.sections import SectionRun, skipped
from quanheng.procedures.setting import Ledger, base_scope

UNCOMPUTED = "this cannot be computed from what is filled in"


def evaluate(procedure: Loaded | str, record: Mapping[str, Any]) -> Evaluation:
    """Compute what can be computed from a record that may still be incomplete.

    Parameters
    ----------
    procedure : Loaded or str
        A loaded procedure, or the identifier of one in the library.
    record : mapping
        The raw record; every reading is text.

    Returns
    -------
    Evaluation
        `verdict` is None until nothing is missing and nothing is invalid.

    Raises
    ------
    InputError
        Only where the form of the record as a whole is wrong.
    """
    loaded = load(procedure) if isinstance(procedure, str) else procedure
    shaped = records.shaped(dict(record))
    if shaped.get("procedure") != loaded.procedure.id:
        raise InputError(
            "procedure_differs",
            f"the record names {shaped.get('procedure')!r}; run it with that procedure",
            "procedure",
        )
    with decimal.localcontext(CONTEXT):
        return _evaluate(loaded, shaped)


def run(procedure: Loaded | str, record: Mapping[str, Any]) -> RunResult:
    """Run a complete record; the first missing or invalid field is an InputError that names its path."""
    return complete(evaluate(procedure, record))


def complete(answer: Evaluation) -> RunResult:
    """The result of an evaluation to which nothing is missing; else an InputError as of :func:`run`."""
    for complaint in (*answer.invalid, *answer.missing):
        more = len(answer.invalid) + len(answer.missing) - 1
        tail, rest = (f" (and {more} more)", f"（另有 {more} 处）") if more else ("", "")
        raise InputError(complaint.code, complaint.en + tail, complaint.path, complaint.zh + rest)
    if answer.verdict is None:
        raise InputError("incomplete", "the record is not complete", "")
    hashes = {key: value for key, value in answer.hashes.items() if value is not None}
    return RunResult(
        answer.procedure,
        answer.verdict,
        answer.results,
        answer.reasons,
        answer.findings,
        answer.unverified,
        hashes,
        answer.rounding,
    )


def _evaluate(loaded: Loaded, record: dict[str, Any]) -> Evaluation:
    procedure, ledger = loaded.procedure, Ledger()
    scope = base_scope(procedure, record, ledger)
    _laws(procedure, ledger, scope)
    runs: dict[str, SectionRun] = {}
    given = record.get("sections", {})
    for section in procedure.sections:
        applies = ledger.holds(section.when, scope, section.key) if record["purpose"] in section.purposes else False
        if applies:
            runs[section.key] = SectionRun(procedure, section, given.get(section.key, []), scope, ledger)
            scope.update(runs[section.key].exports())
        elif applies is None:
            ledger.defer(f"sections.{section.key}")
        else:
            scope.update(skipped(section))
            if given.get(section.key):
                ledger.invalid.append(
                    problem(f"sections.{section.key}", "not_expected", "this verification does not need it")
                )
    for key in given:
        if key not in {section.key for section in procedure.sections}:
            ledger.invalid.append(
                problem(f"sections.{str(key)[:60]}", "unknown_field", "the record sheet has no such section")
            )
    for standard in procedure.standards:
        _judge_standard(standard, runs, scope, ledger)
    _checks(procedure, record, scope, ledger)
    return _answer(loaded, record, ledger, runs)


def _laws(procedure: Procedure, ledger: Ledger, scope: Mapping[str, Any]) -> None:
    ledger.use("norm", procedure.norm.title, procedure.norm.number, procedure.norm)
    ledger.use("scope", procedure.scope.text, procedure.scope.text.en, procedure.scope)
    ledger.use("verdict", procedure.verdict.text, procedure.verdict.text.en, procedure.verdict)
    ledger.use("rounding", procedure.rounding.text, procedure.rounding.judge, procedure.rounding)
    for number, period in enumerate(procedure.period):
        if ledger.holds(period.when, scope, "period"):
            ledger.use(f"period[{number}]", period.text, str(period.months or "-"), period)
            break


def _judge_standard(standard: Standard, runs: Mapping[str, SectionRun], scope: dict[str, Any], ledger: Ledger) -> None:
    if f"{standard.role}_U" not in scope and f"{standard.role}_mpe" not in scope:
        return
    path = f"standards.{standard.role}"
    ledger.use(path, standard.requirement, standard.check or standard.requirement.en, standard)
    if standard.check is None:
        return
    if standard.section is None:
        scopes: list[Mapping[str, Any]] = [scope]
    else:
        scopes = runs[standard.section].row_scopes() if standard.section in runs else []
    answers = [ledger.holds(standard.check, inner, path) for inner in scopes]
    if None in answers:
        ledger.defer(path)
    if False in answers:
        ledger.find(path, "standard_not_accurate", standard.requirement)


def _checks(procedure: Procedure, record: Mapping[str, Any], scope: Mapping[str, Any], ledger: Ledger) -> None:
    answers = record.get("checks", {})
    known = {check.key for check in procedure.checks}
    for key in answers:
        if key not in known:
            ledger.invalid.append(
                problem(f"checks.{str(key)[:60]}", "unknown_field", "the procedure has no such check")
            )
    for check in procedure.checks:
        holds = ledger.holds(check.when, scope, f"checks.{check.key}") if record["purpose"] in check.purposes else False
        if holds is None:
            ledger.defer(f"checks.{check.key}")
        elif holds:
            _check(check, answers.get(check.key), ledger)
        elif answers.get(check.key) is not None:
            ledger.invalid.append(problem(f"checks.{check.key}", "not_expected", "this verification does not need it"))


def _check(check: Check, answer: object, ledger: Ledger) -> None:
    path = f"checks.{check.key}"
    if answer is None:
        ledger.missing.append(problem(path, "missing", "answer true or false", "请选择合格或不合格"))
    elif not isinstance(answer, bool):
        ledger.invalid.append(problem(path, "not_an_answer", "answer true or false"))
    else:
        ledger.use(path, check.title, check.title.en, check)
        if not answer:
            ledger.reasons.append(
                Reason("checks", "", check.key, f"{check.title.zh}：不合格", f"{check.title.en}: failed")
            )


def _answer(loaded: Loaded, record: dict[str, Any], ledger: Ledger, runs: Mapping[str, SectionRun]) -> Evaluation:
    rounding = loaded.procedure.rounding
    if not ledger.missing and not ledger.invalid:
        ledger.invalid.extend(problem(path, "not_computed", UNCOMPUTED) for path in dict.fromkeys(ledger.deferred))
    complete = not ledger.missing and not ledger.invalid
    try:
        record_hash: str | None = digest(record)
    except InputError as error:
        record_hash, complete = None, False
        ledger.invalid.append(problem(error.place, error.code, error.message))
    return Evaluation(
        procedure=loaded.procedure.id,
        verdict=("reject" if ledger.reasons else "pass") if complete else None,
        results=tuple(outcome for section in runs.values() for outcome in section.outcomes),
        reasons=tuple(ledger.reasons),
        findings=tuple(ledger.findings),
        unverified=tuple(ledger.used[path] for path in sorted(ledger.used)),
        missing=tuple(ledger.missing),
        invalid=tuple(ledger.invalid),
        hashes={"procedure": loaded.sha256, "record": record_hash, "software": software()},
        rounding={"judge": rounding.judge, "zh": rounding.text.zh, "en": rounding.text.en},
        sheets={key: section.sheet() for key, section in runs.items()},
    )
