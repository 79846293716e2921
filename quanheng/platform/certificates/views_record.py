"""The record sheet: opened, computed live, saved as typed, read from a file, printed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import time
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.certificates import papers, policies, queries, readings, services, sheet, standards_used
from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.naming import Names
from quanheng.platform.certificates.tables import record_status
from quanheng.platform.certificates.workflow import RECORD
from quanheng.platform.instruments.workflow import verifiable
from quanheng.platform.kernel import events
from quanheng.platform.kernel.policies import Decision, Refused
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.kernel.words import reasons_of, words_of
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Task
from quanheng.platform.verification.queries import tasks
from quanheng.platform.web.components import Action, Header
from quanheng.platform.web.http import day_of
from quanheng.platform.web.pages import Page

PRESENT = 45
MOST_NAMED = 8
MAX_BODY = 1024 * 1024


class OpenRecord(Page):
    """From a task to its record."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        task: Task = get_object_or_404(tasks(self.actor), pk=kwargs["pk"])
        record = services.open_record(task, actor=self.actor)
        return redirect("certificates:record", pk=record.pk)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        task: Task = get_object_or_404(tasks(self.actor), pk=kwargs["pk"])
        found = Record.objects.filter(task=task).exclude(state="voided").first()
        if found is None:
            return redirect("verification:task", pk=task.pk)
        return redirect("certificates:record", pk=found.pk)


class OfRecord(Page):
    """Base of pages about one record the viewer may see."""

    record: Record

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.record = get_object_or_404(queries.records(self.actor), pk=kwargs["pk"])

    def allowed(self, actor: Any) -> Decision:
        return policies.may_see(actor, self.record)

    @property
    def writable(self) -> bool:
        """Whether this person may type into the record now."""
        return self.record.state == "draft" and bool(policies.may_record(self.actor, self.record))


class RecordSheet(OfRecord):
    """The sheet itself; read only once it was handed on."""

    template_name = "certificates/sheet.html"

    def header(self) -> Header:
        record = self.record
        address = reverse("certificates:record", args=[record.pk])
        menu = [Action(_("原始记录 PDF"), reverse("certificates:raw_pdf", args=[record.pk]), "file-type-pdf")]
        primary = None
        if record.state == "draft":
            decision = RECORD.may("submit", record, self.actor)
            primary = Action.guarded(decision, _("提交核验"), f"{address}submit/", icon="send", method="post")
            menu.append(Action(_("读数模板 CSV"), reverse("certificates:readings", args=[record.pk]), "download"))
            menu.append(
                Action.guarded(RECORD.may("void", record, self.actor), _("作废记录"), f"{address}step/?step=void")
            )
        elif record.state in ("checking", "signing"):
            primary = Action(_("核验与签发"), reverse("certificates:review", args=[record.pk]), "checks")
        elif record.document_id:
            primary = Action(_("查看证书"), reverse("certificates:detail", args=[record.document_id]), "certificate")
        return Header(
            str(record.instrument),
            lead=str(record.instrument.organisation),
            status=record_status(record),
            crumbs=[(_("原始记录"), reverse("certificates:records"))],
            primary=primary,
            menu=menu,
        )

    def context(self) -> dict[str, Any]:
        last = events.history(self.record).filter(verb="records.return").first()
        address = reverse("certificates:record", args=[self.record.pk])
        return {
            "record": self.record,
            "sheet": sheet.build(self.record),
            "writable": self.writable,
            "stopped": stopped(self.record),
            "returned": last if self.record.state == "draft" else None,
            "answer": _painted(self.record, self.record.data),
            "endpoints": {
                "evaluate": f"{address}evaluate/",
                "save": f"{address}save/",
                "presence": f"{address}presence/",
            },
        }


def stopped(record: Record) -> str:
    """Why nothing can come of this sheet now: its task was cancelled, or the instrument cannot be verified."""
    if why := verification.why_cancelled(record.task):
        return _("检定任务已取消:%(why)s") % {"why": retold(why)}
    decision = verifiable(record.instrument)
    return "" if decision or record.state != "draft" else decision.reason


def _painted(record: Record, data: dict[str, Any]) -> dict[str, Any]:
    painted = sheet.picture(procedures.live(record.procedure_id, data), Names(record.procedure_id, data))
    return {**painted, "findings": [*painted["findings"], *sheet.uncovered(record, data)]}


def _body(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > MAX_BODY:
        raise InputError("too_large", _("原始记录不超过 1 MB"), "data")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InputError("not_json", _("请求内容不是 JSON"), "data") from error
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise InputError("not_json", _("请求中没有原始记录"), "data")
    return body


def _refusal(error: InputError) -> JsonResponse:
    status = 409 if error.code == "conflict" else 403 if error.code == "forbidden" else 422
    return JsonResponse({"code": error.code, "message": words_of(error), "place": error.place}, status=status)


class Evaluate(OfRecord):
    """Compute what was typed, without keeping it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            data = _body(request)["data"]
            procedures.checked_size(data)
            # Standards count as the ledger knows them; the sheet's own words about them are not computed with.
            kept = {**data, "procedure": self.record.procedure_id, "purpose": self.record.task.purpose}
            kept["standards"] = standards_used.described(self.record, data.get("standards") or [])
            return JsonResponse(_painted(self.record, kept))
        except InputError as error:
            return _refusal(error)


class Save(OfRecord):
    """Keep what was typed; a newer version from elsewhere refuses it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            body = _body(request)
            record = services.save_draft(
                self.record,
                data=body["data"],
                version=_whole(body.get("version")),
                actor=self.actor,
                performed_on=_day(body.get("performed_on")),
                place=str(body["place"]) if "place" in body else None,
            )
        except InputError as error:
            return _refusal(error)
        return JsonResponse({"version": record.version, "saved_at": record.saved_at.isoformat()})


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError("version", _("版本号须为整数"), "version")
    return value


def _day(value: Any) -> dt.date | None:
    if value in (None, ""):
        return None
    if (day := day_of(str(value))) is None:
        raise InputError("date", _("日期请写成 2026-05-20"), "performed_on")
    return day


class Presence(OfRecord):
    """Which devices have the sheet open: told to each of them."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        device = str(request.POST.get("device", ""))[:40]
        key, now = f"record-open:{self.record.pk}", time.time()
        known: dict[str, tuple[float, str]] = cache.get(key, {})
        known = {d: seen for d, seen in known.items() if now - seen[0] < PRESENT}
        others = sorted({who for d, (_at, who) in known.items() if d != device})
        if request.POST.get("leave"):
            known.pop(device, None)
        elif device:
            known[device] = (now, self.actor.name)
        cache.set(key, dict(list(known.items())[-20:]), timeout=PRESENT)
        return JsonResponse({"others": others, "version": self.record.version})


class Readings(OfRecord):
    """A template for a file of readings, and the file coming back."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        out = io.StringIO()
        csv.writer(out).writerows(readings.template(self.record.procedure_id, self.record.data))
        response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="readings.csv"'
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            file = request.FILES.get("file")
            if file is None or (file.size or 0) > readings.MAX_BYTES:
                raise InputError("file", _("请选择不超过 1 MB 的 CSV 文件"), "file")
            data = readings.merged(self.record.procedure_id, self.record.data, file.read())
            version = int(request.POST.get("version") or 0)
            services.save_draft(self.record, data=data, version=version, actor=self.actor)
        except (InputError, ValueError) as error:
            return _back(request, self.record, error, unread=True)
        return redirect("certificates:record", pk=self.record.pk)


def _back(request: HttpRequest, record: Record, error: Exception, *, unread: bool = False) -> HttpResponse:
    page = RecordSheet()
    page.setup(request, pk=record.pk)
    reasons = reasons_of(error) if isinstance(error, InputError) else (_("提交的内容无法读取"),)
    place = getattr(error, "place", "")
    named = Names(record.procedure_id, record.data).of(place) or ("" if place == "file" else place)
    told = [f"{named}:{r}" if named and len(reasons) == 1 else r for r in reasons]
    return page.draw(status=422, refused=told, unread=unread)


class Submit(OfRecord):
    """Hand the record to the checker, or say everything that stands in the way."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            services.submit(self.record, actor=self.actor)
        except Refused as error:
            return _back(request, self.record, error)
        except InputError as error:
            return _back(request, self.record, _incomplete(self.record) or error)
        return redirect("certificates:record", pk=self.record.pk)


def _incomplete(record: Record) -> Refused | None:
    """What is wrong and what is missing, by name; None where the sheet itself is complete."""
    painted = _painted(record, record.data)
    gaps = [f"{one['name']}:{one['text']}" if one["name"] else one["text"] for one in painted["invalid"]]
    gaps += [one["name"] or one["text"] for one in painted["missing"]]
    if not gaps:
        return None
    more = [_("……还有 %(n)d 处,见右侧“还缺”") % {"n": len(gaps) - MOST_NAMED}] if len(gaps) > MOST_NAMED else []
    return Refused(*gaps[:MOST_NAMED], *more, code="incomplete")


class RawPdf(OfRecord):
    """The raw record on paper."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(papers.raw_record(self.record), content_type="application/pdf")
