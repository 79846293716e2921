"""计算: each numerical task as a page: a paste or a file in; tables, figures, a report and a link out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.evidence.rendering.plot import svg
from quanheng.library.tables import complete
from quanheng.metrology import tasks
from quanheng.metrology.tasks.formulas import formulas
from quanheng.platform.compute import columns, links, report
from quanheng.platform.compute.answers import Answer, arranged
from quanheng.platform.compute.chinese import figure, refusal
from quanheng.platform.compute.fields import Field, fields, request_of
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.language import in_english
from quanheng.platform.web import components as c
from quanheng.platform.web.pages import Page
from quanheng.platform.web.ratelimit import counted

_PER_MINUTE = 60
_LARGEST_SHEET = 4 * 1024 * 1024
_NAME = re.compile(r"^[A-Za-z_]\w*")


def _which() -> int:
    return 1 if in_english() else 0


class TasksPage(Page):
    """All tasks, what each computes and by which document."""

    template_name = "compute/tasks.html"

    def header(self) -> c.Header:
        lead = _("与命令 quanheng compute 是同一套算法；每个结果写明依据文件，附输入，可由链接复现。")
        return c.Header(_("计算"), lead)

    def context(self) -> dict[str, Any]:
        found = [tasks.find(name) for name in tasks.names()]
        rows = [(reverse("compute:task", args=[t.name]), t.title[_which()], t.name, t.document) for t in found]
        return {"tasks": rows}


class TaskPage(Page):
    """One task: form or whole request in, answer out. An address with `r` computes what it holds."""

    template_name = "compute/task.html"

    @cached_property
    def task(self) -> tasks.Task:
        """The task of the address."""
        try:
            return tasks.find(self.kwargs["task"])
        except InputError as error:
            raise Http404 from error

    def header(self) -> c.Header:
        crumbs = [(_("计算"), reverse("compute:tasks")), (self.task.name, "")]
        return c.Header(self.task.title[_which()], self.task.document, crumbs=crumbs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "r" in request.GET:
            try:
                found = links.unpacked(request.GET["r"])
            except InputError as error:
                return self._filled({}, error)
            return self._answered(found, request.GET.get("format", ""))
        if "example" in request.GET:
            return self._filled(self.task.examples.get(request.GET["example"], self.task.example))
        return self._filled({})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found: Any = {}
        try:
            found = self._posted(request)
            links.bounded(found, self.task.schema)
            code = links.packed(found) if isinstance(found, Mapping) else ""
        except InputError as error:
            large = error.code == "too_large"  # what is too large to compute is too large to send back
            return self._filled({}, error, typed=None if large else request.POST)
        if code and "format" not in request.POST:
            return HttpResponseRedirect(f"{request.path}?r={code}", status=303)
        return self._answered(found, request.POST.get("format", ""))

    def _posted(self, request: HttpRequest) -> Any:
        upload = request.FILES.get("file")
        if upload is not None:
            return links.read(upload.read(links.LARGEST_REQUEST + 1))
        if request.POST.get("request"):
            return links.read(request.POST["request"].encode())
        links.fits(sum(map(len, request.POST.values())))
        typed = {name: str(text) for name, text in request.POST.items()}
        sheet = request.FILES.get("sheet")
        if sheet is not None:
            data = sheet.read(_LARGEST_SHEET + 1)
            if len(data) > _LARGEST_SHEET:
                raise InputError("too_large", "a sheet is at most 4 MB", "sheet")
            typed |= columns.texts(self.task.schema, data, sheet.name or "")
            links.fits(sum(map(len, typed.values())))
        return request_of(self.task.schema, typed)

    def _answered(self, found: Any, form: str) -> HttpResponse:
        if counted(f"compute:{self.actor.user_id or 0}", _PER_MINUTE, 60):
            return self._filled(found, InputError("too_many", _("请稍候一分钟再算"), ""), status=429)
        try:
            asked = links.bounded(found, self.task.schema)
            result = self.task.compute(complete(self.task.tables, asked))
            if form == "json":
                return _download(_json(result.to_dict()), "application/json", self._name(found, "json"))
            if form == "request":
                return _download(_json(found), "application/json", f"{self.task.name}.json")
            answer = arranged(result.to_dict())
            if form == "pdf":
                return self._paper(found, answer, result.figures())
        except InputError as error:
            return self._filled(found, error)
        return self._shown(found, answer, result.figures())

    def _paper(self, found: Any, answer: Answer, figures: tuple[tasks.Figure, ...]) -> HttpResponse:
        language, link = "en" if _which() else "zh", self._link(found)
        paper = report.pdf(self.task, found, answer, figures, link=link, language=language, at=clock.now())
        return _download(paper, "application/pdf", self._name(found, "pdf"))

    def _link(self, found: Any) -> str:
        code = links.packed(found)
        return self.request.build_absolute_uri(f"{self.request.path}?r={code}") if code else ""

    def _name(self, found: Any, suffix: str) -> str:
        digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:12]
        return f"{self.task.name}-{digest}.{suffix}"

    def _shown(self, found: Any, answer: Answer, figures: tuple[tasks.Figure, ...]) -> HttpResponse:
        language = "en" if _which() else "zh"
        pictures: list[tuple[str, SafeString]] = [
            (f.title[_which()], mark_safe(svg(figure(f), language=language)))  # noqa: S308 every text in it is escaped
            for f in figures
        ]
        return self.draw(
            **_form(fields(self.task.schema, found)),
            answer=answer,
            formulas=formulas(self.task.name, found),
            pictures=pictures,
            link=self._link(found),
            whole=json.dumps(found, ensure_ascii=False, indent=1),
            examples=list(self.task.examples),
        )

    def _filled(
        self, found: Any, error: InputError | None = None, *, typed: Mapping[str, str] | None = None, status: int = 0
    ) -> HttpResponse:
        error = refusal(error) if error else None
        place = _NAME.match(error.place) if error and error.place else None
        errors = {place.group(): error.message} if error and place else {}
        shown = fields(self.task.schema, found if typed is None else {}, errors)
        if typed is not None:
            shown = [_with_text(field, typed.get(field.name, "")) for field in shown]
        return self.draw(
            **_form(shown),
            error=error,
            whole=json.dumps(found, ensure_ascii=False, indent=1) if found and typed is None else "",
            examples=list(self.task.examples),
            status=status or (422 if error else 200),
        )


def _form(controls: list[Field]) -> dict[str, Any]:
    """The controls, those that hold something first; the others wait behind one line once something is filled in."""
    used = [f for f in controls if f.required or f.text or f.error]
    rest = [f for f in controls if f not in used]
    blank = not any(f.text for f in controls)
    return {"fields": used + rest, "first_more": rest[0].name if rest else "", "more_open": blank}


def _with_text(field: Any, text: str) -> Any:
    return type(field)(**{**field.__dict__, "text": text})


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode()


def _download(data: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
