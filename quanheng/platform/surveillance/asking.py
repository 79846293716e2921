"""What households asked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.surveillance import queries, services, tables
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.models import AreaMeter, CheckRequest
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Action, Empty, Header
from quanheng.platform.web.forms import Form
from quanheng.platform.web.pages import FormPage, ListPage


class RequestList(Watching, ListPage):
    """What households asked."""

    table_class = tables.RequestTable
    export_name = "check-requests"
    empty = Empty(
        gettext_lazy("还没有用户申请核查"),
        gettext_lazy("用户扫表上的二维码可以查看自己的表并申请核查。"),
        icon="message",
    )

    def header(self) -> Header:
        return Header(_("用户申请的核查"), crumbs=[home()])

    def get_queryset(self) -> QuerySet[CheckRequest]:
        return queries.requests(self.actor).order_by("answered_at", "made_at")


class AnswerForm(Form):
    """What the household reads."""

    answer = forms.CharField(max_length=300, label=gettext_lazy("答复"), widget=forms.Textarea(attrs={"rows": 3}))


class RequestPage(Watching, FormPage):
    """Answer a request, or order the check it asks for."""

    form_class = AnswerForm
    submit = gettext_lazy("答复")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.asked = get_object_or_404(queries.requests(self.actor), pk=kwargs["pk"])

    def header(self) -> Header:
        order = Action(_("下达核查单"), reverse("surveillance:order", args=[self.asked.meter_id]), "tools")
        crumbs = [home(), (_("用户申请的核查"), reverse("surveillance:requests"))]
        return Header(
            self.asked.meter.meter_id, self.asked.text, tables.request_status(self.asked), crumbs,
            None if self.asked.check_order_id or self.asked.answered_at else order,
        )  # fmt: skip

    def initial(self) -> dict[str, Any]:
        return {"answer": self.asked.answer}

    def done(self, form: Any) -> str:
        services.answer_request(actor=self.actor, request=self.asked, answer=form.cleaned_data["answer"])
        return reverse("surveillance:requests")


def meter_of(code: str) -> AreaMeter | None:
    """The meter of a public code."""
    rows = AreaMeter.objects.filter(public_code=code.strip().upper()[:16]).select_related("area", "instrument")
    return rows.first()
