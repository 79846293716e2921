"""Licences, authorised items and rules hold by the day, and only their manager enters them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.parties import queries, services
from quanheng.platform.parties.models import Authorisation, Licence
from tests.platform.cast import Cast
from tests.platform.makers import make_authorisation, make_norm, make_organisation, make_region

DAY = dt.date(2026, 11, 22)
DATES: dict[str, Any] = {"valid_from": dt.date(2025, 1, 1), "valid_until": dt.date(2027, 12, 31)}


def test_a_licence_holds_from_its_first_to_its_last_day(cast: Cast) -> None:
    norm = make_norm()
    for day, holds in (("2023-12-31", False), ("2024-01-01", True), ("2029-12-31", True), ("2030-01-01", False)):
        found = queries.licence_for(cast.verifier, cast.institute, "verify", norm, dt.date.fromisoformat(day))
        assert bool(found) == holds, day
    assert not queries.licence_for(cast.verifier, cast.institute, "sign", norm, DAY)
    assert not queries.licence_for(cast.verifier, cast.institute, "verify", make_norm("JJG 443-2023"), DAY)
    assert not queries.licence_for(cast.verifier, cast.rival, "verify", norm, DAY)


def test_a_withdrawn_licence_still_covers_the_days_before(cast: Cast) -> None:
    licence = Licence.objects.get(user=cast.verifier)
    with clock.at(DAY):
        services.withdraw_licence(actor=cast.actor("manager"), licence=licence, reason="离岗")
    ask = (cast.verifier, cast.institute, "verify", make_norm())
    assert queries.licence_for(*ask, DAY - dt.timedelta(days=1))
    denied = queries.licence_for(*ask, DAY)
    assert not denied
    assert "无效" in denied.reason


def test_an_authorised_item_is_withdrawn_with_a_reason(cast: Cast) -> None:
    item = Authorisation.objects.get()
    with pytest.raises(Refused):
        services.withdraw_authorisation(actor=cast.actor("manager"), authorisation=item, reason=" ")
    with clock.at(DAY):
        services.withdraw_authorisation(actor=cast.actor("manager"), authorisation=item, reason="到期不续")
    assert not queries.authorised(cast.institute, make_norm(), DAY)
    with pytest.raises(Refused):
        services.withdraw_authorisation(actor=cast.actor("manager"), authorisation=item, reason="再撤")


@pytest.mark.parametrize("part", ["verifier", "other_regulator", "keeper", "nobody"])
def test_only_the_manager_grants_and_withdraws(cast: Cast, part: str) -> None:
    actor = cast.actor(part)
    with pytest.raises(Refused):
        services.withdraw_licence(actor=actor, licence=Licence.objects.all()[0], reason="x")
    with pytest.raises(Refused):
        services.withdraw_authorisation(actor=actor, authorisation=Authorisation.objects.get(), reason="x")
    with pytest.raises(Refused):
        services.set_rule(
            actor=actor, organisation=cast.institute, key="signatory_may_check", source="x", valid_from=DAY
        )


def test_a_rule_holds_between_its_days_and_names_its_source(cast: Cast) -> None:
    actor, key = cast.actor("manager"), "signatory_may_check"
    with pytest.raises(Refused):
        services.set_rule(actor=actor, organisation=cast.institute, key=key, source="", **DATES)
    with pytest.raises(Refused):
        services.set_rule(actor=actor, organisation=cast.institute, key="anything", source="x", **DATES)
    services.set_rule(actor=actor, organisation=cast.institute, key=key, source="质量手册 5.2", **DATES)
    assert queries.rule_holds(cast.institute, key, DAY)
    assert not queries.rule_holds(cast.institute, key, dt.date(2024, 12, 31))
    assert not queries.rule_holds(cast.rival, key, DAY)


def test_the_nearest_authorised_institute_comes_first(cast: Cast) -> None:
    norm = make_norm()
    city = make_organisation("市所", "institute", region=make_region("990100", "衡川市"))
    far = make_organisation("北原所", "institute", region=make_region("990102", "北原县"))
    make_organisation("无授权所", "institute")
    for one in (far, city):
        make_authorisation(one, norm)
    found = list(queries.institutes_for(norm, make_region(), DAY))
    assert found == [cast.institute, city, far]


def test_capacity_is_what_is_authorised_less_what_is_scheduled(cast: Cast) -> None:
    norm = make_norm()
    Authorisation.objects.update(capacity_per_day=3)
    assert queries.capacity_left(cast.institute, norm, DAY) == 3
    assert queries.capacity_left(cast.rival, norm, DAY) == 0


def test_the_manager_enters_and_withdraws_on_the_pages(client: Client, cast: Cast) -> None:
    client.force_login(cast.manager)
    norm = make_norm("JJG 443-2023")
    dates = {"valid_from": "2025-01-01", "valid_until": "2027-12-31"}
    data = {"user": str(cast.checker.pk), "duty": "check", "norms": [norm.pk], "number": "ZJ1", **dates}
    assert client.post(reverse("parties:add-licence"), data).status_code == 302
    assert client.post(reverse("parties:add-licence"), data).status_code == 422
    licence = Licence.objects.get(norm=norm)
    assert "ZJ1" in client.get(reverse("parties:licences")).content.decode()
    url = reverse("parties:withdraw-licence", args=[licence.pk])
    assert client.post(url, {"reason": "离岗"}).status_code == 302
    item = {"organisation": str(cast.institute.pk), "norm": norm.pk, "number": "法计 2", "capacity_per_day": 5, **dates}
    assert client.post(reverse("parties:add-authorisation"), item).status_code == 302
    assert "法计 2" in client.get(reverse("parties:authorisations")).content.decode()


def test_others_see_no_licences_and_cannot_withdraw(client: Client, cast: Cast) -> None:
    url = reverse("parties:withdraw-licence", args=[Licence.objects.all()[0].pk])
    for user, listed, one in (
        (cast.keeper, 403, 404),
        (cast.nobody, 403, 404),
        (cast.other_regulator, 200, 404),
        (cast.regulator, 200, 403),
        (cast.verifier, 200, 403),
    ):
        client.force_login(user)
        answer = client.get(reverse("parties:licences"))
        assert answer.status_code == listed
        assert listed != 200 or ("共 3 条" in answer.content.decode()) == (one == 403)
        assert client.post(url, {"reason": "x"}).status_code == one
    assert not Licence.objects.exclude(withdrawn_on=None).exists()
