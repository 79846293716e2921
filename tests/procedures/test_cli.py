"""`quanheng procedure` as a stranger uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quanheng.cli.main import main
from quanheng.cli.procedure import example
from quanheng.procedures import procedure_ids, store
from quanheng.procedures.loader import library_folder

SCALE = "JJG-539-2016"


def answer(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> Any:
    assert main(["procedure", *map(str, words)]) == code
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["procedure", *map(str, words)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert ": " in lines[0]
    return lines[0]


def written(folder: Path, content: Any) -> Path:
    file = folder / "file.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_list_names_every_procedure_with_its_norm(capsys: pytest.CaptureFixture[str]) -> None:
    rows = answer(capsys, "list", "--json")
    assert [row["id"] for row in rows] == procedure_ids()
    assert all({"number", "edition", "in_force_from", "verified"} <= set(row["norm"]) for row in rows)
    assert main(["procedure", "list"]) == 0
    assert "数字指示秤" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["pass", "reject"])
def test_an_example_runs_and_exits_zero_whatever_its_verdict(
    kind: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    record = answer(capsys, "show", SCALE, "--example", kind)
    result = answer(capsys, "run", SCALE, written(tmp_path, record), "--json")
    assert result["verdict"] == kind
    keys = {"section", "point", "quantity", "value", "unit", "mpe", "u", "U", "k", "ok"}
    assert all(keys <= set(row) and isinstance(row["value"], str) for row in result["results"])
    assert set(result["hashes"]) == {"procedure", "record", "software"}
    assert main(["procedure", "run", SCALE, str(tmp_path / "file.json")]) == 0
    assert f"{SCALE}: {kind}" in capsys.readouterr().out


def test_show_prints_content_schema_and_form(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert answer(capsys, "show", SCALE)["norm"]["number"] == "JJG 539-2016"
    schema = answer(capsys, "show", SCALE, "--schema")
    assert schema["properties"]["procedure"] == {"const": SCALE}
    record = written(tmp_path, example(SCALE, "pass"))
    sheet = answer(capsys, "show", SCALE, "--form", "--record", record)
    assert all(section["rows"] for section in sheet["sections"])


def test_every_example_has_the_keys_of_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    for identifier in procedure_ids():
        properties = answer(capsys, "show", identifier, "--schema")["properties"]
        for kind in ("pass", "reject"):
            record = example(identifier, kind)
            assert set(record) <= set(properties)
            assert set(record["instrument"]) <= set(properties["instrument"]["properties"])
            for key, rows in record["sections"].items():
                fields = properties["sections"]["properties"][key]["items"]["properties"]
                assert all(set(row) <= set(fields) for row in rows)


def test_a_procedure_file_of_ones_own_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text((library_folder() / f"{SCALE}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert answer(capsys, "run", file, written(tmp_path, example(SCALE, "pass")), "--json")["verdict"] == "pass"


@pytest.mark.parametrize("content", ["{", "[]", "", "\x00", '{"procedure": 1}', "[" * 100000])
def test_an_unreadable_record_is_one_line_and_exit_two(
    content: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    refused(capsys, "run", SCALE, written(tmp_path, content), "--json")


def test_unknown_identifiers_missing_files_and_wrong_usage_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    refused(capsys, "show", "JJG-0")
    refused(capsys, "run", SCALE, tmp_path / "none.json")
    refused(capsys, "run", tmp_path / "none.yaml", tmp_path / "none.json")
    refused(capsys, "jump")
    refused(capsys, "show", SCALE, "--example", "perhaps")


def test_a_number_in_a_record_is_refused_with_its_path(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    record = example(SCALE, "pass")
    record["sections"]["weighing"][2]["I_up"] = 15.0
    line = refused(capsys, "run", SCALE, written(tmp_path, record), "--json")
    assert line.startswith("not_text")
    assert "(sections.weighing[2].I_up)" in line


@pytest.mark.parametrize("wrapped", [False, True])
def test_replay_of_a_stored_result_says_same_and_of_a_changed_one_exits_one(
    wrapped: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stored = store(SCALE, example(SCALE, "reject"))
    file = written(tmp_path, {"replay": stored, "v": 1} if wrapped else stored)
    assert answer(capsys, "replay", file, "--json")["same"] is True
    stored["result"]["results"][0]["value"] = "0.002"
    file = written(tmp_path, {"replay": stored, "v": 1} if wrapped else stored)
    report = answer(capsys, "replay", file, "--json", code=1)
    assert report["differences"] == [{"path": "results[0].value", "stored": "0.002", "recomputed": "0.001"}]
    assert main(["procedure", "replay", str(file)]) == 1
    assert "results[0].value" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"record": {}, "result": {}}', '{"replay": 3}'])
def test_a_file_that_holds_no_stored_result_is_refused(
    content: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    refused(capsys, "replay", written(tmp_path, content))
