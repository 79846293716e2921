"""Names and codes of the demo region."""

from __future__ import annotations

import itertools

import numpy as np
from stdnum.cn import uscc

from quanheng.platform.project.demo import names


def test_every_credit_code_is_valid() -> None:
    rng = np.random.default_rng(3)
    codes = [names.credit_code(rng, "990101", kind) for kind in ("91", "11", "12") for _ in range(400)]
    assert all(uscc.is_valid(code) for code in codes)
    assert len(set(codes)) > 1190


def test_people_have_names_of_their_own_and_some_are_rare() -> None:
    found = list(itertools.islice(names.people(np.random.default_rng(1)), 400))
    assert len(set(found)) == 400
    assert any(ord(c) > 0xFFFF for name in found for c in name)
