"""quanheng trace audit over files: what an outsider recomputes."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from quanheng.cli.main import main
from quanheng.evidence.trace import audit_files, files, load_files

DAY = dt.date(2026, 1, 10)


@pytest.fixture
def network(tmp_path):
    """A root, a standard calibrated with it, fifty scales calibrated with the standard; scale 7 after it was condemned."""
    scales = range(10, 60)
    items = [{"node_id": 1, "kind": "item", "is_root": True}, {"node_id": 2, "kind": "item", "condemned_from": DAY}]
    items += [{"node_id": n, "kind": "item"} for n in scales]
    paper = {
        "kind": "certificate",
        "valid_from": dt.date(2026, 1, 1),
        "valid_to": dt.date(2026, 12, 31),
        "basis": "proven",
    }
    papers = [{"node_id": 1000 + n, "item_id": n, **paper} for n in [2, *scales]]
    edges = [{"certificate_id": 1002, "standard_id": 1, "used_on": dt.date(2026, 1, 1), "u_ratio": 0.1}]
    edges += [
        {
            "certificate_id": 1000 + n,
            "standard_id": 2,
            "used_on": DAY if n == 17 else dt.date(2026, 1, 9),
            "u_ratio": 0.3,
        }
        for n in scales
    ]
    pl.DataFrame(items + papers, infer_schema_length=None).write_parquet(tmp_path / "n.parquet")
    pl.DataFrame(edges[::-1]).write_parquet(tmp_path / "e.parquet")
    return tmp_path


def call(capsys, network, *argv):
    code = main(
        ["trace", "audit", "--nodes", f"{network}/n.parquet", "--edges", f"{network}/e.parquet", *map(str, argv)]
    )
    return code, capsys.readouterr()


def test_the_audit_names_what_does_not_hold(network, capsys):
    code, said = call(capsys, network, "--at", "2026-02-01", "--json")
    answer = json.loads(said.out)
    assert (code, answer["items"], answer["holds"], answer["proven"]) == (0, 52, 50, 50)
    assert answer["codes"] == {"condemned": 2}
    assert {row["item"]: row["broken_at"] for row in answer["broken"]} == {2: 2, 17: 2}


def test_the_answer_is_written_for_every_item(network, capsys):
    assert call(capsys, network, "--at", "2026-02-01", "--out", network / "o.parquet")[0] == 0
    table = pl.read_parquet(network / "o.parquet")
    assert table.columns == ["item", "holds", "proven", "certificate", "valid_to", "code", "broken_at"]
    assert table.height == 52


def test_judging_in_blocks_changes_nothing(network, monkeypatch):
    at = dt.date(2026, 2, 1)
    whole = load_files(network / "n.parquet", network / "e.parquet").audit(at)
    monkeypatch.setattr(files, "BLOCK", 7)
    assert audit_files(network / "n.parquet", network / "e.parquet", at).equals(whole)


def test_unreadable_files_are_one_line(network, capsys):
    (network / "e.parquet").write_bytes(b"PAR1 not really")
    code, said = call(capsys, network)
    assert (code, len(said.err.splitlines())) == (2, 1)
    (network / "e.parquet").unlink()
    assert call(capsys, network)[0] == 2


@pytest.mark.parametrize(
    "argv", [["--at", "yesterday"], ["--region", "150700"], ["--out", "/no/such/folder/o.parquet"]]
)
def test_wrong_usage_is_one_line(network, capsys, argv):
    code, said = call(capsys, network, *argv)
    assert (code, len(said.err.splitlines())) == (2, 1)


def test_one_file_alone_is_refused(network, capsys):
    assert main(["trace", "audit", "--nodes", f"{network}/n.parquet"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
