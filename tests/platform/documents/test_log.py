"""Leaves reach the log once, whatever dies in between, and many writers leave no gap."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from quanheng.evidence.ledger import fsck, open_status
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import log_signer
from quanheng.platform.documents.models import Document, Leaf, NumberRecord
from quanheng.platform.kernel import clock
from quanheng.platform.project import doctor
from tests.platform.cast import Cast, make_cast
from tests.platform.documents.steps import issue_one

STEPS = ("ensure_all", "write_statuses", "_mark_merged")


class Killed(BaseException):
    """The process is gone: nothing after this line runs."""


def log_size() -> int:
    return ledger.log().size if (settings.QUANHENG.log_dir / "checkpoint").exists() else 0


def break_after(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Let a step of the merge do its work and then die."""
    owner: Any = ledger.log() if step == "ensure_all" else ledger
    whole = getattr(owner, step)

    def dying(*args: Any) -> Any:
        whole(*args)
        raise Killed

    monkeypatch.setattr(owner, step, dying)


@pytest.mark.django_db
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_during_the_merge_loses_nothing_and_duplicates_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = log_size()
    documents = [issue_one(cast) for _ in range(3)]
    with monkeypatch.context() as patch:
        break_after(patch, step)
        with pytest.raises(Killed):
            ledger.merge_leaves()
    ledger.merge_leaves()
    assert ledger.merge_leaves() == "nothing to merge"
    assert log_size() == before + 3
    places = list(Leaf.objects.order_by("id").values_list("index", flat=True))
    assert places == [before, before + 1, before + 2]
    for document in documents:
        row = ledger.own_leaf(document)
        assert ledger.log().entry(row.index or 0) == bytes(row.data)
    assert fsck(settings.QUANHENG.log_dir, [log_signer().verifier]).sound


@pytest.mark.django_db
def test_the_status_beside_the_log_follows_the_document(cast: Cast) -> None:
    document = issue_one(cast)
    ledger.merge_leaves()
    row = ledger.own_leaf(document)
    file = settings.QUANHENG.log_dir / "status" / row.leaf_hash
    keys = [log_signer().verifier]
    assert open_status(file.read_text("utf-8"), keys).state == "issued"
    Document.objects.filter(pk=document.pk).update(state="revoked", void_from=document.performed_on)
    ledger.refresh_statuses()
    status = open_status(file.read_text("utf-8"), keys)
    assert (status.state, status.void_from) == ("revoked", document.performed_on)


def test_five_issuers_at_once_leave_no_duplicate_and_no_gap(committing: None) -> None:
    cast = make_cast()
    before = log_size()
    problems: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                issue_one(cast)
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.merge_leaves()
    assert problems == []
    numbers = sorted(Document.objects.values_list("number", flat=True))
    assert [int(n.rsplit("-", 1)[1]) for n in numbers] == list(range(1, 101))
    assert set(NumberRecord.objects.values_list("state", flat=True)) == {"used"}
    assert sorted(Leaf.objects.values_list("index", flat=True)) == list(range(before, before + 100))


@pytest.mark.django_db
def test_a_leaf_that_waits_longer_than_a_minute_is_a_problem_for_the_doctor(cast: Cast) -> None:
    own = ledger.own_leaf(issue_one(cast))
    for seconds, told in ((59, 0), (61, 1)):
        with clock.at(own.created_at + dt.timedelta(seconds=seconds)):
            assert sum("wait longer than 60 s" in f.text for f in doctor._log(quick=True)) == told


def test_issuing_brings_the_leaf_into_the_log_at_once(committing: None) -> None:
    document = issue_one(make_cast(), subject=uuid.uuid4())
    assert ledger.own_leaf(document).index is not None


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["number", "xml_sha256", "pdf_sha256", "record_sha256", "public_code"])
def test_the_database_itself_refuses_to_change_what_was_issued(cast: Cast, column: str) -> None:
    document = issue_one(cast)
    with pytest.raises(DatabaseError, match="never change"), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**{column: "0" * 12})


@pytest.mark.django_db
def test_the_database_itself_refuses_to_move_a_leaf(cast: Cast) -> None:
    document = issue_one(cast)
    ledger.merge_leaves()
    with pytest.raises(DatabaseError, match="never change"), transaction.atomic():
        Leaf.objects.filter(document=document).update(index=999_999)
