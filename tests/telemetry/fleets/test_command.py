"""``quanheng fleet``: from the shell, with files in and out."""

from __future__ import annotations

import json

import polars as pl
import pytest

from quanheng.cli.main import main
from quanheng.telemetry.fleets.simulate import CONDITIONS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("fleet")
    assert (
        main(
            [
                "fleet",
                "simulate",
                "--areas",
                "2",
                "--days",
                "30",
                "--seed",
                "5",
                "--meters",
                "30",
                "40",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    return out


def evaluate(folder, out: str, *more: str) -> int:
    return main(
        [
            "fleet",
            "evaluate",
            str(folder / "readings.parquet"),
            "--areas",
            str(folder / "areas.csv"),
            "--out",
            str(folder / out),
            *more,
        ]
    )


def test_simulate_writes_readings_list_and_truth(folder):
    assert {"readings.parquet", "areas.csv", "truth.csv"} <= {path.name for path in folder.iterdir()}
    assert pl.read_parquet(folder / "readings.parquet").columns == [
        "area_id",
        "meter_id",
        "role",
        "ts",
        "kwh",
        "kwh_export",
    ]


def test_the_same_seed_gives_the_same_fleet(folder, tmp_path):
    assert (
        main(
            [
                "fleet",
                "simulate",
                "--areas",
                "2",
                "--days",
                "30",
                "--seed",
                "5",
                "--meters",
                "30",
                "40",
                "--out",
                str(tmp_path),
            ]
        )
        == 0
    )
    assert (tmp_path / "readings.parquet").read_bytes() == (folder / "readings.parquet").read_bytes()


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_can_be_simulated_and_judged(condition, tmp_path):
    arguments = [
        "--areas",
        "1",
        "--days",
        "20",
        "--seed",
        "3",
        "--meters",
        "20",
        "25",
        "--faults",
        condition,
        "--loss",
        "location",
    ]
    assert main(["fleet", "simulate", *arguments, "--out", str(tmp_path)]) == 0
    assert evaluate(tmp_path, "v.csv", "--limit", "0.02") == 0
    assert set(pl.read_csv(tmp_path / "truth.csv")["condition"]) == {condition}


def test_evaluate_writes_verdicts_and_the_report_of_areas(folder, capsys):
    assert evaluate(folder, "v.csv", "--limit", "0.02", "--json", "--language", "en") == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    report = json.loads((folder / "v.areas.json").read_text("utf-8"))
    assert figures["areas"] == len(report["areas"]) == 2
    assert {"fit", "cause", "rows_used", "sigma"} <= set(report["areas"][0])
    assert {"readings_sha256", "areas_sha256", "verdicts_sha256", "profile", "prior", "software"} <= set(
        report["evidence"]
    )


def test_two_processes_give_the_digits_of_one(folder, monkeypatch):
    from quanheng.telemetry.engines import local

    assert evaluate(folder, "one.parquet", "--workers", "1") == 0
    monkeypatch.setattr(local, "WORTH_PROCESSES", 0)
    assert evaluate(folder, "two.parquet", "--workers", "2") == 0
    assert pl.read_parquet(folder / "one.parquet").equals(pl.read_parquet(folder / "two.parquet"))


def test_score_prints_figures_by_condition(folder, capsys):
    assert evaluate(folder, "v.parquet", "--limit", "0.02") == 0
    capsys.readouterr()
    assert main(["fleet", "score", str(folder / "v.parquet"), str(folder / "truth.csv"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["conditions"]) == {"none"}
    assert answer["overall"]["meters"] == pl.read_csv(folder / "truth.csv").height


def test_coverage_says_yes_to_hourly_and_no_to_daily_readings(folder, tmp_path, capsys):
    def answers(readings) -> set[str]:
        assert (
            main(
                ["fleet", "coverage", str(readings), "--areas", str(folder / "areas.csv"), "--limit", "0.02", "--json"]
            )
            == 0
        )
        return {row["answer"] for row in json.loads(capsys.readouterr().out)}

    assert answers(folder / "readings.parquet") <= {"yes", "partly"}
    rows = pl.read_parquet(folder / "readings.parquet")
    daily = rows.group_by("area_id", "meter_id", "role", pl.col("ts").dt.truncate("1d")).agg(pl.col("kwh").sum())
    daily.write_parquet(tmp_path / "daily.parquet")
    assert answers(tmp_path / "daily.parquet") == {"no"}


def test_a_regional_rule_sets_the_limit_of_the_class(folder):
    assert evaluate(folder, "v.csv", "--rules", "JJF-HEBEI-174-2020", "--language", "en") == 0
    reasons = " ".join(pl.read_csv(folder / "v.csv")["reason"])
    assert "3.50%" in reasons


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--limit", "2"], "limit"),
        (["--profile", "steam"], "profile"),
        (["--rules", "JJF-NOWHERE"], "rules"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_one_line(folder, capsys, more, word):
    assert evaluate(folder, "w.csv", *more) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(word)
    assert printed.count("\n") == 1
    assert not (folder / "w.csv").exists()


def test_a_folder_of_parquet_and_a_store_are_judged_as_the_one_file_they_came_from(folder, tmp_path):
    out = folder
    rows = pl.read_parquet(out / "readings.parquet")
    (tmp_path / "many" / "more").mkdir(parents=True)
    middle = rows.height // 2
    rows[:middle].write_parquet(tmp_path / "many" / "a.parquet")
    rows[middle:].write_parquet(tmp_path / "many" / "more" / "b.parquet")
    where = ["--areas", str(out / "areas.csv")]
    store = ["--store", str(tmp_path / "store"), "--region", "990101"]
    assert main(["fleet", "ingest", str(out / "readings.parquet"), *store, *where]) == 0
    found = []
    for source in (out / "readings.parquet", tmp_path / "many", tmp_path / "store"):
        answer = tmp_path / f"{source.stem}-verdicts.parquet"
        assert main(["fleet", "evaluate", str(source), *where, "--limit", "0.02", "--out", str(answer)]) == 0
        found.append(pl.read_parquet(answer).sort("area_id", "meter_id"))
    assert found[1].equals(found[0])
    assert found[2].equals(found[0])


def test_an_empty_folder_and_an_address_that_is_no_folder_are_refused_in_one_line(
    folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    out = folder
    (tmp_path / "none").mkdir()
    where = ["--areas", str(out / "areas.csv")]
    assert main(["fleet", "evaluate", "none", *where, "--out", "v.parquet"]) == 2
    readings = str(out / "readings.parquet")
    assert main(["fleet", "ingest", readings, *where, "--region", "990101", "--store", "memory://x"]) == 2
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["unreadable", "usage"]
    assert not (tmp_path / "memory:").exists()
