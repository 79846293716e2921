"""Pages of the audit trail and of its seals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel import clock, sealing
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import AuditEvent, AuditSeal
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.project.admin_pages import trail, verbs
from quanheng.platform.web.components import Action, Definition, Empty, Figure, Header, count_words
from quanheng.platform.web.filters import ChoiceFilter, DateAfter, DateBefore, FilterSet, SearchFilter
from quanheng.platform.web.pages import ListPage, Page
from quanheng.platform.web.tables import DateColumn, NumberColumn, Table, TextColumn
from quanheng.platform.web.templatetags.web import civil

TITLE = gettext_lazy("审计记录")


class EventTable(Table):
    """Events: who, when, what, to what, why, before and after."""

    happened_at = DateColumn(verbose_name=gettext_lazy("时间"), order_by="id")
    actor_name = TextColumn(main=True, sub="on_behalf_of", verbose_name=gettext_lazy("人员"))
    verb = TextColumn(verbose_name=gettext_lazy("做了什么"))
    subject = TextColumn(empty_values=(), orderable=False, verbose_name=gettext_lazy("对象"))
    changed = TextColumn(empty_values=(), orderable=False, verbose_name=gettext_lazy("变更前后"))
    reason = TextColumn(verbose_name=gettext_lazy("原因"))
    request_id = TextColumn(verbose_name=gettext_lazy("请求编号"))

    hidden = ("request_id",)
    pinned = ("happened_at", "actor_name", "verb")

    class Meta(Table.Meta):
        model = AuditEvent
        fields = ("happened_at", "actor_name", "verb", "subject", "changed", "reason", "request_id")

    names: trail.Names = {}
    called: trail.Names = {}

    def prepare(self, records: Sequence[Any]) -> None:
        """What the things of this page, or part of an export, and what their fields refer to are called."""
        self.names, self.called = trail.subject_names(records), trail.referred(records)

    def render_actor_name(self, record: AuditEvent) -> str:
        """A person's name; the product's own names in the reader's language."""
        return trail.actor_words(record)

    def render_verb(self, value: str) -> str:
        """In words."""
        return verbs.verb_words(value)

    def render_reason(self, value: str) -> str:
        """As it was given, or in the reader's language where the product itself gave it."""
        return retold(value)

    def render_subject(self, record: AuditEvent) -> str:
        """Kind and name."""
        return trail.subject_text(record, self.names)

    def render_changed(self, record: AuditEvent) -> str:
        """Shortened; the page of the event has all."""
        text = trail.changes_text(record, self.called)
        return text if len(text) <= 120 else f"{text[:119]}…"

    def value_changed(self, record: AuditEvent) -> str:
        """An export holds all of it."""
        return trail.changes_text(record, self.called)

    def row_url(self, record: Any) -> str:
        return reverse("project:audit-event", args=[record.pk])


class EventFilter(FilterSet):
    """By person, verb, thing and period."""

    q = SearchFilter(("actor_name", "on_behalf_of", "reason"), label=gettext_lazy("人员或原因"))
    verb = ChoiceFilter(label=gettext_lazy("做了什么"), choices=verbs.known_verbs, field_name="verb")
    subject_type = ChoiceFilter(label=gettext_lazy("对象"), choices=lambda: sorted(verbs.SUBJECTS.items()))
    since = DateAfter(label=gettext_lazy("自"), field_name="happened_at__date")
    until = DateBefore(label=gettext_lazy("至"), field_name="happened_at__date")

    class Meta:
        model = AuditEvent
        fields: tuple[str, ...] = ()


class Trail(ListPage):
    """The audit trail, as far as one may read it."""

    table_class = EventTable
    filterset_class = EventFilter
    export_name = "audit-trail"
    page_size = 50
    empty = Empty(gettext_lazy("还没有记录"), gettext_lazy("每一次写入都会在这里留下人员、时间、原因和前后值。"))

    def allowed(self, actor: Actor) -> Decision:
        """Who reads it."""
        return trail.may_read(actor)

    def get_queryset(self) -> QuerySet[AuditEvent]:
        """By scope; ``subject`` in the address keeps one thing (its id)."""
        rows = trail.events(self.actor)
        subject = self.request.GET.get("subject", "")
        return rows.filter(subject_id=subject[:64]) if subject.isprintable() and subject else rows

    def header(self) -> Header:
        seals = Action.guarded(trail.may_check_seals(self.actor), _("封存状态"), reverse("project:seals"), icon="lock")
        return Header(TITLE, lead=_("只增不改;每批记录封存在一个 Merkle 根下。"), menu=[seals])


class Event(Page):
    """One event: everything it kept."""

    template_name = "project/admin/event.html"

    def allowed(self, actor: Actor) -> Decision:
        """Who reads the trail."""
        return trail.may_read(actor)

    @cached_property
    def event(self) -> AuditEvent:
        """The event, if the viewer may read it."""
        return get_object_or_404(trail.events(self.actor), pk=self.kwargs["pk"])

    def header(self) -> Header:
        return Header(
            verbs.verb_words(self.event.verb),
            lead=retold(self.event.reason),
            crumbs=[(TITLE, reverse("project:audit"))],
        )

    def context(self) -> dict[str, Any]:
        event = self.event
        same = f"{reverse('project:audit')}?subject_type={event.subject_type}&subject={event.subject_id}"
        seal = AuditSeal.objects.filter(first_id__lte=event.pk, last_id__gte=event.pk).first()
        facts = [
            Definition(_("人员"), trail.actor_words(event)),
            Definition(_("代办或令牌"), event.on_behalf_of),
            Definition(_("时间"), civil(event.happened_at)),
            Definition(_("记录时间"), civil(event.recorded_at)),
            Definition(_("对象"), trail.subject_text(event, trail.subject_names([event])), url=same),
            Definition(_("原因"), retold(event.reason)),
            Definition(_("请求编号"), event.request_id),
            Definition(_("封存"), f"{seal.root[:16]}…" if seal else _("等待封存")),
        ]
        return {"facts": facts, "changes": trail.changes(event), "event": event}


class SealTable(Table):
    """Seals."""

    sealed_at = DateColumn(verbose_name=gettext_lazy("封存时间"))
    first_id = NumberColumn(verbose_name=gettext_lazy("首条"))
    last_id = NumberColumn(verbose_name=gettext_lazy("末条"))
    count = NumberColumn(verbose_name=gettext_lazy("条数"))
    root = TextColumn(main=True, verbose_name=gettext_lazy("Merkle 根"))
    previous_root = TextColumn(verbose_name=gettext_lazy("上一个根"))

    hidden = ("previous_root",)

    class Meta(Table.Meta):
        model = AuditSeal
        fields = ("sealed_at", "first_id", "last_id", "count", "root", "previous_root")

    def row_url(self, record: Any) -> str:
        return ""


class Seals(ListPage):
    """How far the trail is sealed, and a check of every seal on demand."""

    table_class = SealTable
    export_name = "audit-seals"
    template_name = "project/admin/seals.html"
    empty = Empty(gettext_lazy("还没有封存"), gettext_lazy("后台任务每五分钟封存一批;请确认 quanheng worker 在运行。"))

    def allowed(self, actor: Actor) -> Decision:
        """The audit administrator."""
        return trail.may_check_seals(actor)

    def get_queryset(self) -> QuerySet[AuditSeal]:
        """Newest first."""
        return AuditSeal.objects.order_by("-last_id")

    def header(self) -> Header:
        check = Action(_("核对全部封存"), reverse("project:check-seals"), icon="shield-check", method="post")
        return Header(_("封存状态"), crumbs=[(TITLE, reverse("project:audit"))], primary=check)

    def figures(self) -> list[Figure]:
        state = trail.sealing()
        waiting = state.oldest_unsealed
        late = waiting is not None and (clock.now() - waiting).total_seconds() > 3600
        return [
            Figure(_("封存批次"), count_words(state.seals)),
            Figure(_("已封存到"), state.events),
            Figure(_("等待封存"), count_words(state.unsealed), tone="due" if late else ""),
            Figure(
                _("最近封存"),
                state.last.sealed_at.astimezone(clock.CIVIL).strftime("%Y-%m-%d %H:%M") if state.last else "—",
            ),
        ]


class CheckSeals(Seals):
    """Recompute every seal from the events as they are now."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The findings, above the list."""
        self.checked = sealing.check()
        answer = self.get(request)
        return answer if isinstance(answer, HttpResponse) else HttpResponse(status=500)

    def context(self) -> dict[str, Any]:
        return {"checked": True, "findings": self.checked}
