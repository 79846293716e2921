"""Licences and authorised items: entered by who administers the institute, withdrawn with a reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from quanheng.platform.kernel import clock, events, work
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.parties import services
from quanheng.platform.parties.models import Authorisation, Licence
from quanheng.platform.parties.queries import authorised, capacity_left, institutes_for, licence_for
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


def enter(cast: Cast, part: str, number: str = "JJG 52-2013") -> Authorisation:
    return services.authorise(
        actor=cast.actor(part),
        organisation=cast.institute,
        norm=makers.make_norm(number),
        number="法计 02",
        valid_from=dt.date(2026, 1, 1),
        valid_until=dt.date(2028, 12, 31),
    )


def test_an_authorised_item_is_entered_once(cast: Cast) -> None:
    enter(cast, "regulator")
    assert authorised(cast.institute, makers.make_norm("JJG 52-2013"), TODAY)
    with pytest.raises(Refused):
        enter(cast, "regulator")


def test_what_an_institute_enters_itself_counts_once_a_regulator_confirms_it(cast: Cast) -> None:
    norm, region = makers.make_norm("JJG 52-2013"), makers.make_region()
    item = enter(cast, "manager")
    held = authorised(cast.institute, norm, TODAY)
    assert not held
    assert "尚待监管部门确认" in held.reason
    assert not institutes_for(norm, region, TODAY).exists()
    assert capacity_left(cast.institute, norm, TODAY) == 0
    assert [g.count for g in work.queue(cast.actor("regulator")) if g.key == "parties.authorisations"] == [1]
    for part in ("manager", "other_regulator", "administrator", "nobody"):
        with pytest.raises(Refused):
            services.confirm_authorisations(actor=cast.actor(part), authorisations=[item])
    assert services.confirm_authorisations(actor=cast.actor("regulator"), authorisations=[item]) == 1
    assert services.confirm_authorisations(actor=cast.actor("regulator"), authorisations=[item]) == 0
    assert authorised(cast.institute, norm, TODAY)
    assert [e.verb for e in events.history(item)] == ["parties.authorisation_confirmed", "parties.authorised"]


def test_the_regulator_confirms_on_the_page_what_was_chosen(cast: Cast, client: Client) -> None:
    first, second = enter(cast, "manager"), enter(cast, "manager", "JJG 443-2023")
    client.force_login(cast.manager)
    assert "待监管确认" in client.get("/parties/authorisations/?now=waiting").content.decode()
    assert client.post("/parties/authorisations/", {"batch": "confirm", "pk": first.pk}).status_code == 403
    client.force_login(cast.regulator)
    page = client.post("/parties/authorisations/?now=waiting", {"batch": "confirm", "pk": first.pk}, follow=True)
    assert "已确认 1 项" in page.content.decode()
    assert list(Authorisation.objects.filter(confirmed_at=None)) == [second]
    answer = client.post(f"/parties/authorisations/{second.pk}/withdraw/", {"reason": "未授权"})
    assert answer.status_code == 302
    assert services.confirm_authorisations(actor=cast.actor("regulator"), authorisations=[second]) == 0
