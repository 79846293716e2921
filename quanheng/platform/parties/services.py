"""Writes of licences and authorised items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.people import may_administer
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.parties import queries
from quanheng.platform.parties.models import Authorisation, Duty, InstituteRule, Licence
from quanheng.platform.parties.policies import may_confirm, may_enter


def _dates(valid_from: dt.date, valid_until: dt.date) -> None:
    if valid_until < valid_from:
        raise Refused(_("有效期至早于有效期自"), code="dates", place="valid_until")


@transaction.atomic
def add_licences(
    *,
    actor: Actor,
    user: User,
    organisation: Organisation,
    duty: str,
    norms: Iterable[Norm],
    number: str,
    valid_from: dt.date,
    valid_until: dt.date,
) -> list[Licence]:
    """Enter a person's licence for one duty and these norms; each norm may be withdrawn on its own."""
    require(may_administer(actor, organisation))
    _dates(valid_from, valid_until)
    if duty not in Duty.values:
        raise Refused(_("职责只能是检定、核验或签发"), code="duty", place="duty")
    if user.organisation_id != organisation.pk:
        raise Refused(_("该人员不在本机构"), code="person", place="user")
    norms = list(norms)
    taken = Licence.objects.filter(
        user=user, organisation=organisation, duty=duty, norm__in=norms, valid_from=valid_from
    )
    if taken.exists():
        raise Refused(_("该资格已登记"), code="duplicate", place="norm")
    common = {"user": user, "organisation": organisation, "duty": duty, "number": number}
    made = [Licence(norm=n, valid_from=valid_from, valid_until=valid_until, **common) for n in norms]
    Licence.objects.bulk_create(made)
    events.record_many(actor, "parties.licence_added", made, after={"duty": duty, "number": number, "user": user.name})
    return made


@transaction.atomic
def withdraw_licence(*, actor: Actor, licence: Licence, reason: str) -> Licence:
    """Withdraw a licence from today on; what was done under it before stands."""
    require(may_administer(actor, licence.organisation))
    if not reason.strip():
        raise Refused(_("请写明撤回的原因"), code="reason_required", place="reason")
    if licence.withdrawn_on is not None:
        raise Refused(_("该资格已撤回"), code="wrong_state")
    licence.withdrawn_on = clock.today()
    licence.save(update_fields=["withdrawn_on"])
    events.record(
        actor, "parties.licence_withdrawn", licence, reason=reason, after={"withdrawn_on": licence.withdrawn_on}
    )
    return licence


@transaction.atomic
def authorise(
    *,
    actor: Actor,
    organisation: Organisation,
    norm: Norm,
    number: str,
    valid_from: dt.date,
    valid_until: dt.date,
    capacity_per_day: int = 50,
    measuring_range: str = "",
) -> Authorisation:
    """Enter an item that an institute is authorised to verify.

    A regulator's entry counts at once; the institute's own waits until a regulator of its region confirms it.
    """
    require(may_enter(actor, organisation))
    _dates(valid_from, valid_until)
    if Authorisation.objects.filter(organisation=organisation, norm=norm, valid_from=valid_from).exists():
        raise Refused(_("该授权项目已登记"), code="duplicate", place="norm")
    made = Authorisation.objects.create(
        organisation=organisation,
        norm=norm,
        number=number,
        valid_from=valid_from,
        valid_until=valid_until,
        capacity_per_day=capacity_per_day,
        measuring_range=measuring_range,
        confirmed_at=clock.now() if may_confirm(actor, organisation) else None,
    )
    events.record(actor, "parties.authorised", made, after={"norm": norm.number, "number": number})
    return made


@transaction.atomic
def confirm_authorisations(*, actor: Actor, authorisations: Iterable[Authorisation]) -> int:
    """A regulator confirms that the items were granted; returns how many had waited."""
    ids = [a.pk for a in authorisations]
    rows = Authorisation.objects.select_for_update(of=("self",)).select_related("organisation", "norm")
    waiting = list(rows.filter(queries.WAITING, pk__in=ids).order_by("pk"))
    for row in waiting:
        require(may_confirm(actor, row.organisation))
        row.confirmed_at = clock.now()
        row.save(update_fields=["confirmed_at"])
        after = {"norm": row.norm.number, "number": row.number, "confirmed_at": row.confirmed_at}
        events.record(actor, "parties.authorisation_confirmed", row, after=after)
    return len(waiting)


@transaction.atomic
def withdraw_authorisation(*, actor: Actor, authorisation: Authorisation, reason: str) -> Authorisation:
    """Withdraw an authorised item from today on; what was issued under it before stands."""
    require(may_enter(actor, authorisation.organisation))
    if not reason.strip():
        raise Refused(_("请写明撤回的原因"), code="reason_required", place="reason")
    if authorisation.withdrawn_on is not None:
        raise Refused(_("该授权项目已撤回"), code="wrong_state")
    authorisation.withdrawn_on = clock.today()
    authorisation.save(update_fields=["withdrawn_on"])
    after = {"withdrawn_on": authorisation.withdrawn_on}
    events.record(actor, "parties.authorisation_withdrawn", authorisation, reason=reason, after=after)
    return authorisation


@transaction.atomic
def set_rule(
    *,
    actor: Actor,
    organisation: Organisation,
    key: str,
    source: str,
    valid_from: dt.date,
    valid_until: dt.date | None = None,
) -> InstituteRule:
    """Enter a dated rule of an institute with what it rests on."""
    require(may_administer(actor, organisation))
    if not source.strip():
        raise Refused(_("请写明依据"), code="source", place="source")
    if valid_until is not None:
        _dates(valid_from, valid_until)
    made = InstituteRule(
        organisation=organisation, key=key, source=source.strip(), valid_from=valid_from, valid_until=valid_until
    )
    try:
        made.clean_fields(exclude=["organisation"])
    except ValidationError as error:
        raise Refused(*error.messages, code="invalid") from error
    made.save()
    events.record(actor, "parties.rule_set", made, after={"key": key, "source": source, "valid_from": valid_from})
    return made
