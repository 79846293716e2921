"""Whether a person, and the institute, may act on a norm on a day."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.parties.models import Authorisation, Licence


def _in_force(on: dt.date) -> Q:
    return Q(valid_from__lte=on, valid_until__gte=on) & (Q(withdrawn_on=None) | Q(withdrawn_on__gt=on))


def licence_for(user: User, organisation: Organisation, duty: str, norm: Norm, on: dt.date) -> Decision:
    """Whether the person holds a licence of that duty for the norm at the institute that day."""
    held = Licence.objects.filter(user=user, organisation=organisation, duty=duty, norm=norm)
    if held.filter(_in_force(on)).exists():
        return Allowed()
    if held.exists():
        return Denied(_("%(name)s 的 %(norm)s 资格在 %(day)s 无效") % _words(user, norm, on))
    return Denied(_("%(name)s 没有 %(norm)s 的资格") % _words(user, norm, on))


def _words(user: User, norm: Norm, on: dt.date) -> dict[str, str]:
    return {"name": user.name, "norm": norm.number, "day": on.isoformat()}


def authorised(organisation: Organisation, norm: Norm, on: dt.date) -> Decision:
    """Whether the institute is authorised for the norm that day."""
    if Authorisation.objects.filter(_in_force(on), organisation=organisation, norm=norm).exists():
        return Allowed()
    return Denied(_("%(norm)s 在 %(day)s 不在本机构授权项目内") % {"norm": norm.number, "day": on})
