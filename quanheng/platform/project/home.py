"""The first page: the work queue of whoever works here, a check box for everybody else."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from quanheng.platform.kernel import clock, work
from quanheng.platform.kernel.work import WorkGroup, WorkItem
from quanheng.platform.web.components import Empty, Figure, Header
from quanheng.platform.web.http import actor_of
from quanheng.platform.web.ratelimit import public_page
from quanheng.platform.web.registries import HOME_FIGURES

SOON = dt.timedelta(days=7)


@public_page("landing", limit=120)
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What a stranger sees: one box."""
    return render(request, "project/landing.html")


@login_not_required
def home(request: HttpRequest) -> HttpResponseBase:
    """The queue for people, the landing page for everybody else."""
    if not request.user.is_authenticated:
        return landing(request)
    actor = actor_of(request)
    groups = work.queue(actor)
    header = Header(_("我的工作"), lead=_greeting(groups))
    figures: list[Figure] = [figure for provider in HOME_FIGURES.values() for figure in provider(actor)]
    context = {
        "header": header,
        "groups": groups,
        "figures": figures,
        "coming": _coming(groups),
        "no_role": not (actor.grants or actor.system),
        "empty": Empty(
            _("现在没有等您处理的事"), _("新的申请、任务、复核和签发会出现在这里,按剩余天数排列。"), icon="checks"
        ),
        "no_role_empty": Empty(
            _("您还没有任何角色"), _("请联系本单位或上级的管理员授予角色,然后重新打开此页。"), icon="user-shield"
        ),
    }
    return render(request, "project/home.html", context)


def _greeting(groups: list[WorkGroup]) -> str:
    total, late = sum(g.count for g in groups), sum(g.overdue for g in groups)
    if not total:
        return ""
    if late:
        return _("共 %(total)d 件待办,其中 %(late)d 件已超期") % {"total": total, "late": late}
    return _("共 %(total)d 件待办,没有超期") % {"total": total}


def _coming(groups: list[WorkGroup]) -> list[tuple[WorkGroup, WorkItem]]:
    today = clock.today()
    rows = [(g, item) for g in groups for item in g.items if item.due and today <= item.due <= today + SOON]
    return sorted(rows, key=lambda pair: pair[1].due or today)[:20]
