"""A list filters, sorts, pages and remembers its columns; its address holds everything."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from quanheng.platform.kernel.models import Notice, User
from quanheng.platform.web import menu, search, tables
from tests.platform.cast import Cast

PEOPLE = "/administration/people/"


@pytest.fixture
def manager(cast: Cast, client: Client) -> Client:
    """Signed in as the manager of an institute with sixty people."""
    User.objects.bulk_create(
        User(username=f"bulk{n}", name=f"员工{n:02}", organisation=cast.institute, password="!") for n in range(60)
    )
    client.force_login(cast.manager)
    return client


def names(client: Client, address: str) -> list[str]:
    """The names in the order of the page."""
    return re.findall(r'class="text-reset">([^<]+)<', client.get(address).content.decode())


def test_filter_sort_and_page_are_in_the_address(manager: Client) -> None:
    assert names(manager, f"{PEOPLE}?q=员工&sort=name")[0] == "员工00"
    assert names(manager, f"{PEOPLE}?q=员工&sort=-name")[0] == "员工59"
    assert names(manager, f"{PEOPLE}?q=员工&sort=name&page=2")[0] == "员工25"
    page = manager.get(f"{PEOPLE}?q=员工&sort=name&page=2").content.decode()
    assert "q=%E5%91%98%E5%B7%A5&amp;sort=name&amp;page=3" in page


def test_a_wrong_page_sort_or_filter_breaks_nothing(manager: Client) -> None:
    for query in ("page=999", "page=x", "sort=nothing", "size=7", "role=unknown", "export=pdf", "active=maybe"):
        assert manager.get(f"{PEOPLE}?{query}").status_code == 200


def test_every_word_of_a_search_must_be_found(manager: Client) -> None:
    assert names(manager, f"{PEOPLE}?q=员工 bulk7") == ["员工07"]


def test_htmx_gets_the_list_alone(manager: Client) -> None:
    part = manager.get(PEOPLE, headers={"HX-Request": "true", "HX-Target": "list"}).content.decode()
    assert "<html" not in part
    assert "员工" in part


def test_column_choice_is_kept_with_the_person(manager: Client, cast: Cast) -> None:
    assert '<th scope="col" class="">手机' not in re.sub(r"\s+", " ", manager.get(PEOPLE).content.decode())
    manager.post(PEOPLE, {"columns": "chosen", "column": ["phone", "<script>"]})
    head = manager.get(PEOPLE).content.decode().split("<tbody>")[0].split("<thead>")[1]
    assert "手机" in head
    assert "邮箱" not in head
    assert "姓名" in head
    cast.manager.refresh_from_db()
    assert cast.manager.preferences == {"columns:accounts.PeopleTable": ["phone"]}
    manager.post(PEOPLE, {"columns": "usual"})
    assert "邮箱" in manager.get(PEOPLE).content.decode()


def test_an_unknown_batch_action_is_refused(manager: Client) -> None:
    assert manager.post(PEOPLE, {"batch": "delete_everything", "pk": ["1"]}).status_code == 403


def test_counts_beyond_the_cap_are_shown_as_such(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CAP", 50)
    page = manager.get(f"{PEOPLE}?page=2").content.decode()
    assert "只翻到前" in page
    assert 'data-page="next"' not in page


def test_counting_stops_at_the_cap(manager: Client) -> None:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        manager.get(PEOPLE)
    counts = [q["sql"] for q in caught.captured_queries if "COUNT(*)" in q["sql"] and "kernel_user" in q["sql"]]
    assert counts
    assert all(f"LIMIT {tables.CAP + 1}" in sql for sql in counts)


def test_a_list_costs_the_same_number_of_queries_for_one_row_or_many(manager: Client, cast: Cast) -> None:
    def cost(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            manager.get(f"{PEOPLE}?{query}")
        return len(caught.captured_queries)

    manager.get(PEOPLE)
    assert cost("q=员工07") == cost("q=员工")


def test_nothing_found_says_how_to_go_on(manager: Client) -> None:
    page = manager.get(f"{PEOPLE}?q=zzzz").content.decode()
    assert "没有符合条件的记录" in page
    assert "清除筛选" in page


def test_search_finds_nothing_for_people_without_a_role(cast: Cast, client: Client) -> None:
    provider = search.Provider("x", lambda actor, text, limit: [search.Hit("secret", "/x")])
    assert search.find(cast.actor("nobody"), "secret") == []
    search.SEARCH.register("test", provider)
    try:
        assert search.find(cast.actor("verifier"), "s") == []
        assert search.find(cast.actor("verifier"), "se")[0][1][0].label == "secret"
        client.force_login(cast.verifier)
        assert "secret" in client.get("/search/?q=se", headers={"HX-Request": "true"}).content.decode()
    finally:
        search.SEARCH._entries.pop("test")


def test_notices_are_ones_own_and_lead_only_to_local_addresses(cast: Cast, client: Client) -> None:
    mine = Notice.objects.create(user=cast.verifier, kind="due", key="1", text="到期提醒", url="https://evil.example/")
    other = Notice.objects.create(user=cast.checker, kind="due", key="1", text="别人的", url="/")
    client.force_login(cast.verifier)
    page = client.get("/notices/").content.decode()
    assert "到期提醒" in page
    assert "别人的" not in page
    assert client.post(f"/notices/{mine.pk}/").url == "../"
    assert client.post(f"/notices/{other.pk}/").status_code == 404
    mine.refresh_from_db()
    assert mine.read_at is not None


def test_a_letter_leads_to_one_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "_entries", dict(menu._entries))
    menu.register("work", "x", "web:notices", "home", visible=menu.everyone, letter="h", order=900)
    shown = [entry for section in menu.shown(cast.actor("manager"), "/") for entry in section.entries]
    letters = [entry.letter for entry in shown if entry.letter]
    assert len(letters) == len(set(letters))
    assert next(entry for entry in shown if entry.letter == "h").url == "/"
    with pytest.raises(ValueError, match="unknown"):
        menu.register("nowhere", "x", "web:search", "home", visible=menu.everyone)
