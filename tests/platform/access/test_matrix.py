"""Every page of the product × everybody: who gets through, who changes something, and that nobody else does either."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from quanheng.platform.kernel.models import AuditEvent, User
from quanheng.platform.project.middleware import API
from tests.platform.access.rules import RULES, Rule
from tests.platform.access.scene import House, Scene
from tests.platform.web.test_open_addresses import OPEN, SAMPLES, is_way_to_login, routes, sample

pytestmark = pytest.mark.django_db

REFUSED = {403, 404, 405}
GROUPS = ("administration/", "instruments/", "verification/", "certificates/", "")
# Every query of every page runs on PostgreSQL too; who of the whole table gets through is the same code on both.
EXTENT = [
    pytest.param(True, id="everybody", marks=pytest.mark.postgres_long),
    pytest.param(False, id="one of each kind", marks=pytest.mark.postgres_only),
]
# allauth's own pages: each is about the visitor alone and names nobody else's things.
OWN_ACCOUNT = "accounts/"


def ruled() -> list[str]:
    """Routes that need a rule: not open to the world, not the API, not the visitor's own account."""
    found = {r for r in routes() if r not in OPEN or r in RULES}
    return sorted(r for r in found if not sample(r).startswith(API) and (not r.startswith(OWN_ACCOUNT) or r in RULES))


def address(route: str, rule: Rule, house: House) -> str:
    """The route with the ids of our side filled in."""
    parts = route.split("<")
    filled = parts[0]
    for value, part in zip(rule.path(house), parts[1:], strict=True):
        filled += f"{value}{part.split('>', 1)[1]}"
    query = rule.query(house)
    return f"/{filled}?{query}" if query else f"/{filled}"


def group(route: str) -> str:
    """The test that walks the route."""
    return next(g for g in GROUPS if route.startswith(g))


def ticket(user: User) -> str:
    """The session of somebody who signed in; good for the whole table, since each request is taken back."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def asked(rule: Rule, members: Iterable[str], *, whole: bool) -> list[str]:
    """Everybody; else one who reads, one who changes something and one who is refused, each the first of the table."""
    sides: tuple[Callable[[str], bool], ...] = (
        lambda name: name in rule.writers,
        lambda name: name in rule.readers - rule.writers,
        lambda name: name not in rule.readers,
    )
    return list(members) if whole else [name for side in sides for name in list(filter(side, members))[:1]]


def test_every_address_has_a_rule_and_every_rule_an_address() -> None:
    assert [r for r in ruled() if r not in RULES] == [], "say in rules.py for whom these addresses are"
    assert [r for r in RULES if r not in set(routes())] == []
    assert set(SAMPLES) >= {"uuid", "int", "str", "slug", "path"}


@pytest.mark.parametrize("prefix", GROUPS, ids=lambda g: g.rstrip("/") or "rest")
@pytest.mark.parametrize("whole", EXTENT)
def test_only_those_named_get_through(whole: bool, prefix: str, scene: Scene) -> None:
    wrong = []
    tickets = {name: ticket(user) for name, user in scene.members().items()}
    for route in (r for r in RULES if group(r) == prefix):
        rule, where = RULES[route], address(route, RULES[route], scene.ours)
        for name in asked(rule, tickets, whole=whole):
            client = Client(raise_request_exception=False)
            client.cookies[settings.SESSION_COOKIE_NAME] = tickets[name]
            with transaction.atomic():
                got = client.get(where).status_code
                before = AuditEvent.objects.count()
                posted = client.post(where, dict(rule.data)).status_code
                wrote = AuditEvent.objects.count() > before
                transaction.set_rollback(True)
            reads = posted if rule.postable else got
            if (reads not in REFUSED) != (name in rule.readers) or got >= 500:
                wrong.append(f"{name} GET {where}: {got}")
            if posted >= 500 or wrote != (name in rule.writers) or (name not in rule.readers and posted not in REFUSED):
                wrong.append(f"{name} POST {where}: {posted}{', and something was written' if wrote else ''}")
    assert not wrong, "\n".join(wrong)


def test_a_stranger_is_led_to_the_login_page(scene: Scene, client: Client) -> None:
    for route, rule in RULES.items():
        if route not in OPEN:
            where = address(route, rule, scene.ours)
            assert is_way_to_login(client.get(where)), where
            assert is_way_to_login(client.post(where, dict(rule.data))), where
    assert reverse("account_login")
