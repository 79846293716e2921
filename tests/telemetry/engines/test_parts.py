"""Parts are kept whole or not at all, and are used again only for the same data, rules and software."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from quanheng.errors import InputError
from quanheng.telemetry.engines.parts import WorkFolder

INPUTS = {"readings": "r1", "areas": "a1", "rules": "u1", "software": {"quanheng": "0.1.0"}}


def make_work(folder, *, parts: int = 3, say=lambda line: None, **changes) -> WorkFolder:
    return WorkFolder(folder / "v.parquet.work", INPUTS | changes, parts, say)


def make_part(areas: int = 2) -> pa.Table:
    return pa.table({"area_id": [f"A{i}" for i in range(areas)]})


def test_a_finished_part_is_there_for_the_next_run(tmp_path):
    work = make_work(tmp_path)
    work.stage("measured").write(1, make_part())
    work.close()
    again = make_work(tmp_path, parts=8)
    assert again.parts == 3, "the parts of a run begun stay as they were cut"
    assert again.stage("measured").finished(3) == {1}
    assert again.stage("measured").read(1).num_rows == 2


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_other_data_rules_or_software_begin_anew_and_say_why(tmp_path, name):
    work, said = make_work(tmp_path), []
    work.stage("measured").write(0, make_part())
    work.close()
    again = make_work(tmp_path, say=said.append, **{name: "other"})
    assert said == [f"kept parts are of another {name}: beginning anew"]
    assert list(again.folder.glob("*/*.parquet")) == []


def test_parts_of_another_prior_or_language_do_not_count(tmp_path):
    work = make_work(tmp_path)
    work.stage("concluded", prior=[1.0], language="zh").write(0, make_part())
    assert work.stage("concluded", prior=[1.0], language="zh").finished(1) == {0}
    assert work.stage("concluded", prior=[1.1], language="zh").finished(1) == set()
    assert work.stage("concluded", prior=[1.0], language="en").finished(1) == set()


@pytest.mark.parametrize(
    "harm",
    [
        lambda part, receipt: part.write_bytes(part.read_bytes()[:-9]),
        lambda part, receipt: part.unlink(),
        lambda part, receipt: receipt.unlink(),
        lambda part, receipt: receipt.write_text(receipt.read_text()[:20]),
        lambda part, receipt: receipt.write_text("[1]"),
        lambda part, receipt: receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"key": "0"})),
        lambda part, receipt: receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"part": 1})),
    ],
)
def test_a_damaged_or_foreign_part_does_not_count(tmp_path, harm):
    stage = make_work(tmp_path).stage("measured")
    stage.write(0, make_part())
    harm(stage.place / "000000.parquet", stage.place / "000000.json")
    assert stage.finished(1) == set()
    with pytest.raises(InputError, match="not there or is damaged"):
        stage.read(0)


def test_a_torn_manifest_begins_anew(tmp_path):
    work = make_work(tmp_path)
    work.stage("measured").write(0, make_part())
    (work.folder / "manifest.json").write_text('{"format": "quanh')
    work.close()
    assert make_work(tmp_path).stage("measured").finished(3) == set()


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    held = make_work(tmp_path)
    with pytest.raises(InputError, match="another evaluation") as refused:
        make_work(tmp_path)
    assert refused.value.code == "busy"
    held.close()
    make_work(tmp_path)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "v.parquet.work").mkdir()
    (tmp_path / "v.parquet.work" / "letters.txt").write_text("dear")
    with pytest.raises(InputError, match=r"letters\.txt"):
        make_work(tmp_path)
    assert (tmp_path / "v.parquet.work" / "letters.txt").read_text() == "dear"


def test_when_the_answer_stands_nothing_is_kept(tmp_path):
    work = make_work(tmp_path)
    work.stage("measured").write(0, make_part())
    work.remove()
    assert list(tmp_path.iterdir()) == []
