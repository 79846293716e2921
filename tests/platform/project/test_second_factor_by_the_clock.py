"""The second factor follows the one clock: a code is good for its own time step, once."""

from __future__ import annotations

import datetime as dt

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.project.demo.world import code_of
from quanheng.platform.web import second_factor
from tests.platform.cast import Cast

SECRET = "JBSWY3DPEHPK3PXP"
NOON = dt.datetime(2026, 3, 2, 4, 0, 5, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _device(cast: Cast) -> None:
    cache.clear()
    TOTP.activate(cast.signatory, SECRET)


@pytest.mark.parametrize("late", [-30, 0, 30])
def test_a_code_is_good_within_one_step_of_its_time(cast: Cast, late: int) -> None:
    with clock.at(NOON):
        assert second_factor.verify(cast.signatory, code_of(SECRET, NOON + dt.timedelta(seconds=late))) == "totp"


@pytest.mark.parametrize("late", [-95, 65, 86_400])
def test_a_code_of_another_time_is_refused(cast: Cast, late: int) -> None:
    with clock.at(NOON), pytest.raises(Refused):
        second_factor.verify(cast.signatory, code_of(SECRET, NOON + dt.timedelta(seconds=late)))


def test_a_code_works_once(cast: Cast) -> None:
    code = code_of(SECRET, NOON)
    with clock.at(NOON):
        second_factor.verify(cast.signatory, code)
        with pytest.raises(Refused):
            second_factor.verify(cast.signatory, code)


@pytest.mark.parametrize("code", ["", "abcdef", "12345", "1234567", "１２３４５６"])
def test_what_is_no_code_is_refused(cast: Cast, code: str) -> None:
    with clock.at(NOON), pytest.raises(Refused):
        second_factor.verify(cast.signatory, code)
