"""Explains the state of everything: what is checked, how it is, what to do about it."""

from __future__ import annotations

import datetime as dt
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import DatabaseError, connection

import quanheng
from quanheng.errors import InputError
from quanheng.evidence.ledger import fsck
from quanheng.platform.documents import keys, ledger
from quanheng.platform.documents.models import Document, Leaf, NumberRecord, Origin
from quanheng.platform.kernel import clock, files, sealing
from quanheng.platform.kernel.models import JobRun
from quanheng.platform.kernel.periodic import PERIODIC
from quanheng.platform.law.models import LawItem
from quanheng.platform.project import operations

LOW_DISK = 1 << 30
IDLE = dt.timedelta(hours=1)  # the worker merges the log every few seconds
RESTORE_DATABASE = "stop the server and restore the last backup with `quanheng restore`"


@dataclass(frozen=True)
class Finding:
    """One line: ok, note or problem; what it is about; how it is; the remedy of a problem."""

    level: str
    topic: str
    text: str
    remedy: str = ""


def _database(quick: bool) -> Iterator[Finding]:
    tables, log = connection.introspection.table_names(), settings.QUANHENG.log_dir / "checkpoint"
    if not tables and log.is_file():
        yield Finding("problem", "database", "it is empty, and the log beside it is not", RESTORE_DATABASE)
        return
    if connection.vendor == "sqlite" and not quick and (wrong := _damage()):
        yield Finding("problem", "database", f"the file is damaged: {wrong}", RESTORE_DATABASE)
        return
    waiting = operations.unapplied()
    if waiting:
        yield Finding("problem", "database", f"{len(waiting)} migrations are missing", "run `quanheng migrate`")
    else:
        yield Finding("ok", "database", f"{connection.vendor}, all migrations applied")


def _damage() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        found = str(cursor.fetchone()[0])
    return "" if found == "ok" else found


def _library() -> Iterator[Finding]:
    count = LawItem.objects.count()
    unverified = LawItem.objects.exclude(verified="yes").count()
    if not count:
        yield Finding("problem", "library", "no items are loaded", "run `quanheng manage load_library`")
    else:
        yield Finding("ok", "library", f"{count} items, {unverified} of them not verified (shown as such)")


def _log(quick: bool) -> Iterator[Finding]:
    pending = Leaf.objects.filter(index=None)
    late = [leaf for leaf in pending[:1000] if (clock.now() - leaf.created_at).total_seconds() > 60]
    if late:
        yield Finding("problem", "log", f"{len(late)} leaves wait longer than 60 s", "start `quanheng worker`")
    merged = Leaf.objects.exclude(index=None).count()
    if not merged:
        yield Finding("note", "log", "nothing has been issued yet")
        return
    size = ledger.log().size
    if size < merged:
        yield Finding(
            "problem", "log", f"the database knows {merged} leaves, the log {size}", "restore the newest log folder"
        )
        return
    problems = [] if quick else list(fsck(settings.QUANHENG.log_dir, keys.log_verifiers()).findings)
    for problem in problems:
        yield Finding("problem", "log", str(problem), "restore the log folder from a backup")
    if not problems:
        how = "head verified" if quick else "rebuilt from its entries and compared"
        yield Finding("ok", "log", f"{size} leaves, {how}")


def _documents(quick: bool) -> Iterator[Finding]:
    issued = Document.objects.filter(origin=Origin.ISSUED)
    check = files.exists if quick else _readable
    missing = [d.number for d in issued.iterator() if not (check(d.xml_sha256) and check(d.pdf_sha256))]
    if missing:
        text = f"stored bytes of {len(missing)} documents are missing or changed: {', '.join(missing[:5])}"
        yield Finding("problem", "documents", text, "restore DATA/blobs from a backup")
    else:
        yield Finding("ok", "documents", f"{issued.count()} issued documents, all bytes as issued")
    open_numbers = NumberRecord.objects.filter(state="reserved").count()
    if open_numbers:
        text = f"{open_numbers} numbers are reserved but neither used nor voided"
        yield Finding("note", "numbers", text, "they are voided with a reason by the worker after an hour")


def _readable(sha256: str) -> bool:
    try:
        files.get(sha256)
    except InputError:
        return False
    return True


def _audit() -> Iterator[Finding]:
    findings = sealing.check()
    for text in findings:
        yield Finding(
            "problem", "audit trail", text, "compare with the last backup; somebody changed the database by hand"
        )
    if not findings:
        yield Finding("ok", "audit trail", "every seal agrees with its events")


def _jobs() -> Iterator[Finding]:
    runs = {run.name: run for run in JobRun.objects.all()}
    failed = [run for run in runs.values() if run.failed]
    for run in failed:
        yield Finding("problem", "jobs", f"{run.name} failed: {run.outcome}", "mend the cause; the worker tries again")
    never = [name for name, _ in PERIODIC if name not in runs]
    if never:
        yield Finding(
            "note", "jobs", f"{len(never)} jobs have never run", "start `quanheng serve` or `quanheng worker`"
        )
        return
    latest = max(run.started_at for run in runs.values())
    if clock.now() - latest > IDLE:
        hours = (clock.now() - latest).total_seconds() / 3600
        text = f"no worker for {hours:.0f} h: nothing is merged, reminded or sealed since {latest:%Y-%m-%d %H:%M} UTC"
        yield Finding("note", "jobs", text, "start `quanheng serve` or `quanheng worker`")
    elif not failed:
        yield Finding("ok", "jobs", f"{len(runs)} periodic jobs, none failing")


def _keys() -> Iterator[Finding]:
    """Keys that are gone or were exchanged: what they protect would fail when somebody needs it."""
    kept = Path(settings.QUANHENG.data_dir) / "KEYS"
    if not kept.is_file() or kept.read_text("utf-8") != keys.keys_text():
        text = "DATA/KEYS is missing or names other keys than those in use"
        yield Finding("problem", "keys", text, "run `quanheng migrate`, and ask who changed it")
    signing = Document.objects.filter(origin=Origin.ISSUED).values_list("organisation", "organisation__name").distinct()
    lost = [name for pk, name in signing if not (settings.QUANHENG.keys_dir / keys.SEALS / pk.hex).is_dir()]
    if lost:
        text = f"{len(lost)} institutes that issued documents have no seal here: {', '.join(lost[:5])}"
        yield Finding("problem", "keys", text, "restore DATA/keys/seal from a backup")
    apps = Authenticator.objects.filter(type=Authenticator.Type.TOTP)
    one = apps.first()
    if one is None:
        return
    try:
        decrypt(one.data["secret"])
    except InputError:
        text = f"mfa-secret is missing or another one: {apps.count()} authenticators cannot be checked, nobody can sign"
        yield Finding("problem", "keys", text, "restore DATA/keys/mfa-secret from a backup")


def _is_public(path: Path) -> bool:
    """Whether a file among the keys may be read by all: a certificate, a lock, a root of another institute."""
    if path.parent.name == keys.ACCEPTED:
        return b"PRIVATE KEY" not in path.read_bytes()
    return path.name.endswith((".lock", "root.pem", "seal.pem", "chain.pem", ".pub"))


def folder_findings() -> Iterator[Finding]:
    root: Path = settings.QUANHENG.data_dir
    loose = [p for p in (root / "keys").rglob("*") if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    private = [p.name for p in loose if not _is_public(p)]
    if private:
        yield Finding(
            "problem", "keys", f"readable by others: {', '.join(private[:5])}", "chmod 600 the files in DATA/keys"
        )
    else:
        yield Finding("ok", "keys", "readable by the owner alone")
    free = shutil.disk_usage(root).free
    if free < LOW_DISK:
        yield Finding(
            "problem", "disk", f"{free >> 20} MiB are free", "make room before documents can no longer be stored"
        )
    else:
        yield Finding("ok", "disk", f"{free >> 30} GiB are free")
    fonts = list((Path(quanheng.__file__).parent / "evidence" / "fonts").glob("*.[to]tf"))
    if not fonts:
        yield Finding("problem", "fonts", "the fonts of the certificates are not there", "run `make assets`")


def _roots() -> Iterator[Finding]:
    """The roots of other institutes under which certificates count as proven here, and until when."""
    for root in keys.accepted_roots():
        if root.problem:
            yield Finding(
                "problem", "accepted roots", f"{root.file}: {root.problem}", "put the right certificate there"
            )
            continue
        ends = root.certificate.not_valid_after_utc.date() if root.certificate is not None else None
        text = f"{root.name}, {root.file}, until {ends}, SHA-256 {root.sha256[:16]}…"
        if root.expired():
            yield Finding(
                "problem", "accepted roots", f"{text}: expired", "get its successor from the institute itself"
            )
        elif not root.own:
            yield Finding("ok", "accepted roots", text)


def findings(*, quick: bool = False) -> list[Finding]:
    """All checks in order; later ones are left out where the database is not ready."""
    first = _told(lambda: _database(quick))
    if any(f.level == "problem" for f in first):
        return first
    checks: list[Callable[[], Iterator[Finding]]] = [
        _library,
        lambda: _log(quick),
        lambda: _documents(quick),
        _audit,
        _jobs,
        _roots,
        _keys,
        folder_findings,
    ]
    told = [finding for check in checks for finding in _told(check)]
    return first + list(dict.fromkeys(told))  # one missing key stops several checks


def _told(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """The findings of a check; one that cannot be made is itself a finding and hides no other."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except InputError as error:
        where = error.place or error.code
        found.append(Finding("problem", where, error.message))
    except DatabaseError as error:
        found.append(Finding("problem", "database", f"it cannot be read: {error}", RESTORE_DATABASE))
    return found


def report(*, quick: bool = False) -> int:
    """Print every finding; 1 where there is a problem."""
    marks = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
    found = findings(quick=quick)
    for f in found:
        print(f"{marks[f.level]} {f.topic}: {f.text}" + (f" — {f.remedy}" if f.remedy else ""))  # noqa: T201
    return int(any(f.level == "problem" for f in found))
