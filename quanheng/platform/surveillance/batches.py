"""Files of readings: kept, looked at by a mapping, taken in by the worker. Good rows go on, bad rows lie aside."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction
from django.utils.translation import gettext as _
from django_tasks import task

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, events, files
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, StoredFile
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.sheets.archive import unpacked
from quanheng.platform.surveillance import policies
from quanheng.platform.surveillance.models import Area, ReadingBatch, ReadingSource
from quanheng.platform.surveillance.store import known, store
from quanheng.telemetry.ingest import Mapping
from quanheng.telemetry.ingest.files import Look, ingest_file, look
from quanheng.telemetry.store.letters import Letters

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".parquet")
LARGEST_MB = 200
USUAL = {"timezone": "Asia/Shanghai"}


@contextmanager
def opened(batch: ReadingBatch) -> Iterator[Path]:
    """The file under a name whose ending tells its kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{Path(batch.file.name).suffix.lower()}"
        path.symlink_to(files.located(batch.file.sha256))
        yield path


def meters_of(organisation: Organisation) -> pl.DataFrame:
    """The list by which an owner's readings are judged."""
    return known(area__organisation=organisation)


def looked_at(batch: ReadingBatch, mapping: Mapping) -> Look:
    """The first rows of the file as the mapping reads them."""
    with opened(batch) as path:
        return look(path, mapping=mapping, areas=meters_of(batch.source.organisation), now=clock.now())


@transaction.atomic
def start_batch(*, actor: Actor, organisation: Organisation, source: str, data: bytes, name: str) -> ReadingBatch:
    """Keep a file and look at it by the mapping its source used last. An unreadable file leaves no trace."""
    require(policies.may_keep_for(actor, organisation))
    text = source.strip()
    if not text or len(text) > 80 or any(ord(c) < 32 for c in text):
        raise Refused(_("来源的名称最多 80 个字"), code="invalid", place="source")
    if not Area.objects.filter(organisation=organisation).exists():
        raise Refused(_("这个单位还没有台区,请先导入台区与表计"), code="empty", place="organisation")
    _safe(data, name)
    origin, _new = ReadingSource.objects.get_or_create(organisation=organisation, name=text)
    stored = StoredFile.objects.create(
        sha256=files.put(data), name=name[-200:], size=len(data), content_type="application/octet-stream",
        organisation=organisation, uploaded_by=actor.user_id,
    )  # fmt: skip
    batch = ReadingBatch(source=origin, file=stored, created_by=actor.user_id, created_name=actor.name)
    found = _looked(batch, origin.mapping)
    batch.mapping, batch.rows = found.mapping.to_dict(), found.rows
    batch.save(force_insert=True)
    events.record(actor, "surveillance.batch_looked_at", batch, after={"file": stored.name, "rows": batch.rows})
    return batch


def _safe(data: bytes, name: str) -> None:
    """A workbook that unpacks to more than is safe is refused before any reader sees it."""
    if Path(name).suffix.lower() in (".xlsx", ".ods"):
        try:
            unpacked(data)
        except InputError as error:
            raise InputError(error.code, unread_words(error), "file") from error


def _looked(batch: ReadingBatch, remembered: dict[str, Any]) -> Look:
    """By the remembered mapping; columns that this file lacks are looked for anew."""
    try:
        with opened(batch) as path:
            names = look(path, mapping=Mapping(), areas=None, now=clock.now()).names if remembered else []
        kept = {k: v for k, v in remembered.get("columns", {}).items() if v in names}
        return looked_at(batch, Mapping.from_dict({**USUAL, **remembered, "columns": kept}))
    except InputError as error:
        if error.code == "mapping":
            raise
        raise InputError(error.code, unread_words(error), "file") from error


def unread_words(error: InputError) -> str:
    """Why a file could not be read, for people."""
    words = {
        "unreadable": _("读不了这个文件:已损坏、被截断或是别的格式"),
        "too_large": _("工作簿不能超过 64 MB,请另存为 CSV 或 Parquet"),
        "columns": _("第一行必须写明每一列的名称,且不重复"),
        "sheet": _("没有这个名称的工作表"),
        "unsafe_file": _("文件结构异常,请在表格软件中另存为新的 .xlsx 后再试"),
    }
    return str(words.get(error.code, error.message))


def mapped(data: dict[str, Any]) -> Mapping:
    """A mapping from a form; what it cannot be is said beside its field."""
    try:
        return Mapping.from_dict(data)
    except InputError as error:
        place = "multiplier" if error.place == "multiplier" else ""
        raise Refused(_("对应方式不成立:%(why)s") % {"why": error.message}, code="mapping", place=place) from error


@transaction.atomic
def map_batch(*, actor: Actor, batch: ReadingBatch, mapping: Mapping) -> ReadingBatch:
    """Read the file by another mapping."""
    batch = _locked(actor, batch, ReadingBatch.State.PREVIEW)
    batch.mapping = mapping.to_dict()
    batch.save(update_fields=["mapping"])
    events.record(actor, "surveillance.batch_mapped", batch, after={"mapping": batch.mapping})
    return batch


@transaction.atomic
def queue_batch(*, actor: Actor, batch: ReadingBatch) -> ReadingBatch:
    """Have the worker take it in; the source remembers the mapping."""
    batch = _locked(actor, batch, ReadingBatch.State.PREVIEW)
    lacking = {"meter_id", "ts", "value"} - set(batch.mapping.get("columns", {}))
    if lacking:
        raise Refused(_("请先指定表号、时间和数值所在的列"), code="columns")
    ReadingSource.objects.filter(pk=batch.source_id).update(mapping=batch.mapping)
    _enqueue(batch)
    events.record(actor, "surveillance.batch_queued", batch, after={"rows": batch.rows})
    return batch


@transaction.atomic
def retry_batch(*, actor: Actor, batch: ReadingBatch) -> ReadingBatch:
    """Judge the file again by the list of meters as it stands now; its earlier bad rows make room for the new ones."""
    require(policies.may_keep_for(actor, batch.source.organisation))
    if batch.state not in (ReadingBatch.State.DONE, ReadingBatch.State.FAILED):
        raise Refused(_("这批读数还没有处理完"), code="wrong_state")
    if batch.retries.exclude(state=ReadingBatch.State.FAILED).exists():
        raise Refused(_("已经重新处理过,请看那一次的结果"), code="conflict")
    again = ReadingBatch.objects.create(
        source=batch.source, file=batch.file, mapping=batch.mapping, retry_of=batch, rows=batch.rows,
        created_by=actor.user_id, created_name=actor.name,
    )  # fmt: skip
    _enqueue(again)
    events.record(actor, "surveillance.batch_queued", again, after={"retry_of": str(batch.pk)})
    return again


def _enqueue(batch: ReadingBatch) -> None:
    ReadingBatch.objects.filter(pk=batch.pk).update(state=ReadingBatch.State.QUEUED)
    batch.state = ReadingBatch.State.QUEUED
    key = str(batch.pk)
    transaction.on_commit(lambda: take_in.enqueue(key))


def _locked(actor: Actor, batch: ReadingBatch, state: str) -> ReadingBatch:
    require(policies.may_keep_for(actor, batch.source.organisation))
    current = ReadingBatch.objects.select_for_update().get(pk=batch.pk)
    if current.state != state:
        raise Refused(
            _("这批读数现在是「%(state)s」,不能再做这一步") % {"state": current.get_state_display()}, code="wrong_state"
        )
    return current


@task()
def take_in(batch_id: str) -> None:
    """The job: the good rows into the store, the bad rows aside."""
    batch = ReadingBatch.objects.select_related("source__organisation", "file").filter(pk=uuid.UUID(batch_id)).first()
    if batch is None or batch.state not in (ReadingBatch.State.QUEUED, ReadingBatch.State.RUNNING):
        return
    rows = ReadingBatch.objects.filter(pk=batch.pk)
    rows.update(state=ReadingBatch.State.RUNNING)
    try:
        changes = _taken_in(batch)
    except Exception as error:
        words = unread_words(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        rows.update(state=ReadingBatch.State.FAILED, message=words[:400], finished_at=clock.now())
        if not isinstance(error, InputError):
            raise
        return
    rows.update(state=ReadingBatch.State.DONE, finished_at=clock.now(), message="", **changes)


def _taken_in(batch: ReadingBatch) -> dict[str, Any]:
    owner, mapping, rows = batch.source.organisation, Mapping.from_dict(batch.mapping), ReadingBatch.objects
    with opened(batch) as path:
        done = ingest_file(
            path, store=store(), mapping=mapping, areas=meters_of(owner), region=owner.region_id,
            source=batch.source.key, now=clock.now(), batch=str(batch.pk) if batch.retry_of_id else "",
            progress=lambda n: rows.filter(pk=batch.pk).update(done=n),
        )  # fmt: skip
    if batch.retry_of is not None and batch.retry_of.key:
        Letters(store().root).forget(batch.retry_of.key, source=batch.source.key)
    return {
        "rows": max(done.rows, batch.rows), "accepted": done.accepted, "rejected": done.rejected,
        "reasons": done.reasons, "repeated": done.repeated, "key": done.batch, "done": max(done.rows, batch.rows),
    }  # fmt: skip


def bad_rows(batch: ReadingBatch) -> pl.DataFrame:
    """The rows of a batch that lie aside."""
    if not batch.key:
        return pl.DataFrame()
    return Letters(store().root).read(source=batch.source.key, batch=batch.key)
