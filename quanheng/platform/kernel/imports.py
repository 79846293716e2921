"""Imports: preview → apply → undo. A row is atomic; bad rows come back as a file with the reasons.

An app registers an ``ImportKind``; the engine reads the file, matches columns, parses cells, lets the kind check
all rows as sets, and applies the good ones in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, events, files
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.imports_rows import ImportColumn as ImportColumn
from quanheng.platform.kernel.imports_rows import ImportRow as ImportRow
from quanheng.platform.kernel.models import ImportBatch, Organisation, StoredFile
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.policies import Decision, Refused, require
from quanheng.platform.kernel.registries import Registry
from quanheng.platform.kernel.sheets import (
    Field,
    Heading,
    Table,
    find_table,
    read,
    write_csv,
    write_template,
    write_xlsx,
)
from quanheng.platform.kernel.sheets.cells import CellProblem
from quanheng.platform.kernel.sheets.tables import ERROR_TITLE, EXAMPLE

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    Text = str | StrPromise


@dataclass(frozen=True)
class Context:
    """For whom and by whom an import is done."""

    actor: Actor
    organisation: Organisation
    batch: ImportBatch


@dataclass(frozen=True)
class ImportKind:
    """What may be imported. ``check`` sees all rows that parsed and marks bad ones; ``apply`` writes the good ones.

    ``undo`` removes what the batch brought, or raises ``Refused`` with the reason why it cannot.
    ``source`` makes the rows of files that are no sheets; ``page`` names the address of a review of its own, to which
    the batch's id is given, and ``start`` the address where such files are handed in.
    """

    name: str
    title: Text
    columns: tuple[ImportColumn, ...]
    may: Callable[[Actor, Organisation], Decision]
    check: Callable[[Sequence[ImportRow], Context], None]
    apply: Callable[[Sequence[ImportRow], Context], int]
    undo: Callable[[ImportBatch, Actor], int]
    source: Callable[[bytes, str], Table] | None = None
    page: str = ""
    start: str = ""

    def column(self, name: str) -> ImportColumn | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)

    def headings(self) -> list[Heading]:
        """The columns as the table finder knows them."""
        return [Heading(c.name, (c.title, *c.aliases), c.required) for c in self.columns]


IMPORTS: Registry[ImportKind] = Registry("imports")


@dataclass(frozen=True)
class Preview:
    """A file read, matched and checked, with nothing written."""

    table: Table
    rows: list[ImportRow]

    def good(self) -> list[ImportRow]:
        """Rows that will go in."""
        return [r for r in self.rows if not r.errors]

    def bad(self) -> list[ImportRow]:
        """Rows that come back."""
        return [r for r in self.rows if r.errors]


def kind_named(name: str) -> ImportKind:
    """The registered kind of that name."""
    found = IMPORTS.get(name)
    if found is None:
        names = ", ".join(sorted(n for n, _kind in IMPORTS))
        raise InputError("import_kind", f"there is no import of that kind; choose one of {names}", name)
    return found


def template(kind: ImportKind) -> bytes:
    """The workbook to fill in: titles, drop-downs, an example row, notes."""
    if kind.source is not None:
        raise InputError("no_template", "this kind of import takes no sheet; give the files themselves", kind.name)
    fields = [Field(c.title, c.required, c.offered(), c.example, c.note, c.width) for c in kind.columns]
    return write_template(fields, sheet=str(kind.title), notes_head=(_("列"), _("必填"), _("示例"), _("说明")))


def template_csv(kind: ImportKind) -> bytes:
    """The same as plain text: titles and the example row."""
    if kind.source is not None:
        return template(kind)  # which says why there is none
    example = [c.example for c in kind.columns]
    return write_csv([c.title for c in kind.columns], [[EXAMPLE + example[0], *example[1:]]])


def _parsed(column: ImportColumn, text: str) -> Any:
    if not text:
        if column.required:
            raise CellProblem(_("不能为空"))
        return None
    if len(text) > column.max_length:
        raise CellProblem(_("最多 %(n)d 个字") % {"n": column.max_length})
    if column.choices:
        if text in column.choices:
            return column.choices[text]
        if text in column.choices.values():
            return text
        raise CellProblem(_("应为:%(choices)s") % {"choices": "、".join(column.choices)})
    return column.parse(text) if column.parse else text


def _rows(kind: ImportKind, table: Table, edits: Mapping[str, Mapping[str, str]]) -> list[ImportRow]:
    rows = []
    for source in table.rows:
        row = ImportRow(source.sheet, source.number, {}, about=source.about)
        mended = edits.get(row.place(), {})
        for column in kind.columns:
            index = table.columns.get(column.name)
            text = source.cells[index] if index is not None and index < len(source.cells) else ""
            problem = source.problems.get(index, "") if index is not None else ""
            if column.name in mended and (mended[column.name].strip() or text):
                text, problem = mended[column.name].strip(), ""
            row.texts[column.name] = text
            try:
                if problem:
                    raise CellProblem(problem)
                if index is None and column.required and column.name not in mended:
                    raise CellProblem(_("表中没有这一列,请在“列的对应”中指定"))
                row.values[column.name] = _parsed(column, text)
            except CellProblem as error:
                row.fail(column.name, str(error))
        rows.append(row)
    return rows


def _table(
    kind: ImportKind, data: bytes, name: str, *, sheet: str, remembered: Mapping[str, str], by_hand: bool
) -> Table:
    if kind.source is not None:
        return kind.source(data, name)
    return find_table(
        read(data, name), kind.headings(), sheet=sheet, remembered=remembered, place=name, by_hand=by_hand
    )


def _table_of(batch: ImportBatch, kind: ImportKind) -> Table:
    return _table(
        kind,
        files.get(batch.file.sha256),
        batch.file.name,
        sheet=batch.sheet,
        remembered=batch.mapping.get("columns", {}),
        by_hand=bool(batch.mapping.get("by_hand")),
    )


def _read(batch: ImportBatch, kind: ImportKind, actor: Actor, table: Table | None = None) -> Preview:
    table = table or _table_of(batch, kind)
    rows = _rows(kind, table, batch.mapping.get("edits", {}))
    kind.check(rows, Context(actor, batch.organisation, batch))
    return Preview(table, rows)


def _errors(kind: ImportKind, rows: Iterable[ImportRow]) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        for name, message in row.errors.items():
            column = kind.column(name)
            found.append(
                {
                    "sheet": row.sheet,
                    "row": row.number,
                    "column": column.title if column else name,
                    "name": name,
                    "value": row.texts.get(name, "")[:200],
                    "message": message,
                }
            )
    return found


def remembered(kind: str, organisation: Organisation) -> dict[str, str]:
    """Titles matched by the organisation's last import of that kind that went in."""
    last = (
        ImportBatch.objects.filter(kind=kind, organisation=organisation, state=ImportBatch.State.APPLIED)
        .order_by("-created_at")
        .values_list("mapping", flat=True)
        .first()
    )
    return dict((last or {}).get("columns", {}))


@transaction.atomic
def preview(
    *,
    actor: Actor,
    kind: str,
    organisation: Organisation,
    data: bytes,
    name: str,
    sheet: str = "",
    columns: Mapping[str, str] | None = None,
    by_hand: bool = False,
    options: Mapping[str, str] | None = None,
) -> tuple[ImportBatch, Preview]:
    """Keep the file, read and check it; nothing of it goes in yet. An unreadable file leaves no trace.

    ``by_hand``: columns that the file calls by other names will be matched by somebody, see ``rematch``.
    ``options`` are what the kind lets one say once for the whole file; its ``check`` finds them in the batch.
    """
    definition = kind_named(kind)
    require(definition.may(actor, organisation))
    mapping = dict(columns) if columns is not None else remembered(kind, organisation)
    known = _table(definition, data, name, sheet=sheet, remembered=mapping, by_hand=by_hand)
    stored = StoredFile.objects.create(
        sha256=files.put(data),
        name=name[-200:],
        size=len(data),
        content_type=_media(data, name),
        organisation=organisation,
        uploaded_by=actor.user_id,
    )
    batch = ImportBatch.objects.create(
        kind=kind,
        organisation=organisation,
        file=stored,
        sheet=known.sheet,
        header_row=known.header_row,
        mapping={"columns": known.mapping(), "edits": {}, "by_hand": by_hand, "options": dict(options or {})},
        created_by=actor.user_id,
    )
    found = _checked(batch, definition, actor, known)
    events.record(actor, "kernel.import_previewed", batch, after={"file": stored.name, "total": batch.total})
    return batch, found


def _media(data: bytes, name: str) -> str:
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    suffix = name.lower().rpartition(".")[2]
    known = {"csv": "text/csv", "zip": "application/zip", "xml": "application/xml", "dcc": "application/xml"}
    return known.get(suffix, "application/vnd.ms-excel")


def _checked(batch: ImportBatch, kind: ImportKind, actor: Actor, table: Table | None = None) -> Preview:
    found = _read(batch, kind, actor, table)
    batch.total, batch.accepted, batch.rejected = len(found.rows), len(found.good()), len(found.bad())
    batch.errors = _errors(kind, found.bad())
    batch.save(update_fields=["total", "accepted", "rejected", "errors", "mapping"])
    return found


def look(*, viewer: Actor, batch: ImportBatch) -> Preview:
    """The file read and checked again, as a page shows it."""
    kind = kind_named(batch.kind)
    require(kind.may(viewer, batch.organisation))
    return _read(batch, kind, viewer)


@transaction.atomic
def mend(*, actor: Actor, batch: ImportBatch, cells: Mapping[str, Mapping[str, str]]) -> Preview:
    """Correct cells in place (place of row → column → text) and check again."""
    kind = kind_named(batch.kind)
    require(kind.may(actor, batch.organisation))
    batch = _locked(batch, ImportBatch.State.PREVIEW)
    edits = {place: dict(row) for place, row in batch.mapping.get("edits", {}).items()}
    for place, row in cells.items():
        edits.setdefault(place, {}).update({k: v[:4000] for k, v in row.items() if kind.column(k)})
    batch.mapping = {**batch.mapping, "edits": edits}
    found = _checked(batch, kind, actor)
    events.record(actor, "kernel.import_mended", batch, after={"cells": {p: dict(r) for p, r in cells.items()}})
    return found


@transaction.atomic
def rematch(*, actor: Actor, batch: ImportBatch, columns: Mapping[str, str]) -> Preview:
    """Match columns by hand (column → title on the sheet) and check again; the choice is remembered once applied."""
    kind = kind_named(batch.kind)
    require(kind.may(actor, batch.organisation))
    batch = _locked(batch, ImportBatch.State.PREVIEW)
    chosen = {name: title[:200] for name, title in columns.items() if kind.column(name)}
    batch.mapping = {**batch.mapping, "columns": chosen}
    found = _checked(batch, kind, actor)
    batch.mapping = {**batch.mapping, "columns": found.table.mapping()}
    batch.save(update_fields=["mapping"])
    events.record(actor, "kernel.import_rematched", batch, after=found.table.mapping())
    return found


def _locked(batch: ImportBatch, state: str) -> ImportBatch:
    """The batch as it stands now, held until the transaction ends."""
    current = ImportBatch.objects.select_for_update().select_related("file", "organisation").get(pk=batch.pk)
    if current.state != state:
        raise Refused(
            _("这次导入现在是「%(state)s」,不能再做这一步") % {"state": current.get_state_display()}, code="wrong_state"
        )
    return current


@transaction.atomic
def apply(
    *, actor: Actor, batch: ImportBatch, all_or_nothing: bool = False, state: str = ImportBatch.State.PREVIEW
) -> ImportBatch:
    """Put the good rows in, in one transaction; say of every other row why not."""
    kind = kind_named(batch.kind)
    require(kind.may(actor, batch.organisation))
    batch = _locked(batch, state)
    return _applied(batch, kind, actor, _checked(batch, kind, actor), all_or_nothing)


@transaction.atomic
def bring_in(
    *,
    actor: Actor,
    kind: str,
    organisation: Organisation,
    data: bytes,
    name: str,
    sheet: str = "",
    options: Mapping[str, str] | None = None,
    all_or_nothing: bool = False,
) -> tuple[ImportBatch, Preview]:
    """``preview`` and ``apply`` in one transaction, where nobody looks in between: read and checked once."""
    batch, found = preview(
        actor=actor, kind=kind, organisation=organisation, data=data, name=name, sheet=sheet, options=options
    )
    return _applied(batch, kind_named(kind), actor, found, all_or_nothing), found


def _applied(batch: ImportBatch, kind: ImportKind, actor: Actor, found: Preview, all_or_nothing: bool) -> ImportBatch:
    stop = not found.good() or (all_or_nothing and bool(found.bad()))
    if stop:
        batch.accepted = 0
    else:
        with transaction.atomic():
            batch.accepted = kind.apply(found.good(), Context(actor, batch.organisation, batch))
    batch.state = ImportBatch.State.FAILED if stop else ImportBatch.State.APPLIED
    batch.applied_at = clock.now()
    batch.save(update_fields=["state", "accepted", "applied_at"])
    counts = {"total": batch.total, "accepted": batch.accepted, "rejected": batch.rejected}
    events.record(actor, "kernel.import_failed" if stop else "kernel.import_applied", batch, after=counts)
    return batch


@transaction.atomic
def undo(*, actor: Actor, batch: ImportBatch, reason: str = "") -> ImportBatch:
    """Take the whole import back, or refuse with the reason: rows that were used since stay."""
    kind = kind_named(batch.kind)
    require(kind.may(actor, batch.organisation))
    batch = _locked(batch, ImportBatch.State.APPLIED)
    removed = kind.undo(batch, actor)
    batch.state, batch.undone_at = ImportBatch.State.UNDONE, clock.now()
    batch.save(update_fields=["state", "undone_at"])
    events.record(actor, "kernel.import_undone", batch, reason=reason, after={"removed": removed})
    return batch


def rejected_file(batch: ImportBatch) -> bytes:
    """The bad rows with all their columns and a last column that says what to mend: fix it and import it again."""
    kind = kind_named(batch.kind)
    table = _table_of(batch, kind)
    reasons: dict[int, dict[str, str]] = {}
    for error in batch.errors:
        reasons.setdefault(error["row"], {})[error["name"]] = f"{error['column']}:{error['message']}"
    keep = [i for i, h in enumerate(table.headers) if h and h != ERROR_TITLE]
    edits = batch.mapping.get("edits", {})
    names = {index: name for name, index in table.columns.items()}
    lines: list[list[str]] = []
    painted: dict[tuple[int, int], str] = {}
    for source in table.rows:
        wrong = reasons.get(source.number)
        if not wrong and batch.state != ImportBatch.State.FAILED:
            continue
        place = ImportRow(source.sheet, source.number, {}).place()
        for position, index in enumerate(keep):
            if wrong and names.get(index) in wrong:
                painted[len(lines), position] = wrong[names[index]]
        cells = [source.cells[i] if i < len(source.cells) else "" for i in keep]
        mended = [edits.get(place, {}).get(names.get(i, ""), cell) for i, cell in zip(keep, cells, strict=True)]
        lines.append([*mended, "; ".join((wrong or {}).values())])
    headers = [table.headers[i] for i in keep] + [ERROR_TITLE]
    return write_xlsx(headers, lines, sheet=batch.sheet or "Sheet1", bad=painted)


def batches(viewer: Actor, kind: str = "") -> Any:
    """Imports of the viewer's organisations, newest first."""
    rows = ImportBatch.objects.filter(scope_q(viewer, owner="organisation")).select_related("file", "organisation")
    return (rows.filter(kind=kind) if kind else rows).order_by("-created_at")


def batch_for(viewer: Actor, pk: uuid.UUID) -> ImportBatch:
    """One import the viewer may see."""
    found: ImportBatch | None = batches(viewer).filter(pk=pk).first()
    if found is None:
        raise Refused(_("没有这次导入,或您无权查看"), code="not_found")
    return found
