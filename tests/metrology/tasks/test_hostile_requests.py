"""Whatever is sent to `quanheng compute`, it answers finite numbers or refuses in one line that names the argument."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.library.tables import complete
from quanheng.metrology import tasks
from tests.metrology.tasks.hostile import NO_NUMBER, requests

# what is a standard deviation, an expanded uncertainty or a count is never below zero
NOT_NEGATIVE = re.compile(r"(^|_)(u|U|s|sd|sigma|dof|chi2|trials|iterations|n)$")
ECHOED = {"name", "cause"}  # what the request calls a thing, which may be inf
LONGEST = 30.0  # seconds, on a machine shared with others; the slowest takes some


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for inner, item in value.items():
            if inner not in ("inputs", "archive"):  # the archive writes infinite degrees of freedom as inf
                yield from leaves(item, str(inner))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, key)
    else:
        yield key, value


def refuse_constant(word: str) -> Any:
    raise AssertionError(f"{word} was printed")


def ask(name: str, request: Any, file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """One request to the command; what is wrong with the answer, or nothing."""
    file.write_text(json.dumps(request), encoding="utf-8")
    start = time.monotonic()
    code = main(["compute", name, str(file), "--json"])
    said, complained = capsys.readouterr()
    if time.monotonic() - start > LONGEST:
        return "it took too long"
    lines = complained.splitlines()
    if code == 2:
        good = len(lines) == 1 and re.fullmatch(r"[a-z_0-9]+: .{7,} \(.+\)", lines[0])
        return "" if good else f"refused as {lines[:3]}"
    if code != 0 or lines:
        return f"exit code {code}, {lines[:3]}"
    for key, value in leaves(json.loads(said, parse_constant=refuse_constant)):
        if isinstance(value, str) and key not in ECHOED and NO_NUMBER.search(value):
            return f"{key} is {value[:80]}"
        if isinstance(value, float) and (not math.isfinite(value) or (value < 0 and NOT_NEGATIVE.search(key))):
            return f"{key} is {value}"
    task = tasks.find(name)
    shown = NO_NUMBER.search(task.compute(complete(task.tables, request)).table())
    return f"the table says {shown}" if shown else ""


def broken(name: str, count: int, seed: int, file: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    asked = ((request, ask(name, request, file, capsys)) for request in requests(name, count, seed))
    return [f"{wrong}: {json.dumps(request, ensure_ascii=True)[:600]}" for request, wrong in asked if wrong]


@pytest.mark.parametrize("name", tasks.names())
def test_forty_broken_requests_are_answered_soundly_or_refused_in_one_line(name, tmp_path, capsys):
    assert broken(name, 40, 1, tmp_path / "request.json", capsys) == []


@pytest.mark.long
@pytest.mark.parametrize("name", tasks.names())
def test_two_thousand_broken_requests_are_answered_soundly_or_refused_in_one_line(name, tmp_path, capsys):
    assert broken(name, 2000, 2, tmp_path / "request.json", capsys) == []


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        # infinities of both signs met in math.fsum: an internal error once
        ("uncertainty", {"model": "R = V/I*cos(p)", "method": "gum", "inputs": {
            "V": {"distribution": "normal", "mean": 5e300, "std": 3e297},
            "I": {"distribution": "normal", "mean": 0.02, "std": 1e-5},
            "p": {"distribution": "normal", "mean": 1.0, "std": 1e-3}},
            "correlations": [{"a": "V", "b": "I", "r": -0.4}, {"a": "V", "b": "p", "r": 0.9}]}),
        ("standard-check", {"kind": "comparison", "values": [20.003, 20.001, 19.998], "U": [0.006, 0.005, 1e308]}),
        ("homogeneity", {"bottles": [[10.1, 10.1], [10.2, 10.2], [10.0, 10.0]], "s_r": 0.1}),
        ("conformity", {"upper": -5.4, "value": -5.47, "u": 0.05}),
        ("net-content", {"law": {"date": "2024-05-01"}, "nominal": 500, "unit": "g", "lot": 5.9, "contents": [500] * 5}),
    ],
)  # fmt: skip
def test_what_was_once_printed_wrongly_is_not_printed_again(name, request_, tmp_path, capsys):
    assert ask(name, request_, tmp_path / "request.json", capsys) == ""


MANY = 100_000
LAID_OUT = {"x": [1.0, 2.0] * (MANY // 2), "u": [0.1] * MANY}
HISTORY = {"t": [12.0] * MANY, "passed": [True, False] * (MANY // 2)}


@pytest.mark.parametrize(
    ("name", "request_", "place"),
    [
        # a covariance of 80 GB, draws of 80 GB and a likelihood of hours once
        ("comparison", {**LAID_OUT, "method": "weighted-mean"}, "x"),
        ("comparison", {"x": [1.0, 2.0] * 200, "u": [0.1] * 400, "method": "median", "bilateral": True}, "x"),
        ("comparison", {"x": [1.0, 2.0] * 20, "u": [0.1] * 40, "method": "procedure-b", "trials": 10**7}, "trials"),
        ("interval", {"method": "s2", "t": list(range(1, MANY + 1)), "counts": [5] * MANY,
                      "in_tolerance_counts": [4] * MANY, "target": 0.9}, "t"),
        ("interval", {"method": "s3", "histories": [HISTORY], "target": 0.9}, "histories"),
        ("net-content", {"law": {"region": "CN", "date": "2024-05-01"}, "nominal": 500, "unit": "g", "lot": MANY,
                         "contents": [500] * MANY}, "contents"),
    ],
)  # fmt: skip
def test_more_than_a_machine_holds_is_refused_at_once(name, request_, place):
    task = tasks.find(name)
    with pytest.raises(InputError) as refused:
        task.compute(complete(task.tables, request_))
    assert (refused.value.code, refused.value.place) == ("too_large", place)


@pytest.mark.parametrize(
    ("inputs", "place", "value"),
    [
        ({"distribution": "normal", "mean": 1, "std": -0.25}, "inputs.V", "-0.25"),
        ({"distribution": "rectangular", "low": 3, "high": 2}, "inputs.V", "3"),
        ({"distribution": "gamma", "shape": -4, "scale": 1}, "inputs.V", "-4"),
        ({"distribution": "normal", "mean": 1, "std": "1_0"}, "inputs.V.std", "1_0"),
        ({"distribution": "observations", "values": [1, "x"]}, "inputs.V.values[1]", "x"),
        ({"distribution": "specification", "value": 1, "relative": -0.1}, "inputs.V.relative", "-0.1"),
    ],
)
def test_a_refused_input_is_named_as_the_request_names_it_with_its_value(inputs, place, value, tmp_path, capsys):
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"model": "Y = V", "inputs": {"V": inputs}}))
    assert main(["compute", "uncertainty", str(file), "--json"]) == 2
    line = capsys.readouterr().err.strip()
    assert line.endswith(f"({place})")
    assert value in line.rpartition(" (")[0]
