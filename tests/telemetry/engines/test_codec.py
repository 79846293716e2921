"""What is kept between the passes comes back bit by bit, and can do nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quanheng.metrology.energy_balance import Layout, NormalEquations
from quanheng.telemetry.engines.codec import pack, unpack
from quanheng.telemetry.fleets.measure import Measured


def make_measured() -> Measured:
    gram = np.asfortranarray(np.random.default_rng(1).standard_normal((7, 7)))
    sums = NormalEquations(gram, 9, -0.1, Layout(3, 0))
    cavity = (np.array([np.nan, -0.0, 1e-310]), np.array([np.inf, 2.0, 3.0]))
    return Measured("台区", "ok", ["a", "b"], {"c": "not_read"}, suspected=[{"cause": "theft", "evidence": 1.5}],
                    sigma=0.1 + 0.2, figures={"x": np.float64(1 / 3), "y": [1, (2, None)]}, halves=(sums, sums),
                    cavity=cavity)  # fmt: skip


def test_every_number_comes_back_to_the_last_bit():
    before, after = make_measured(), unpack(pack(make_measured()))
    assert after.halves[1].gram.tobytes("A") == before.halves[1].gram.tobytes("A")
    assert after.halves[0].gram.flags.f_contiguous
    assert after.halves[0].layout == Layout(3, 0)
    assert after.cavity[0].tobytes() == before.cavity[0].tobytes()
    assert after.cavity[0].flags.writeable
    assert after.figures == before.figures
    assert type(after.figures["x"]) is np.float64
    assert (after.sigma, after.suspected, after.meters) == (0.30000000000000004, before.suspected, ["a", "b"])


def test_the_same_state_gives_the_same_bytes():
    assert pack(make_measured()) == pack(make_measured())


def test_what_is_no_state_of_the_estimator_is_not_kept():
    with pytest.raises(TypeError, match="PosixPath"):
        pack({"path": Path("/")})


@pytest.mark.parametrize(
    "tree",
    [
        ["c", "subprocess", "Popen", {"args": "true"}],
        ["c", "quanheng.telemetry.fleets.profiles", "load_profile", {}],
        ["c", "quanheng.telemetry.fleets.measure", "Measured", {"nobody": 1}],
        ["a", "<f8", [3], 0],
        ["z"],
    ],
)
def test_a_file_somebody_else_wrote_starts_nothing(tree):
    text = json.dumps(tree).encode()
    with pytest.raises(ValueError):
        unpack(len(text).to_bytes(8, "little") + text)


def test_a_file_cut_short_is_refused():
    with pytest.raises(ValueError):
        unpack(pack(make_measured())[:60])
