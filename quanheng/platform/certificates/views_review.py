"""Review, check, sign: one record before the eyes, or many with the exceptions first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, F, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.certificates import (
    conditions,
    content,
    differences,
    forms,
    item,
    naming,
    papers,
    queries,
    services,
    sheet,
    signing,
    tables,
)
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.views_record import OfRecord
from quanheng.platform.certificates.workflow import RECORD
from quanheng.platform.kernel import events
from quanheng.platform.kernel.policies import Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.kernel.words import reasons_of
from quanheng.platform.web import forms as web_forms
from quanheng.platform.web import second_factor
from quanheng.platform.web.components import Action, Chip, Empty, Header
from quanheng.platform.web.pages import Batch, FormPage, ListPage

MOST = 200


class NoFields(web_forms.Form):
    """A batch that asks for nothing but the button."""


class RecordList(ListPage):
    """Raw records by state; checking and signing in batch."""

    table_class = tables.RecordTable
    filterset_class = tables.RecordFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return Empty(_("还没有原始记录"), _("在检定任务中点“开始检定”,原始记录就会出现在这里。"))

    def allowed(self, actor: Any) -> Decision:
        allowed = super().allowed(actor)
        return (
            allowed if actor.has(*INSTITUTE_ROLES, Role.REGULATOR) else Denied(_("原始记录只对检定机构和监管人员开放"))
        )

    def header(self) -> Header:
        return Header(_("原始记录"), menu=[Action(_("检定任务"), reverse("verification:tasks"), "list")])

    def get_queryset(self) -> QuerySet[Record]:
        waiting = Case(When(state__in=tables.OPEN, then=F("task__due_on")))
        return queries.records(self.actor).order_by(waiting.asc(nulls_last=True), "-performed_on", "-created_at")

    def chips(self) -> Sequence[Chip]:
        counts = queries.record_counts(self.actor)
        shown = [Chip(label, {"state": s}, counts.get(s, 0)) for s, label in RECORD.states.items() if s != "voided"]
        return [Chip(_("全部"), {}, sum(counts.values())), *shown]

    def batches(self) -> Sequence[Batch]:
        found = [Batch("check", _("核验"), "checks")] if self.actor.has(Role.CHECKER) else []
        return [*found, Batch("sign", _("签发"), "signature")] if self.actor.has(Role.SIGNATORY) else found

    def batch_check(self, rows: QuerySet[Record]) -> HttpResponse:
        """To the page that shows them with exceptions first."""
        return _to_batch(self.request, "check", rows)

    def batch_sign(self, rows: QuerySet[Record]) -> HttpResponse:
        """To the page that shows them with exceptions first."""
        return _to_batch(self.request, "sign", rows)


def _to_batch(request: HttpRequest, act: str, rows: QuerySet[Record]) -> HttpResponse:
    ids = "&".join(f"r={pk}" for pk in rows.values_list("pk", flat=True)[:MOST])
    if (chosen := rows.count()) > MOST:
        words = _("一次最多办理 %(most)d 份,已取 %(n)d 份中最先的 %(most)d 份,其余请再选")
        messages.warning(request, words % {"most": MOST, "n": chosen})
    return redirect(f"{reverse('certificates:batch', args=[act])}?{ids}")


class Review(OfRecord):
    """Left the document as it will print, right what differs, the conditions, and the act."""

    template_name = "certificates/review.html"

    def header(self) -> Header:
        record, menu = self.record, []
        if record.document:
            menu.append(
                Action(record.document.number, reverse("certificates:detail", args=[record.document.pk]), "certificate")
            )
        return Header(
            str(record.instrument),
            lead=f"{record.instrument.organisation} · {record.performed_on}",
            status=tables.record_status(record),
            crumbs=[(_("原始记录"), reverse("certificates:records"))],
            menu=[
                *menu,
                Action(_("原始记录"), reverse("certificates:record", args=[record.pk]), "table"),
                Action(_("原始记录 PDF"), reverse("certificates:raw_pdf", args=[record.pk]), "file-type-pdf"),
            ],
        )

    def people(self) -> conditions.People:
        """The three, with the viewer as the one about to act."""
        user = services.person(self.actor)
        may = {step: bool(RECORD.may(step, self.record, self.actor)) for step in ("check", "sign")}
        if self.record.state == "checking":
            return conditions.people_of(self.record, checker=user if may["check"] else None)
        return conditions.people_of(self.record, signatory=user if may["sign"] else None)

    def pages(self) -> range:
        """Numbers of the pages of the preview; none where the document cannot be set."""
        try:
            drawn = papers.pages(self.record, services.person(self.actor)) if self.record.result else []
        except InputError:
            drawn = []
        return range(1, len(drawn) + 1)

    def context(self) -> dict[str, Any]:
        record = self.record
        found = conditions.issue_conditions(record, people=self.people())
        before, lines = differences.since_last_time(record)
        step = {"checking": "check", "signing": "sign"}.get(record.state, "")
        return {
            "record": record,
            "conditions": sorted(found, key=lambda c: c.ok),
            "failing": conditions.failing(found),
            "before": before,
            "differences": lines,
            "striking": [d for d in lines if d.striking],
            "quiet": [d for d in lines if not d.striking],
            "beside_ledger": item.beside_ledger(record),
            "step": step,
            "decision": RECORD.may(step, record, self.actor) if step else None,
            "may_return": bool(step) and bool(RECORD.may("return", record, self.actor)),
            "meaning": naming.said(content.MEANINGS["approve"]),
            "factor_ready": second_factor.is_set_up(services.person(self.actor)),
            "sign_form": forms.SignForm(),
            "pages": self.pages(),
            "sheet": sheet.readable(record),
            "history": events.condensed(events.history(record)[:300]),
        }


class Preview(OfRecord):
    """The document as it will print, without number, seal and data."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.record.result is None:
            raise Http404
        response = HttpResponse(papers.preview(self.record, services.person(self.actor)), "application/pdf")
        response["Cache-Control"] = "private, max-age=60"
        return response


class PreviewPage(OfRecord):
    """One page of it as a picture: shown on phones too, where a PDF inside a page is not."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.record.result is None:
            raise Http404
        drawn = papers.pages(self.record, services.person(self.actor))
        if not 1 <= kwargs["page"] <= len(drawn):
            raise Http404
        response = HttpResponse(drawn[kwargs["page"] - 1], "image/png")
        response["Cache-Control"] = "private, max-age=60"
        return response


class Act(Review):
    """The three buttons of the review page."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act = str(kwargs["act"])
        try:
            return self._done(act, request)
        except InputError as error:
            reasons = reasons_of(error)
            self.record = queries.records(self.actor).get(pk=self.record.pk)
            return self.draw(status=422, refused=reasons)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("certificates:review", pk=self.record.pk)

    def _done(self, act: str, request: HttpRequest) -> HttpResponse:
        record, actor = self.record, self.actor
        if act == "check":
            services.check(record, actor=actor)
            messages.success(request, _("核验通过,已交授权签字人"))
            return redirect("certificates:records")
        if act == "return":
            services.return_record(record, reason=request.POST.get("reason", ""), actor=actor)
            messages.success(request, _("已退回检定员"))
            return redirect("certificates:records")
        if act != "sign":
            raise Http404
        code, meaning = request.POST.get("code", ""), request.POST.get("meaning", "")
        signed = signing.sign(record, second_factor_code=code, meaning=meaning, actor=actor)
        messages.success(request, _("已签发"))
        return redirect("certificates:detail", pk=signed.document_id)


class BatchPage(FormPage):
    """Many records: those with something in the way first, the rest as one list."""

    template_name = "certificates/batch.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.act = str(kwargs["act"])
        if self.act not in ("check", "sign"):
            raise Http404

    def allowed(self, actor: Any) -> Decision:
        role = Role.CHECKER if self.act == "check" else Role.SIGNATORY
        return super().allowed(actor) if actor.has(role) else Denied(_("您没有核验或签发的职责"))

    @property
    def form_class(self) -> Any:  # type: ignore[override]
        """Signing asks for the code, checking for nothing."""
        return forms.SignForm if self.act == "sign" else NoFields

    @property
    def submit(self) -> str:  # type: ignore[override]
        """The verb on the button."""
        return _("签发") if self.act == "sign" else _("核验通过")

    def header(self) -> Header:
        title = _("批量签发") if self.act == "sign" else _("批量核验")
        return Header(title, crumbs=[(_("原始记录"), reverse("certificates:records"))])

    def records(self) -> list[Record]:
        """The chosen records."""
        ids = self.request.POST.getlist("r") or self.request.GET.getlist("r")
        try:
            return list(queries.records(self.actor).filter(pk__in=ids[:MOST]).order_by("task__due_on"))
        except ValidationError as error:
            raise Http404 from error

    def context(self) -> dict[str, Any]:
        user = services.person(self.actor)
        part = {"check": "checker", "sign": "signatory"}[self.act]
        rows, elsewhere = [], []
        for record in self.records():
            if record.state not in RECORD[self.act].sources:
                elsewhere.append((record, RECORD.may(self.act, record, self.actor).reason))
                continue
            found = conditions.issue_conditions(record, people=conditions.people_of(record, **{part: user}))
            rows.append((record, conditions.failing(found), item.beside_ledger(record)))
        return {
            "act": self.act,
            "elsewhere": elsewhere,
            "possible": any(not row[1] for row in rows),
            "blocked": sum(bool(row[1]) for row in rows),
            "exceptions": [r for r in rows if r[1] or r[2] or r[0].verdict != "pass"],
            "rest": [r for r in rows if not (r[1] or r[2]) and r[0].verdict == "pass"],
            "meaning": naming.said(content.MEANINGS["approve"]),
        }

    def initial(self) -> Mapping[str, Any]:
        return {"meaning": "approve"}

    def done(self, form: Any) -> HttpResponse:
        chosen = self.records()
        if self.act == "check":
            outcomes = services.check_many(chosen, actor=self.actor)
        else:
            clean = form.cleaned_data
            outcomes = signing.sign_many(
                chosen, second_factor_code=clean["code"], meaning=clean["meaning"], actor=self.actor
            )
        return self.draw("certificates/outcomes.html", outcomes=outcomes)


class Step(FormPage):
    """Void a draft, with the reason."""

    form_class = forms.ReasonForm
    submit = gettext_lazy("作废记录")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        found = queries.records(self.actor).filter(pk=kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.record = found

    def allowed(self, actor: Any) -> Decision:
        """Who may not void it does not see the form either."""
        return RECORD["void"].policy(actor, self.record)

    def header(self) -> Header:
        here = reverse("certificates:record", args=[self.record.pk])
        return Header(_("作废记录"), lead=str(self.record.instrument), crumbs=[(_("原始记录"), here)])

    def done(self, form: Any) -> str:
        services.void_record(self.record, reason=form.cleaned_data["reason"], actor=self.actor)
        return reverse("verification:task", args=[self.record.task_id])
