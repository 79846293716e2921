"""A date in the address is read in one way everywhere; nonsense is told, and nothing falls over."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.platform.cast import Cast
from tests.platform.trace.test_chains import make_chain

NONSENSE = ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"]


@pytest.mark.parametrize("text", NONSENSE)
def test_a_date_that_is_none_is_told_and_today_is_shown(cast: Cast, client: Client, text: str) -> None:
    weights, _scale = make_chain(cast)
    client.force_login(cast.manager)
    pages = (f"/trace/{weights.pk}/?at=", f"/trace/{weights.pk}/recall/?until=", "/verification/schedule/?from=")
    for page in pages:
        answer = client.get(page + text)
        assert answer.status_code == 200, page
        assert "日期请写成 2026-05-20" in answer.content.decode(), page
        assert "日期请写成 2026-05-20" not in client.get(f"{page}2026-10-12").content.decode(), page


@pytest.mark.parametrize("text", NONSENSE)
def test_a_ledger_is_not_narrowed_by_a_date_that_is_none(cast: Cast, client: Client, text: str) -> None:
    client.force_login(cast.keeper)
    assert client.get(f"/instruments/?stopped_until={text}").status_code == 200


def test_the_week_of_no_institute_is_not_found(cast: Cast, client: Client) -> None:
    client.force_login(cast.receptionist)
    assert client.get("/verification/schedule/?institute=abc").status_code == 404
    assert client.get(f"/verification/schedule/?institute={cast.institute.pk}").status_code == 200
