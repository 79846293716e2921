"""Licences and authorised items: entered by who administers the institute, withdrawn with a reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.parties import services
from quanheng.platform.parties.models import Licence
from quanheng.platform.parties.queries import authorised, licence_for
from tests.platform import makers
from tests.platform.cast import Cast

TODAY = dt.date(2026, 10, 12)


def add(cast: Cast, part: str = "manager", **changes: Any) -> list[Licence]:
    fields: dict[str, Any] = {
        "user": cast.receptionist,
        "organisation": cast.institute,
        "duty": "verify",
        "norms": [makers.make_norm(), makers.make_norm("JJG 52-2013")],
        "number": "示检员 001",
        "valid_from": dt.date(2026, 1, 1),
        "valid_until": dt.date(2028, 12, 31),
        **changes,
    }
    return services.add_licences(actor=cast.actor(part), **fields)


def test_a_licence_counts_for_each_norm_within_its_dates(cast: Cast) -> None:
    add(cast)
    norm = makers.make_norm("JJG 52-2013")
    assert licence_for(cast.receptionist, cast.institute, "verify", norm, TODAY)
    assert not licence_for(cast.receptionist, cast.institute, "sign", norm, TODAY)
    assert not licence_for(cast.receptionist, cast.institute, "verify", norm, dt.date(2029, 1, 1))


def test_a_withdrawn_licence_counts_no_more_from_that_day(cast: Cast) -> None:
    licence = add(cast)[0]
    with clock.at(TODAY):
        services.withdraw_licence(actor=cast.actor("manager"), licence=licence, reason="调离")
        with pytest.raises(Refused):
            services.withdraw_licence(actor=cast.actor("manager"), licence=licence, reason="再次")
    day_before = TODAY - dt.timedelta(days=1)
    assert licence_for(cast.receptionist, cast.institute, "verify", licence.norm, day_before)
    assert not licence_for(cast.receptionist, cast.institute, "verify", licence.norm, TODAY)
    assert [e.verb for e in events.history(licence)] == ["parties.licence_withdrawn", "parties.licence_added"]


@pytest.mark.parametrize("part", ["verifier", "keeper", "regulator", "nobody"])
def test_only_who_administers_the_institute_may(cast: Cast, part: str) -> None:
    with pytest.raises(Refused):
        add(cast, part)


@pytest.mark.parametrize(
    "changes",
    [{"duty": "print"}, {"valid_until": dt.date(2025, 1, 1)}],
)
def test_what_cannot_stand_is_refused(cast: Cast, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        add(cast, **changes)


def test_strangers_and_doubles_are_refused(cast: Cast) -> None:
    add(cast)
    with pytest.raises(Refused):
        add(cast)
    with pytest.raises(Refused):
        add(cast, user=cast.keeper)


def test_an_authorised_item_is_entered_once(cast: Cast) -> None:
    norm = makers.make_norm("JJG 52-2013")
    fields: dict[str, Any] = {
        "actor": cast.actor("manager"),
        "organisation": cast.institute,
        "norm": norm,
        "number": "法计 02",
        "valid_from": dt.date(2026, 1, 1),
        "valid_until": dt.date(2028, 12, 31),
    }
    services.authorise(**fields)
    assert authorised(cast.institute, norm, TODAY)
    with pytest.raises(Refused):
        services.authorise(**fields)
