"""Raw records of the demo region."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.platform.project.demo import sheets
from quanheng.procedures import run
from quanheng.procedures.loader import load

CASES = [(key, factor) for key, pattern in sheets.PATTERNS.items() for factor in pattern.factors]


@pytest.mark.parametrize(("procedure", "factor"), CASES)
@pytest.mark.parametrize("verdict", ["pass", "reject"])
def test_every_sheet_computes_to_the_verdict_that_was_asked_for(procedure: str, factor: str, verdict: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(3):
        sheet = sheets.make(procedure, rng, verdict=verdict, factor=factor)
        result = run(load(procedure), sheet)
        assert (result.verdict, list(result.findings)) == (verdict, [])
        assert sheet["instrument"] == sheets.parameters(procedure, verdict, factor)


@pytest.mark.parametrize("procedure", sheets.PATTERNS)
def test_readings_differ_from_sheet_to_sheet_and_repeat_with_the_seed(procedure: str) -> None:
    def three(seed: int) -> list[sheets.Sheet]:
        rng = np.random.default_rng(seed)
        return [sheets.make(procedure, rng) for _ in range(3)]

    assert three(1) == three(1)
    assert any(a != b for a, b in zip(three(1), three(2), strict=True))
