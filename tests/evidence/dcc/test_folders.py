"""Whole folders: every file told apart by where it lies, nothing lost, the remedy said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.evidence.dcc.build import build
from tests.evidence.sample_content import make_content

Out = pytest.CaptureFixture[str]
GOOD = build(make_content())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two certificates of one name in two subfolders, one file that is none, one of a strange name."""
    root = tmp_path / "in"
    for name, data in (
        ("a/cert.xml", GOOD),
        ("b/cert.xml", GOOD.replace(b"LZ-2026-000123", b"LZ-2026-000124")),
        ("b/bad.xml", b"<a/>"),
        ("电子秤 1\n2.xml", GOOD),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def test_equal_names_are_told_apart_and_why_nothing_passed_is_said_once(folder: Path, capsys: Out, monkeypatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "no-store"))
    monkeypatch.delenv("QUANHENG_DCC_SCHEMAS", raising=False)
    assert main(["dcc", "validate", str(folder)]) == 2
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [["✗", "a/cert.xml"], ["!", "b/bad.xml"], ["✗", "b/cert.xml"]]
    assert lines[4].startswith("✗  电子秤 1 2.xml  ")
    assert lines[2].endswith("not_dcc")
    assert "3 ✗ 未通过 not passed, 1 ! 读不了 not read" in lines[5]
    assert printed.out.count("dcc schemas add DIR") == 1
    assert printed.err.count("\n") == 1


def test_show_of_a_folder_says_which_certificate_is_which(folder: Path, capsys: Out) -> None:
    assert main(["dcc", "show", str(folder)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert "LZ-2026-000123" in lines[1]
    assert "LZ-2026-000124" in lines[3]
    assert "电子计价秤" in lines[1]


def test_verify_of_a_folder_shows_state_and_signer_alone(folder: Path, capsys: Out) -> None:
    assert main(["dcc", "verify", str(folder)]) == 1
    head = capsys.readouterr().out.splitlines()[0]
    assert "签名 Signature" in head
    assert "架构 Schema" not in head


def test_an_export_keeps_the_folders_and_loses_nothing(folder: Path, tmp_path: Path, capsys: Out) -> None:
    assert main(["dcc", "export", str(folder), "--to", "csv"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("usage: ")
    assert "--out" in printed.err
    assert printed.out == ""
    assert main(["dcc", "export", str(folder), "--to", "csv", "--out", str(tmp_path / "out")]) == 2
    one, two = (tmp_path / "out" / name / "cert.csv" for name in "ab")
    assert "LZ-2026-000123" in one.read_text()
    assert "LZ-2026-000124" in two.read_text()
