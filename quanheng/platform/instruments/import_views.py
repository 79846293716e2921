"""The import wizard: file → match → preview with bad cells → result, with undo. For every registered kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from quanheng.errors import InputError
from quanheng.platform.instruments import forms
from quanheng.platform.kernel import imports, imports_later
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ImportBatch, Organisation
from quanheng.platform.kernel.people import organisations_of
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.words import words_of
from quanheng.platform.web.components import Action, Empty, Figure, Header, Status
from quanheng.platform.web.export import XLSX
from quanheng.platform.web.http import is_partial
from quanheng.platform.web.pages import FormPage, ListPage, Page
from quanheng.platform.web.tables import DateColumn, NumberColumn, StatusColumn, Table, TextColumn

SHOWN_ROWS = 50
STATES: dict[str, Status] = {
    "preview": Status("wait", gettext_lazy("待确认")),
    "applying": Status("work", gettext_lazy("正在写入")),
    "applied": Status("ok", gettext_lazy("已导入")),
    "undone": Status("off", pgettext_lazy("import", "已撤销")),
    "failed": Status("bad", gettext_lazy("未导入")),
}
IN_WORDS = {
    "unreadable": gettext_lazy("读不了这个文件:可能已损坏或有密码,请在表格软件中另存为 .xlsx 后再试"),
    "empty_file": gettext_lazy("文件是空的"),
    "unsafe_file": gettext_lazy("文件结构异常,请在表格软件中另存为新的 .xlsx 后再试"),
    "file_too_large": gettext_lazy("文件太大,请拆分"),
    "sheet_too_large": gettext_lazy("工作表太大:请删去表格以外的内容,或拆分"),
    "layout_unknown": gettext_lazy(
        "没有找到表头:请使用模板,或让第一行写明各列名称;打不开的文件请在表格软件中另存为 .xlsx"
    ),
    "no_rows": gettext_lazy("只有表头,下面没有数据;请填写后保存再试"),
    "sheet_ambiguous": gettext_lazy("有几张工作表都像要导入的表,请在「工作表」一栏写明是哪一张"),
    "columns_missing": gettext_lazy("表头缺少必填的列,请对照模板补上"),
}


def may_import(actor: Actor) -> Decision:
    """Keepers, managers and administrators; each kind then asks its own policy."""
    if actor.system or actor.has(Role.ENTERPRISE, Role.LAB_MANAGER, Role.SYSTEM_ADMIN):
        return Allowed()
    return Denied(_("您没有可以导入的数据"))


def kind_or_404(name: str) -> imports.ImportKind:
    """The kind named in the address; one with pages of its own has none here."""
    found = imports.IMPORTS.get(name)
    if found is None or found.page:
        raise Http404
    return found


def organisations_for(actor: Actor, kind: imports.ImportKind) -> QuerySet[Organisation]:
    """Organisations for which the person may do this import."""
    rows = organisations_of(actor)
    allowed = [o.pk for o in rows[:500] if kind.may(actor, o)]
    return Organisation.objects.filter(pk__in=allowed).order_by("path")


class Start(FormPage):
    """Choose a file."""

    form_class = forms.ImportForm
    template_name = "instruments/import_start.html"
    submit = gettext_lazy("读取并预览")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.kind = kind_or_404(kwargs["kind"])

    def allowed(self, actor: Actor) -> Decision:
        basic = may_import(actor)
        if basic and not organisations_for(actor, self.kind).exists():
            return Denied(_("您没有可以导入「%(kind)s」的单位") % {"kind": self.kind.title})
        return basic

    def header(self) -> Header:
        template = Action(_("下载模板"), reverse("instruments:import-template", args=[self.kind.name]), "download")
        past = Action(_("导入记录"), reverse("instruments:imports"), "clock")
        lead = _("先预览,确认后才写入;有错的行会标出原因,可改后再导。")
        return Header(_("导入:%(kind)s") % {"kind": self.kind.title}, lead, menu=[template, past])

    def context(self) -> dict[str, Any]:
        return {
            "columns": self.kind.columns,
            "template_url": reverse("instruments:import-template", args=[self.kind.name]),
        }

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": organisations_for(self.actor, self.kind)}

    def initial(self) -> Mapping[str, Any]:
        return {"organisation": organisations_for(self.actor, self.kind).first()}

    def done(self, form: Any) -> str:
        file = form.cleaned_data["file"]
        try:
            batch, _found = imports.preview(
                actor=self.actor,
                kind=self.kind.name,
                organisation=form.cleaned_data["organisation"],
                data=file.read(),
                name=file.name,
                sheet=form.cleaned_data["sheet"],
                by_hand=True,
            )
        except Refused:
            raise
        except InputError as error:
            words = str(IN_WORDS.get(error.code, words_of(error)))
            detail = f"{words}({error.message})" if error.code in ("sheet_ambiguous", "columns_missing") else words
            place = "sheet" if error.code == "sheet_ambiguous" else "file"
            raise InputError(error.code, detail, place) from error
        return reverse("instruments:import-batch", args=[batch.pk])


class Template(Page):
    """The workbook to fill in."""

    def allowed(self, actor: Actor) -> Decision:
        return may_import(actor)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind = kind_or_404(kwargs["kind"])
        return _workbook(imports.template(kind), f"{kind.title}.xlsx")


def _workbook(data: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=XLSX)
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    answer["Content-Disposition"] = f"attachment; filename=\"import.xlsx\"; filename*=UTF-8''{quoted}"
    return answer


class OneBatch(Page):
    """A page about one import."""

    batch: ImportBatch

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        try:
            self.batch = imports.batch_for(self.actor, kwargs["pk"])
        except Refused as error:
            raise Http404 from error
        self.kind = kind_or_404(self.batch.kind)

    def allowed(self, actor: Actor) -> Decision:
        return self.kind.may(actor, self.batch.organisation)

    @property
    def url(self) -> str:
        """The page of the import."""
        return reverse("instruments:import-batch", args=[self.batch.pk])


def _counted(batch: ImportBatch) -> str:
    """What the rows without an error are by now."""
    if batch.state == "undone":
        return pgettext("import", "已撤销")
    return _("可导入") if batch.state in ("preview", "applying") else _("已导入")


class BatchPage(OneBatch):
    """Preview or result; bad cells are mended in place or by the returned file."""

    template_name = "instruments/import_batch.html"

    def header(self) -> Header:
        batch = self.batch
        again = Action(_("重新选择文件"), reverse("instruments:import", args=[batch.kind]), "upload")
        rejected = Action(_("下载有错的行"), reverse("instruments:import-rejected", args=[batch.pk]), "download")
        menu = [again, *([rejected] if batch.rejected else [])]
        primary = None
        if batch.state == "preview":
            label = _("导入 %(n)d 行") % {"n": batch.accepted}
            denied = "" if batch.accepted else _("没有可以导入的行,请先改正")
            primary = Action(label, self.url, "check", "post", denied, fields={"do": "apply"})
        elif imports_later.stuck(batch):
            primary = Action(_("重新写入"), self.url, "refresh", "post", fields={"do": "apply"})
        elif batch.state == "applied":
            if batch.kind == "instruments" and batch.instruments.filter(state="draft").exists():
                listed = f"{reverse('instruments:list')}?import={batch.pk}&state=draft"
                primary = Action(_("查看并提交备案"), listed, "flag")
            words = _("撤销会删除这次导入的全部 %(n)d 行。") % {"n": batch.accepted}
            menu.append(Action(_("撤销这次导入"), self.url, "trash", "post", "", words, {"do": "undo"}))
        lead = f"{batch.file.name} · {batch.sheet}".rstrip(" ·")
        crumbs = [(_("导入记录"), reverse("instruments:imports"))]
        return Header(str(self.kind.title), lead, STATES[batch.state], crumbs, primary, menu)

    def context(self) -> dict[str, Any]:
        batch = self.batch
        listed = f"{reverse('instruments:list')}?import={batch.pk}" if batch.kind == "instruments" else ""
        figures = [
            Figure(_("读到"), batch.total, _("行")),
            Figure(
                _counted(batch),
                batch.accepted,
                _("行"),
                listed if batch.state == "applied" else "",
                tone="ok" if batch.accepted and batch.state != "undone" else "",
            ),
            Figure(_("有错"), batch.rejected, _("行"), tone="bad" if batch.rejected else ""),
        ]
        found = imports.look(viewer=self.actor, batch=batch) if batch.state == "preview" else None
        bad = found.bad()[:SHOWN_ROWS] if found else []
        return {
            "batch": batch,
            "figures": figures,
            "found": found,
            "bad": [(row, _cells(self.kind, row)) for row in bad],
            "more": max(0, batch.rejected - SHOWN_ROWS),
            "errors": [] if found else batch.errors[: SHOWN_ROWS * 4],
            "offers": [(c.name, c.offered()) for c in self.kind.columns if c.offered()] if bad else [],
            "warnings": [r for r in found.rows if r.warnings][:SHOWN_ROWS] if found else [],
            "lacking": [c.title for c in self.kind.columns if c.required and c.name not in found.table.columns]
            if found
            else [],
            "matched": _matched(self.kind, found.table) if found else [],
            "rejected_url": reverse("instruments:import-rejected", args=[batch.pk]),
        }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = super().get(request, *args, **kwargs)
        if is_partial(request) and self.batch.state != "applying":
            answer["HX-Refresh"] = "true"  # what can be done next stands outside the part that is asked for
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act = request.POST.get("do", "")
        try:
            if act == "apply":
                done = imports_later.begin(actor=self.actor, batch=self.batch, url=self.url)
                if done.state != "applying":
                    messages.success(request, _("已导入 %(n)d 行") % {"n": done.accepted})
            elif act == "undo":
                imports.undo(actor=self.actor, batch=self.batch)
                messages.success(request, pgettext("import", "已撤销"))
            elif act == "mend":
                imports.mend(actor=self.actor, batch=self.batch, cells=_mended(request.POST))
            elif act == "match":
                imports.rematch(actor=self.actor, batch=self.batch, columns=_columns(self.kind, request.POST))
            else:
                raise Http404
        except InputError as error:
            messages.error(request, str(IN_WORDS.get(error.code, words_of(error))))
        return HttpResponseRedirect(self.url)


def _cells(kind: imports.ImportKind, row: imports.ImportRow) -> list[tuple[imports.ImportColumn, str, str]]:
    """The cells of a bad row to show: what names it, and what is wrong."""
    named = [c for c in kind.columns if c.required or c.name in row.errors]
    return [(c, row.texts.get(c.name, ""), row.errors.get(c.name, "")) for c in named]


def _matched(kind: imports.ImportKind, table: Any) -> list[tuple[imports.ImportColumn, str, list[str]]]:
    """Each known column, the title it was found under, and the titles to choose from."""
    titles = [h for h in table.headers if h]
    return [(c, table.headers[table.columns[c.name]] if c.name in table.columns else "", titles) for c in kind.columns]


def _mended(post: Any) -> dict[str, dict[str, str]]:
    """``cell:PLACE:COLUMN`` fields as place → column → text."""
    found: dict[str, dict[str, str]] = {}
    for key, value in post.items():
        if key.startswith("cell:") and key.count(":") >= 2:
            _word, rest = key.split(":", 1)
            place, column = rest.rsplit(":", 1)
            found.setdefault(place, {})[column] = value
    return found


def _columns(kind: imports.ImportKind, post: Any) -> dict[str, str]:
    return {c.name: post[f"column:{c.name}"] for c in kind.columns if post.get(f"column:{c.name}")}


class Rejected(OneBatch):
    """The bad rows with their reasons, to mend and import again."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name = self.batch.file.name.rsplit(".", 1)[0]
        return _workbook(imports.rejected_file(self.batch), f"{name}-{_('有错的行')}.xlsx")


class BatchTable(Table):
    """Past imports."""

    created_at = DateColumn(verbose_name=gettext_lazy("时间"))
    status = StatusColumn(to_status=lambda b: STATES[b.state], verbose_name=gettext_lazy("状态"), orderable=False)
    file = TextColumn(accessor="file__name", verbose_name=gettext_lazy("文件"), main=True)
    kind = TextColumn(verbose_name=gettext_lazy("内容"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=gettext_lazy("单位"))
    total = NumberColumn(verbose_name=gettext_lazy("行数"))
    accepted = NumberColumn(verbose_name=gettext_lazy("已导入"))
    rejected = NumberColumn(verbose_name=gettext_lazy("有错"))

    class Meta(Table.Meta):
        model = ImportBatch
        fields = ()

    def row_url(self, record: Any) -> str:
        kind = imports.IMPORTS.get(record.kind)
        return reverse((kind.page if kind else "") or "instruments:import-batch", args=[record.pk])

    def render_kind(self, value: str) -> str:
        """The kind by its title."""
        kind = imports.IMPORTS.get(value)
        return str(kind.title) if kind else value


class Batches(ListPage):
    """Past imports."""

    table_class = BatchTable

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return Empty(_("还没有导入过"), _("从器具台账选择「从 Excel 导入」开始。"), icon="upload")

    def allowed(self, actor: Actor) -> Decision:
        return may_import(actor)

    def header(self) -> Header:
        return Header(_("导入记录"), crumbs=[(_("器具台账"), reverse("instruments:list"))])

    def get_queryset(self) -> QuerySet[ImportBatch]:
        rows: QuerySet[ImportBatch] = imports.batches(self.actor)
        return rows
