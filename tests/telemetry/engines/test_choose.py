"""Which engine is taken, and what is said where it cannot run."""

from __future__ import annotations

import importlib.util
import json
import socket

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.telemetry.engines import spark
from quanheng.telemetry.engines.choose import choose
from tests.telemetry.engines.makers import write_fleet

MASTER = "spark://127.0.0.1:7077"


def test_without_a_word_the_work_is_done_here():
    assert choose("local").name == "local"


def test_a_cluster_is_named_by_option_or_by_variable():
    assert choose("spark", master=MASTER, environ={}).master == MASTER
    assert choose("spark", environ={"QUANHENG_SPARK_MASTER": MASTER}).master == MASTER
    assert choose("spark", master="spark://a:1,b:2", settings=["spark.cores.max=2"]).settings == {
        "spark.cores.max": "2"
    }


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("dask", {}, "local, spark"),
        ("local", {"master": MASTER}, "--engine spark"),
        ("spark", {}, "--master spark://HOST:7077"),
        ("spark", {"master": "http://10.0.0.1"}, "spark://HOST:7077"),
        ("spark", {"master": MASTER, "settings": ["executor=4"]}, "spark.executor.memory"),
        ("spark", {"master": MASTER, "areas_per_part": 0}, "from 1 to 10000"),
    ],
)
def test_a_wrong_wish_is_refused_with_the_remedy(name, options, word):
    with pytest.raises(InputError, match=word):
        choose(name, environ={}, **options)


def evaluate(folder, capsys, *words: str) -> tuple[int, str]:
    readings, areas = write_fleet(folder, areas=3)
    code = main(["fleet", "evaluate", str(readings), "--areas", str(areas), "--out", str(folder / "v.parquet"), *words])
    return code, capsys.readouterr().err


def test_a_machine_without_pyspark_is_told_what_to_install(tmp_path, capsys, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pyspark" else there("json"))
    code, said = evaluate(tmp_path, capsys, "--engine", "spark", "--master", MASTER)
    assert code == 2
    assert said.startswith(
        "no_pyspark: pyspark not installed; install quanheng[telemetry,spark], or use --engine local"
    )
    assert said.count("\n") == 1
    assert not (tmp_path / "v.parquet.work").exists()


@pytest.mark.parametrize(("says", "seen"), [("", "no Java"), ('openjdk version "11.0.2"', "Java 11")])
def test_a_machine_without_java_is_told_what_to_install(tmp_path, capsys, monkeypatch, says, seen):
    monkeypatch.setattr(spark, "need_pyspark", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if says:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "java").write_text(f"#!/bin/sh\necho '{says}' >&2\n")
        (tmp_path / "bin" / "java").chmod(0o755)
    code, said = evaluate(tmp_path, capsys, "--engine", "spark", "--master", MASTER)
    assert code == 2
    assert said.startswith(f"no_java: Spark needs Java 17 or newer and {seen} was found; install one")
    assert said.count("\n") == 1


def test_a_master_that_does_not_answer_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(spark, "need_pyspark", lambda: None)
    monkeypatch.setattr(spark, "need_java", lambda: None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"spark://127.0.0.1:{free.getsockname()[1]}"
    code, said = evaluate(tmp_path, capsys, "--engine", "spark", "--master", address)
    assert code == 2
    assert "no Spark master answers" in said
    assert address in said


def test_with_json_standard_output_holds_json_only(tmp_path, capsys):
    readings, areas = write_fleet(tmp_path, areas=3)
    out = str(tmp_path / "v.csv")
    assert main(["fleet", "evaluate", str(readings), "--areas", str(areas), "--out", out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["areas"] == 3
