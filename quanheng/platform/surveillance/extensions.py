"""Lots graded by the stored judgements of their meters, and decisions to use them longer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.metrology.energy_balance import grade
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.services.validity import Moved, extend_periods, undo_extension
from quanheng.platform.kernel import calendar, clock, events, numbering
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.workflow import apply
from quanheng.platform.surveillance import policies
from quanheng.platform.surveillance.models import AreaMeter, ExtendedInstrument, MeterVerdict, PeriodExtension, Role
from quanheng.platform.surveillance.rules import rules_of
from quanheng.platform.surveillance.workflow import EXTENSION

METHOD = "GB/T 2828.2 (isolated lot, LQ); counts by Poisson-binomial law over the stored P(|e| > limit)"


def rules() -> Mapping[str, Any]:
    """The file of the library."""
    return rules_of("period-extension")


def rule_named(name: str) -> Mapping[str, Any]:
    """One rule by which a lot may be extended."""
    found = next((r for r in rules()["rules"] if r["id"] == name), None)
    if found is None:
        raise Refused(_("没有这条依据"), code="invalid", place="rule")
    return dict(found)


def rules_for(region: str) -> list[Mapping[str, Any]]:
    """National rules and those of the province."""
    return [r for r in rules()["rules"] if region.startswith(r["region"])]


@dataclass(frozen=True)
class Lot:
    """Meters of one owner, manufacturer, lot and year of installation, and what their judgements say together."""

    organisation_id: Any
    manufacturer: str
    lot: str
    year: str
    meters: int
    judged: int
    expected_wrong: float | None
    upper90: float | None
    verdict: str  # accept | reject | undecided | too_few

    @property
    def key(self) -> dict[str, str]:
        """The query that names it."""
        return {"manufacturer": self.manufacturer, "lot": self.lot, "year": self.year}


def members(organisation: Organisation, manufacturer: str, lot: str, year: str) -> list[AreaMeter]:
    """Its meters in service."""
    rows = AreaMeter.objects.filter(
        area__organisation=organisation, role=Role.SUB, removed_on=None, manufacturer=manufacturer, lot=lot
    )
    rows = rows.filter(installed_on__year=int(year)) if year else rows.filter(installed_on=None)
    return list(rows.select_related("area", "instrument").order_by("meter_id"))


def lots(organisations: Iterable[Organisation]) -> list[Lot]:
    """Every lot that has a name, graded."""
    found = []
    for owner in organisations:
        rows = AreaMeter.objects.filter(area__organisation=owner, role=Role.SUB, removed_on=None)
        rows = rows.exclude(manufacturer="", lot="").only("manufacturer", "lot", "installed_on", "pk")
        groups: dict[tuple[str, str, str], list[AreaMeter]] = {}
        for m in rows:
            year = str(m.installed_on.year) if m.installed_on else ""
            groups.setdefault((m.manufacturer, m.lot, year), []).append(m)
        latest = _latest(m for group in groups.values() for m in group)
        found += [_graded(owner, key, group, latest) for key, group in sorted(groups.items())]
    return found


def _latest(meters: Iterable[AreaMeter]) -> dict[Any, MeterVerdict]:
    """The last judgement of each meter that the data spoke of, from evaluations that are recent enough."""
    since = clock.today() - dt.timedelta(days=int(rules()["max_age_days"]))
    ids = [m.pk for m in meters]
    found: dict[Any, MeterVerdict] = {}
    for start in range(0, len(ids), 500):
        rows = MeterVerdict.objects.filter(
            meter__in=ids[start : start + 500], evaluation__fit="ok", evaluation__until__gte=since,
            p_exceed__isnull=False, u__isnull=False,
        ).select_related("evaluation")  # fmt: skip
        for one in rows.order_by("evaluation__until", "evaluation__version"):
            found[one.meter_id] = one
    return found


def _graded(
    owner: Organisation, key: tuple[str, str, str], group: list[AreaMeter], latest: Mapping[Any, MeterVerdict]
) -> Lot:
    p = chances([latest[m.pk] for m in group if m.pk in latest])
    if len(p) < int(rules()["least_judged"]):
        return Lot(owner.pk, *key, len(group), len(p), None, None, "too_few")
    done = grade(np.array(p), limiting_quality=float(rules()["limiting_quality"]))
    return Lot(
        owner.pk, *key, len(group), done.meters, round(done.expected, 6), round(done.upper, 4), done.verdict
    )  # fmt: skip


def chances(verdicts: Iterable[MeterVerdict]) -> list[float]:
    """P(beyond the limit) of the meters whose uncertainty is below half the limit: only they are evidence."""
    return [
        min(1.0, max(0.0, v.p_exceed or 0.0)) for v in verdicts if v.u is not None and v.u < 0.5 * v.evaluation.limit
    ]


@transaction.atomic
def propose(
    *, actor: Actor, organisation: Organisation, manufacturer: str, lot: str, year: str, rule: str, months: int,
    reason: str,
) -> PeriodExtension:  # fmt: skip
    """Ask that a lot be used longer. Its grade must accept it, and none of its meters may wait for a check on site."""
    require(policies.may_keep_for(actor, organisation))
    chosen = rule_named(rule)
    if not organisation.region_id.startswith(chosen["region"]):
        raise Refused(_("这条依据不适用于本地"), code="invalid", place="rule")
    if not 1 <= months <= int(chosen["months"]):
        raise Refused(_("这条依据最多延长 %(n)d 个月") % {"n": chosen["months"]}, code="invalid", place="months")
    if not reason.strip():
        raise Refused(_("请写明理由"), code="reason_required", place="reason")
    group = members(organisation, manufacturer, lot, year)
    latest = _latest(group)
    graded = _graded(organisation, (manufacturer, lot, year), group, latest)
    if graded.verdict != "accept":
        raise Refused(_("这一批次的评价不支持延长:%(why)s") % {"why": verdict_words(graded.verdict)}, code="grade")
    if not any(m.instrument_id for m in group):
        raise Refused(_("这一批次的表计还没有与台账绑定"), code="not_bound")
    evidence = _evidence(graded, chosen, group, latest)
    today = clock.today()
    made = PeriodExtension.objects.create(
        number=f"YQ{today:%Y}-{numbering.next_value(f'period-extension-{today:%Y}'):05d}", state="proposed",
        organisation=organisation, region_id=organisation.region_id, manufacturer=manufacturer, lot=lot, year=year,
        rule=rule, months=months, reason=reason.strip()[:400], meters=len(group), evidence=evidence,
        evidence_sha256=hashlib.sha256(json.dumps(evidence, sort_keys=True, ensure_ascii=False).encode()).hexdigest(),
        proposed_by=actor.user_id, proposed_name=actor.name,
    )  # fmt: skip
    events.record(actor, "surveillance.extension_proposed", made, reason=reason, after={"lot": made.named})
    return made


def _evidence(
    graded: Lot, rule: Mapping[str, Any], group: list[AreaMeter], latest: Mapping[Any, MeterVerdict]
) -> dict[str, Any]:
    plain = {k: v for k, v in asdict(graded).items() if k != "organisation_id"}
    used = {latest[m.pk].evaluation for m in group if m.pk in latest}
    return {
        "grade": plain,
        "method": METHOD,
        "limiting_quality": rules()["limiting_quality"],
        "rule": {k: rule[k] for k in ("id", "source", "verified")},
        "evaluations": sorted(e.evidence_sha256 for e in used),
        "waiting": sum(1 for m in group if m.verdict == "check"),
    }


def verdict_words(verdict: str) -> str:
    """A grade in the reader's language."""
    words = {
        "accept": _("接收"), "reject": _("不接收"), "undecided": _("证据不足"), "too_few": _("已判定的表计太少"),
    }  # fmt: skip
    return str(words.get(verdict, verdict))


@transaction.atomic
def grant(*, actor: Actor, extension: PeriodExtension, months: int, reason: str) -> PeriodExtension:
    """Put the due dates of the lot's instruments off. Meters that the data send somebody to are left out."""
    if not 1 <= months <= extension.months:
        raise Refused(_("延长月数不能超过申请的 %(n)d 个月") % {"n": extension.months}, code="invalid", place="months")
    done = apply(
        EXTENSION, "grant", extension, actor=actor, reason=reason, granted_months=months,
        decision=reason.strip()[:400], decided_name=actor.name, decided_at=clock.now(),
    )  # fmt: skip
    rows = [
        (item, calendar.add_months(item.valid_until, months)) for item in instruments_of(extension) if item.valid_until
    ]
    moved = extend_periods(actor=actor, rows=rows, ground=extension.number)
    if not moved:
        raise Refused(_("没有可以延长的器具:须在用、最近检定合格且仍有效"), code="empty")
    ExtendedInstrument.objects.bulk_create(
        ExtendedInstrument(extension=extension, instrument=m.instrument, before=m.before, after=m.after) for m in moved
    )
    return done


def instruments_of(extension: PeriodExtension) -> list[Instrument]:
    """Instruments of the ledger that the lot's meters are bound to; not those with a meter under suspicion, nor lots
    of the ledger that hold meters of other lots."""
    group = members(extension.organisation, extension.manufacturer, extension.lot, extension.year)
    bad = {m.instrument_id for m in group if m.verdict in ("check", "suspect")}
    mine = {m.pk for m in group}
    wanted = {m.instrument_id for m in group if m.instrument_id} - bad
    others = AreaMeter.objects.filter(instrument__in=wanted, removed_on=None).exclude(pk__in=mine)
    mixed = set(others.values_list("instrument_id", flat=True))
    return list(Instrument.objects.filter(pk__in=wanted - mixed).order_by("pk"))


@transaction.atomic
def refuse(*, actor: Actor, extension: PeriodExtension, reason: str) -> PeriodExtension:
    """Leave the due dates as they are, with the reason."""
    return apply(
        EXTENSION, "refuse", extension, actor=actor, reason=reason, decision=reason.strip()[:400],
        decided_name=actor.name, decided_at=clock.now(),
    )  # fmt: skip


@transaction.atomic
def undo(*, actor: Actor, extension: PeriodExtension, reason: str) -> PeriodExtension:
    """Back to the earlier due dates; what was verified since keeps its own."""
    done = apply(EXTENSION, "undo", extension, actor=actor, reason=reason)
    moved = [Moved(m.instrument, m.before, m.after) for m in extension.moved.select_related("instrument")]
    undo_extension(actor=actor, moved=moved, ground=extension.number, reason=reason)
    return done


def withdraw(*, actor: Actor, extension: PeriodExtension, reason: str) -> PeriodExtension:
    """The utility takes its proposal back."""
    return apply(EXTENSION, "withdraw", extension, actor=actor, reason=reason)
