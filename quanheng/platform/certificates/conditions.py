"""Every condition of issue, each with its answer. A refusal names all that fail, not the first."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.catalog.models import Norm
from quanheng.platform.certificates import coverage, item, ratios, standards_used
from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.models import PreparedDocument, Record
from quanheng.platform.certificates.naming import Names, said
from quanheng.platform.certificates.policies import signatory_may_check
from quanheng.platform.instruments.workflow import verifiable
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.words import words_of
from quanheng.platform.law.queries import item_at
from quanheng.platform.parties.models import Duty
from quanheng.platform.parties.queries import authorised, licences_for
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.queries import may_use
from quanheng.platform.trace.queries import prove
from quanheng.platform.trace.words import broken_words
from quanheng.platform.verification.models import Task
from quanheng.procedures.replay import ADDED


@dataclass(frozen=True)
class Condition:
    """One condition of issue: whether it holds, and why (not)."""

    key: str
    ok: bool
    text: str
    detail: str = ""

    @property
    def refusal(self) -> str:
        """The sentence of a refusal."""
        return f"{self.text} — {self.detail}" if self.detail else self.text


@dataclass(frozen=True)
class People:
    """Who verified, checks and signs; None where nobody has yet."""

    verifier: User
    checker: User | None = None
    signatory: User | None = None


def people_of(
    record: Record | PreparedDocument, *, checker: User | None = None, signatory: User | None = None
) -> People:
    """The three of a record, with those about to act."""
    return People(record.verifier, checker or record.checker, signatory or record.signatory)


def issue_conditions(
    record: Record,
    *,
    people: People | None = None,
    factor: str | None = None,
    recompute: bool = True,
    computed: dict[str, Any] | None = None,
) -> list[Condition]:
    """All conditions known at this stage. ``factor`` None: the second factor is not asked for yet.

    ``computed`` is the result where the caller has just computed it from this very record.
    """
    people = people or people_of(record)
    found = [_instrument(record), _item(record), _day(record), *_norm(record)]
    found += _computed(record, computed) if recompute else []
    found += _standards(record)
    found += [*_ranges(record), *_ratios(record, computed or record.result)]
    found += _people(record, people)
    if factor is not None:
        found.append(
            Condition("second_factor", bool(factor), _("第二因素已验证"), "" if factor else _("动态口令不正确"))
        )
    return found


def prepared_conditions(
    prepared: PreparedDocument, *, people: People | None = None, factor: str | None = None
) -> list[Condition]:
    """What must hold for a document whose content was written elsewhere: norm, standards, people, factor."""
    found = list(_norm(prepared))
    for named in prepared.content.get("standards", []):
        found += _named_standard(prepared, str(named.get("number", "")))
    found += _people(prepared, people or people_of(prepared))
    if factor is not None:
        detail = "" if factor else _("动态口令不正确")
        found.append(Condition("second_factor", bool(factor), _("第二因素已验证"), detail))
    return found


def _named_standard(prepared: PreparedDocument, number: str) -> Iterator[Condition]:
    standard = MeasurementStandard.objects.filter(organisation=prepared.organisation, code=number).first()
    if standard is None:
        text = _("标准器 %(name)s 当日有效") % {"name": number}
        yield Condition(f"standard_valid:{number}", False, text, _("本机构台账中没有这个标准编号"))
        return
    decision = may_use(standard, prepared.norm, prepared.performed_on)
    text = _("标准器 %(name)s 当日有效") % {"name": standard}
    yield Condition(f"standard_valid:{number}", bool(decision), text, "" if decision else decision.reason)
    yield _traceable(prepared, standard, prepared.performed_on)


def failing(conditions: list[Condition]) -> list[Condition]:
    """Those that stand in the way."""
    return [c for c in conditions if not c.ok]


def _instrument(record: Record) -> Condition:
    decision = verifiable(record.instrument)
    return Condition("instrument_state", bool(decision), _("器具处于可检定状态"), "" if decision else decision.reason)


def _item(record: Record) -> Condition:
    wrong = item.complaints(record)
    return Condition("item", not wrong, _("器具信息完整并与检定参数一致"), "; ".join(wrong))


def wrong_day(task: Task, day: dt.date) -> str:
    """Why a verification of this task cannot have been done that day; empty where it can."""
    accepted = task.application.decided_at
    if day > clock.today():
        return _("检定日期 %(day)s 晚于今天") % {"day": day}
    if accepted is not None and day < clock.civil_date(accepted):
        return _("检定日期 %(day)s 早于受理日期 %(accepted)s:未受理的器具不能检定") % {
            "day": day,
            "accepted": clock.civil_date(accepted),
        }
    return ""


def _day(record: Record) -> Condition:
    detail = wrong_day(record.task, record.performed_on)
    return Condition("performed_on", not detail, _("检定日期在受理之后、今天之前"), detail)


def norm_of(record: Record | PreparedDocument) -> Norm | None:
    """The norm of the record."""
    return record.norm


def _norm(record: Record | PreparedDocument) -> Iterator[Condition]:
    norm, day = norm_of(record), record.performed_on
    if norm is None:
        yield Condition("norm_in_force", False, _("检定规程现行有效"), _("任务没有检定规程"))
        return
    early = norm.in_force_from is not None and day < norm.in_force_from
    late = norm.in_force_to is not None and day > norm.in_force_to
    detail = ""
    if early or late:
        detail = _("%(norm)s 在 %(day)s 未施行或已废止") % {"norm": norm.number, "day": day}
    yield Condition("norm_in_force", not detail, _("检定规程现行有效"), detail)
    held = authorised(record.organisation, norm, day)
    yield Condition("authorised", bool(held), _("项目在机构授权范围内"), "" if held else held.reason)


def _computed(record: Record, computed: dict[str, Any] | None = None) -> Iterator[Condition]:
    """The server computes the result again; stored and fresh must agree."""
    try:
        result = computed or procedures.compute(record.procedure_id, record.data)
    except InputError as error:
        place = Names(record.procedure_id, record.data).of(error.place) or error.place
        detail = f"{place}:{words_of(error)}" if place else words_of(error)
        yield Condition("record_complete", False, _("原始记录完整"), detail)
        return
    yield Condition("record_complete", True, _("原始记录完整"))
    same = result["hashes"]["procedure"] == record.procedure_sha256 and (
        record.result is None or fingerprint(record.result) == fingerprint(result)
    )
    detail = "" if same else _("服务器重新计算的结果与提交时不一致,请退回检定员重新提交")
    yield Condition("result_identical", same, _("服务器重算结果一致"), detail)
    inside = [f for f in result["findings"] if f["path"].startswith("environment")]
    yield Condition("environment", not inside, _("环境条件在规程限值内"), "; ".join(said(f) for f in inside))
    accurate = [f for f in result["findings"] if f["path"].startswith("standards")]
    yield Condition("accuracy", not accurate, _("标准器准确度满足规程要求"), "; ".join(said(f) for f in accurate))
    rest = [f for f in result["findings"] if f not in inside and f not in accurate]
    if rest:
        yield Condition("procedure", False, _("符合规程的其他要求"), "; ".join(said(f) for f in rest))


def fingerprint(result: dict[str, Any]) -> str:
    """A result without the software that computed it: what must not change between the three people.

    A record handed in before an upgrade lacks what later releases add; where that is empty it says nothing else.
    """
    hashes = {k: v for k, v in result["hashes"].items() if k != "software"}
    told = [{k: v for k, v in o.items() if v is not None or k not in ADDED} for o in result["results"]]
    return json.dumps({**result, "hashes": hashes, "results": told}, sort_keys=True, ensure_ascii=False)


def _standards(record: Record) -> Iterator[Condition]:
    norm, rows = norm_of(record), record.standards.select_related("standard", "standard__organisation")
    if not rows:
        yield Condition("standards", False, _("已登记所用标准器"), _("没有登记所用标准器"))
    for row in rows:
        standard = row.standard
        decision = may_use(standard, norm, row.used_on) if norm else None
        detail = "" if decision else (decision.reason if decision is not None else _("任务没有检定规程"))
        foreign = standard.organisation_id != record.organisation_id
        if foreign:
            detail = _("该标准不属于本机构")
        yield Condition(
            f"standard_valid:{standard.code}", not detail, _("标准器 %(name)s 当日有效") % {"name": standard}, detail
        )
        yield _traceable(record, standard, row.used_on)


def _ranges(record: Record) -> Iterator[Condition]:
    """The standards chosen together cover every value, and how fine they are for it is known."""
    loaded = procedures.loaded(record.procedure_id)
    wanted = coverage.demands(loaded, record.data)
    titles = Names(record.procedure_id, record.data).roles
    for role, standards in standards_used.by_role(record.data).items():
        if role not in wanted:
            continue
        known = wanted[role].extents(standards, record.performed_on)
        detail, title = coverage.too_narrow(standards, wanted[role], known), titles.get(role, role)
        yield Condition(
            f"standard_range:{role}", not detail, _("%(role)s的测量范围含各检定点") % {"role": title}, detail
        )


def _ratios(record: Record, result: dict[str, Any] | None) -> Iterator[Condition]:
    """A ratio that could be told and is not would pass every later audit unseen."""
    if result is None:
        return
    for entry in record.data.get("standards", []):
        if ratios.incomparable(record.procedure_id, record.data, result["results"], entry):
            detail = _("%(name)s 的不确定度与检定的允许误差单位不同,无法比较") % {"name": entry["name"]}
            yield Condition(f"standard_ratio:{entry['serial']}", False, _("标准器与被检器具的准确度可比较"), detail)


def declared_suffices(region_code: str, on: dt.date) -> bool:
    """Whether the region accepts a chain that holds only as declared on paper; yes where no rule says otherwise."""
    rule = item_at("rule", "declared-chain-suffices", on, region_code)
    return rule is None or str(rule.body.get("value", "yes")) == "yes"


def _traceable(record: Record | PreparedDocument, standard: MeasurementStandard, on: dt.date) -> Condition:
    text = _("标准器 %(name)s 当日可溯源") % {"name": standard}
    answer = prove(standard.pk, on)
    detail = ""
    if not answer["holds"]:
        detail = str(broken_words(answer["broken"])[0])
    elif not answer["proven"] and not declared_suffices(record.organisation.region_id, on):
        detail = _("溯源链只有纸面声明,本地区规则要求可核验的证书")
    return Condition(f"standard_trace:{standard.code}", not detail, text, detail)


def _people(record: Record | PreparedDocument, people: People) -> Iterator[Condition]:
    norm, day = norm_of(record), record.performed_on
    today = checked_on = clock.today()
    if people.checker != people.signatory and record.checked_at is not None:
        checked_on = clock.civil_date(record.checked_at)
    acts = (
        ("verifier", people.verifier, Duty.VERIFY, day, _("检定员")),
        ("checker", people.checker, Duty.CHECK, checked_on, _("核验员")),
        ("signatory", people.signatory, Duty.SIGN, today, _("授权签字人")),
    )
    named = [(key, user, duty, on, title) for key, user, duty, on, title in acts if user is not None]
    asked = [(user, duty, on) for _key, user, duty, on, _title in named]
    decisions = licences_for(asked, record.organisation, norm) if norm is not None else []
    for (key, user, _duty, _on, title), decision in zip(named, decisions, strict=False):
        text = _("%(title)s %(name)s 持有有效资格") % {"title": title, "name": user.name}
        yield Condition(f"{key}_licence", bool(decision), text, "" if decision else decision.reason)
    yield _three(record, people)


def _three(record: Record | PreparedDocument, people: People) -> Condition:
    detail = ""
    if people.checker == people.verifier:
        detail = _("检定员不能核验自己的检定")
    elif people.signatory is not None and people.signatory == people.verifier:
        detail = _("检定员不能签发自己的检定")
    elif people.signatory is not None and people.signatory == people.checker and not _may_do_both(record):
        detail = _("核验员与授权签字人须为两人(本机构无兼任规定)")
    return Condition("three_people", not detail, _("检定、核验、签发由不同人员完成"), detail)


def _may_do_both(record: Record | PreparedDocument) -> bool:
    return signatory_may_check(record, clock.today())
