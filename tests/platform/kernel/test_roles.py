"""Who may give which role: nobody raises themselves."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.kernel import clock, people
from quanheng.platform.kernel.models import RoleGrant
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import Role
from tests.platform.cast import Cast


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.REGULATOR])
def test_a_lab_manager_cannot_give_a_role_of_administration_or_supervision(cast: Cast, role: str) -> None:
    with pytest.raises(Refused, match="只有系统管理员"):
        people.grant_role(actor=cast.actor("manager"), user=cast.manager, role=role, organisation=cast.institute)


def test_a_lab_manager_gives_the_roles_of_the_institutes_work_only_at_home(cast: Cast) -> None:
    people.grant_role(actor=cast.actor("manager"), user=cast.verifier, role=Role.CHECKER, organisation=cast.institute)
    assert cast.actor("verifier").has(Role.CHECKER)
    with pytest.raises(Refused):
        people.grant_role(actor=cast.actor("manager"), user=cast.keeper, role=Role.CHECKER, organisation=cast.shop)


def test_an_unknown_role_is_neither_given_nor_worth_anything(cast: Cast) -> None:
    with pytest.raises(Refused):
        people.grant_role(actor=cast.actor("administrator"), user=cast.nobody, role="emperor", organisation=cast.rival)
    RoleGrant.objects.create(user=cast.nobody, role="emperor", organisation=cast.rival)
    actor = cast.actor("nobody")
    assert actor.grants == ()
    assert not actor.has("emperor")


def test_a_role_counts_from_its_first_to_its_last_day(cast: Cast) -> None:
    grant = RoleGrant.objects.get(user=cast.verifier, role=Role.VERIFIER)
    grant.valid_until = dt.date(2026, 5, 31)
    grant.save()
    with clock.at(dt.date(2026, 5, 31)):
        assert cast.actor("verifier").has(Role.VERIFIER)
    with clock.at(dt.date(2026, 6, 1)):
        assert not cast.actor("verifier").has(Role.VERIFIER)
