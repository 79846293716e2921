"""Which standards may be used on a day, and why not."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.kernel.policies import Refused
from quanheng.platform.standards import queries, services
from tests.platform import makers
from tests.platform.cast import Cast

DAY = dt.date(2026, 11, 23)


def test_an_assessed_standard_of_the_norm_may_be_used(cast: Cast) -> None:
    norm = makers.make_norm()
    assert queries.may_use(makers.make_standard(cast.institute, norm), norm, DAY)


def test_the_last_day_of_the_assessment_still_counts_and_the_next_does_not(cast: Cast) -> None:
    norm = makers.make_norm()
    weights = makers.make_standard(cast.institute, norm, assessed_until=DAY)
    assert queries.may_use(weights, norm, DAY)
    decision = queries.may_use(weights, norm, DAY + dt.timedelta(days=1))
    assert not decision
    assert "到期" in decision.reason


def test_another_norm_is_outside_the_assessment(cast: Cast) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    other = makers.make_norm("JJG 52-2013", title="压力表")
    assert "不含 JJG 52-2013" in queries.may_use(weights, other, DAY).reason


def test_a_suspended_or_condemned_standard_may_not_be_used(cast: Cast) -> None:
    norm = makers.make_norm()
    weights = makers.make_standard(cast.institute, norm)
    services.take_step("suspend", actor=cast.actor("manager"), standard=weights, reason="送校")
    assert "暂停" in queries.may_use(weights, norm, DAY).reason
    services.take_step("resume", actor=cast.actor("manager"), standard=weights, reason="")
    services.take_step("condemn", actor=cast.actor("manager"), standard=weights, reason="损坏")
    assert weights.condemned_on is not None
    assert "停用" in queries.may_use(weights, norm, weights.condemned_on).reason


def test_only_the_manager_decides_on_condemning(cast: Cast) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    for part in ("verifier", "keeper", "regulator"):
        with pytest.raises(Refused):
            services.take_step("condemn", actor=cast.actor(part), standard=weights, reason="试试")


def test_standards_are_seen_by_their_institute_and_its_regulators_only(cast: Cast) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    assert weights in queries.visible(cast.actor("verifier"))
    assert weights in queries.visible(cast.actor("regulator"))
    for part in ("keeper", "rival_keeper", "other_regulator", "nobody"):
        assert weights not in queries.visible(cast.actor(part))


def test_a_range_upside_down_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="下限大于上限"):
        makers.make_standard(cast.institute, makers.make_norm(), range_low=10.0, range_high=1.0)
