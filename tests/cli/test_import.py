"""``quanheng import``: exit codes, the outcome as JSON, bad rows to a file, undo, the template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from quanheng.cli.main import main
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.sheets import write_csv, write_xlsx
from tests.platform.makers import make_category, make_organisation

pytestmark = pytest.mark.django_db
HEADERS = ["器具名称", "种别", "出厂编号", "用途"]
GOOD, BAD = ["秤", "电子秤", "1", "贸易结算"], ["秤", "电子秤", "2", "打仗"]


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUANHENG_DATA", str(tmp_path))
    make_category()
    make_organisation("东陵商贸有限公司")


def bring(tmp_path: Path, rows: list[list[str]], *options: str, name: str = "in.xlsx") -> int:
    path = tmp_path / name
    path.write_bytes(write_csv(HEADERS, rows) if name.endswith(".csv") else write_xlsx(HEADERS, rows))
    return main(["import", "instruments", str(path), "--data-dir", str(tmp_path), *options])


def outcome(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_all_good_rows_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring(tmp_path, [GOOD], "--organisation", "东陵商贸有限公司", "--json") == 0
    assert (outcome(capsys)["accepted"], Instrument.objects.count()) == (1, 1)


def test_a_rejected_row_exits_1_and_comes_back_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    back = tmp_path / "bad.xlsx"
    assert bring(tmp_path, [GOOD, BAD], "--rejected", str(back), "--json", name="in.csv") == 1
    found = outcome(capsys)
    assert [(e["row"], e["column"], e["value"]) for e in found["errors"]] == [(3, "用途", "打仗")]
    assert openpyxl.load_workbook(back).active.max_row == 2
    assert Instrument.objects.count() == 1


def test_all_or_nothing_writes_nothing(tmp_path: Path) -> None:
    assert bring(tmp_path, [GOOD, BAD], "--all-or-nothing") == 1
    assert not Instrument.objects.exists()


def test_an_import_is_undone_by_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring(tmp_path, [GOOD], "--json")
    batch = outcome(capsys)["id"]
    assert main(["import", "instruments", batch, "--undo", "--data-dir", str(tmp_path)]) == 0
    assert not Instrument.objects.exists()
    assert main(["import", "instruments", batch, "--undo", "--data-dir", str(tmp_path)]) == 2


def test_what_cannot_be_read_exits_2_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junk = tmp_path / "junk.xlsx"
    junk.write_bytes(b"PK\x03\x04junk")
    data = ["--data-dir", str(tmp_path)]
    for args in (
        ["instruments", str(junk), *data],
        ["instruments", str(tmp_path / "absent.xlsx"), *data],
        ["nonsense", str(junk), *data],
        ["instruments", str(junk), "--organisation", "查无", *data],
        ["instruments", "not-an-id", "--undo", *data],
    ):
        assert main(["import", *args]) == 2, args
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not Instrument.objects.exists()


def test_the_template_is_written(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    assert main(["import", "instruments", str(path), "--template", "--data-dir", str(tmp_path)]) == 0
    assert openpyxl.load_workbook(path).worksheets[0]["A1"].value == "器具名称 *"


def test_a_template_named_csv_is_csv_and_goes_back_in(tmp_path: Path) -> None:
    path = tmp_path / "blank.csv"
    assert main(["import", "instruments", str(path), "--template", "--data-dir", str(tmp_path)]) == 0
    text = path.read_text("utf-8-sig")
    assert text.startswith("器具名称,项别/种别")
    titles = text.splitlines()[0].split(",")
    row = dict.fromkeys(titles, "") | {"器具名称": "秤", "项别/种别": "电子秤", "出厂编号": "1", "用途": "贸易结算"}
    path.write_text(text + ",".join(row.values()) + "\n", "utf-8-sig")
    assert main(["import", "instruments", str(path), "--data-dir", str(tmp_path)]) == 0
    assert Instrument.objects.count() == 1
