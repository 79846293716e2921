"""The frame's own pages: search, notices."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Notice
from quanheng.platform.web import search as search_registry
from quanheng.platform.web.components import Action, Empty, Header
from quanheng.platform.web.http import actor_of


def _own(request: HttpRequest) -> QuerySet[Notice]:
    user_id = actor_of(request).user_id
    return Notice.objects.filter(user_id=user_id) if user_id else Notice.objects.none()


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Hits for the palette, as list items; a whole page for people without script."""
    query = request.GET.get("q", "")
    groups = search_registry.find(actor_of(request), query)
    if request.headers.get("HX-Request"):
        return render(request, "web/parts/hits.html", {"groups": groups})
    return render(request, "web/search.html", {"groups": groups, "query": query, "header": Header(_("搜索"))})


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The person's own notices, unread first."""
    rows = list(_own(request).order_by("-created_at")[:200])
    unread = [n for n in rows if n.read_at is None]
    header = Header(
        _("通知"),
        primary=Action(_("全部标为已读"), request.path + "read/", icon="check", method="post") if unread else None,
    )
    empty = Empty(_("没有通知"), _("到期提醒、任务分派和长时间作业的结果会出现在这里。"), icon="bell")
    return render(request, "web/notices.html", {"header": header, "notices": rows, "empty": empty})


@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    """Mark every notice of this person as read."""
    _own(request).filter(read_at=None).update(read_at=clock.now())
    return HttpResponseRedirect("../")


@require_POST
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one as read and go where it points."""
    notice = get_object_or_404(_own(request), pk=notice_id)
    if notice.read_at is None:
        notice.read_at = clock.now()
        notice.save(update_fields=["read_at"])
    local = notice.url and url_has_allowed_host_and_scheme(notice.url, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(notice.url if local else "../")
