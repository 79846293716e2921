"""Who may record, check, sign and read records."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.parties.models import InstituteRule
from quanheng.platform.verification import policies as verification


def may_record(actor: Actor, record: Any) -> Decision:
    """Only the verifier who made the record writes in it."""
    if actor.acts_for(record.organisation.path, Role.VERIFIER) and actor.user_id == record.verifier_id:
        return Allowed()
    return Denied(_("只有本次检定的检定员可以填写和提交"))


def may_check(actor: Actor, record: Any) -> Decision:
    """A checker of the institute, never on own work."""
    return verification.may_check(actor, record)


def signatory_may_check(record: Any, on: Any) -> bool:
    """Whether the institute's dated rule lets one person check and sign."""
    rules = InstituteRule.objects.filter(
        organisation_id=record.organisation_id, key="signatory_may_check", valid_from__lte=on
    )
    return rules.filter(Q(valid_until=None) | Q(valid_until__gte=on)).exists()


def may_sign(actor: Actor, record: Any) -> Decision:
    """A signatory of the institute, never on own work."""
    return verification.may_sign(actor, record)


def may_return(actor: Actor, record: Any) -> Decision:
    """Whoever may check or sign may send back."""
    return may_check(actor, record) or may_sign(actor, record)


def may_void(actor: Actor, record: Any) -> Decision:
    """The verifier drops a draft; the manager may do it for one who left."""
    if actor.acts_for(record.organisation.path, Role.LAB_MANAGER):
        return Allowed()
    return may_record(actor, record)


def may_see(actor: Actor, record: Any) -> Decision:
    """Raw records stay inside the institute and its regulators."""
    if actor.acts_for(record.organisation.path, *INSTITUTE_ROLES) or actor.supervises(record.organisation.region_id):
        return Allowed()
    return Denied(_("原始记录只对本机构和监管人员开放"))


def visible_to(actor: Actor) -> Q:
    """Records of the actor's own institute or supervised region."""
    return scope_q(actor, owner="organisation", region="organisation__region_id", roles=tuple(INSTITUTE_ROLES))
