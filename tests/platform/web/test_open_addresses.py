"""Every address asks for a person, except the few that are listed here."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from quanheng.platform.project.middleware import API
from tests.platform.cast import Cast

# Routes that answer a stranger with more than the way to the login page, and why they may.
OPEN = {
    "": "landing page",
    "accounts/login/": "sign in",
    "accounts/logout/": "leads home",
    "accounts/inactive/": "tells that an account is closed",
    "accounts/signup/": "tells that nobody signs up",
    "accounts/password/reset/": "asks for a mail",
    "accounts/password/reset/done/": "tells that a mail was sent",
    "accounts/password/reset/key/<key>": "one-time link",
    "accounts/password/reset/key/done/": "tells that it worked",
    "accounts/confirm-email/": "not used: mails are not verified",
    "accounts/confirm-email/<key>": "one-time link",
    "accounts/login/code/confirm/": "leads to login",
    "accounts/2fa/authenticate/": "second step of signing in",
    "accounts/2fa/webauthn/login/": "sign in with a passkey",
    "accounts/invitation/<uuid:user_id>/<str:token>/": "one-time link",
    "i18n/setlang/": "language",
    "privacy/": "what is held about people",
    "healthz": "monitor",
    "readyz": "monitor",
    "metrics": "monitor on this machine",
    "v/": "public check",
    "v/keys": "public keys",
    "v/<str:code>/bundle.json": "public check",
    "v/<str:code>": "public check",
    "v/<str:code>/": "public check",
    "log/<path:path>": "public log",
    "surveillance/own/<str:code>/": "a household's own meter, by the code on it",
}
# What the law says is for everybody who signed in; everything else needs a role.
CLOSED = (
    "administration",
    "instruments",
    "verification",
    "certificates",
    "standards",
    "trace",
    "parties",
    "surveillance",
)
SAMPLES = {
    "uuid": str(uuid.UUID(int=1)),
    "uuidstr": str(uuid.UUID(int=1)),
    "int": "1",
    "str": "x",
    "slug": "x",
    "path": "x",
}


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Every route of the product, regular expressions shortened to their last name."""
    for entry in (resolver or get_resolver()).url_patterns:
        text = str(entry.pattern)
        if text.startswith("^"):
            text = re.sub(r"\(\?P<\w+>.*", "<key>", text[1:]).rstrip("$")
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + text)
        elif isinstance(entry, URLPattern):
            yield prefix + text


def sample(route: str) -> str:
    """An address of a route."""
    text = re.sub(r"<(\w+):\w+>", lambda m: SAMPLES.get(m.group(1), "x"), route)
    text = text.replace("<key>", "1-set-x/" if "password" in route else "x/")
    return "/" + re.sub(r"<\w+>", "x", text)


def is_way_to_login(response: object) -> bool:
    """Whether an answer is the redirect to the login page."""
    return getattr(response, "status_code", 0) == 302 and "/accounts/login/" in getattr(response, "url", "")


@pytest.mark.django_db
def test_a_stranger_is_sent_to_the_login_page_everywhere_else(client: Client) -> None:
    wrong = []
    for route in sorted(set(routes())):
        if route in OPEN or sample(route).startswith(API):
            continue
        for answer in (client.get(sample(route)), client.post(sample(route))):
            if not is_way_to_login(answer) and answer.status_code != 401:
                wrong.append((route, answer.status_code))
    assert not wrong


def test_the_list_of_open_addresses_names_only_addresses_that_exist() -> None:
    assert set(OPEN) <= set(routes())


@pytest.mark.django_db
def test_a_part_of_a_page_sends_a_stranger_to_the_login_page_as_a_whole(client: Client) -> None:
    answer = client.get("/administration/people/", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "/accounts/login/" in answer["HX-Redirect"]


def test_a_person_without_a_role_sees_no_list(cast: Cast, client: Client) -> None:
    client.force_login(cast.nobody)
    for route in routes():
        if "<" in route or route in OPEN or not route.startswith(CLOSED):
            continue
        assert client.get("/" + route).status_code in {403, 404, 405}, route
    home = client.get("/").content.decode()
    assert "您还没有任何角色" in home
    assert "/administration/" not in home


@pytest.mark.parametrize("part", ["keeper", "verifier", "regulator"])
def test_people_without_an_administrating_role_do_not_open_the_administration(
    cast: Cast, client: Client, part: str
) -> None:
    client.force_login(getattr(cast, part))
    for path in (
        "/administration/people/",
        "/administration/organisations/",
        f"/administration/people/{cast.checker.pk}/",
    ):
        assert client.get(path).status_code == 403


def test_an_institute_manager_sees_the_own_house_only(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    page = client.get("/administration/people/").content.decode()
    assert "周检定" in page
    assert "钱掌柜" not in page
    assert client.get(f"/administration/people/{cast.keeper.pk}/").status_code == 404
    assert client.get(f"/administration/organisations/{cast.shop.pk}/").status_code == 404
    assert "钱掌柜" not in client.get("/administration/people/?export=csv").getvalue().decode()
