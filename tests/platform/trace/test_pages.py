"""Pages of the graph: the chain as of a day, the recall, the audit."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from quanheng.cli.main import main
from quanheng.platform.trace.models import TraceNode
from tests.platform.cast import Cast
from tests.platform.trace.test_chains import make_chain


def test_the_chain_is_drawn_with_its_table_and_says_what_is_only_declared(cast: Cast, client: Client) -> None:
    _weights, scale = make_chain(cast)
    client.force_login(cast.regulator)
    page = client.get(f"/trace/{scale.pk}/?at=2026-11-23").content.decode()
    assert "溯源链成立,部分仅为声明" in page
    assert "国家质量基准" in page
    assert "以表格查看" in page


def test_a_broken_chain_names_the_place_the_reason_and_the_remedy(cast: Cast, client: Client) -> None:
    weights, scale = make_chain(cast)
    TraceNode.objects.get(pk=weights.pk).certificates.update(valid_to=dt.date(2026, 2, 1))
    client.force_login(cast.keeper)
    page = client.get(f"/trace/{scale.pk}/?at=2026-11-23").content.decode()
    assert "使用时证书已过期" in page
    assert "停止使用并重新校准" in page
    assert str(weights) in page


def test_the_recall_counts_by_severity_and_exports(cast: Cast, client: Client) -> None:
    weights, scale = make_chain(cast)
    client.force_login(cast.manager)
    page = client.get(f"/trace/{weights.pk}/recall/?since=2026-01-01&until=2026-11-23").content.decode()
    assert scale.label in page
    sheet = client.get(f"/trace/{weights.pk}/recall/?since=2026-01-01&until=2026-11-23&export=xlsx")
    assert sheet["Content-Type"].startswith("application/vnd.openxmlformats")


def test_a_period_upside_down_is_refused_in_words(cast: Cast, client: Client) -> None:
    weights, _scale = make_chain(cast)
    client.force_login(cast.manager)
    assert client.get(f"/trace/{weights.pk}/recall/?since=2026-11-23&until=2026-01-01").status_code == 422


def test_the_audit_of_a_region_counts_what_holds_and_why_the_rest_does_not(cast: Cast, client: Client) -> None:
    make_chain(cast)
    client.force_login(cast.regulator)
    page = client.get("/trace/audit/?at=2026-11-23").content.decode()
    assert "核查对象" in page
    client.force_login(cast.keeper)
    assert client.get("/trace/audit/").status_code == 403


def test_the_command_audits_a_region_and_refuses_one_that_does_not_exist(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    make_chain(cast)
    region = cast.shop.region.code
    assert main(["trace", "audit", "--at", "2026-11-23", "--region", region]) == 0
    assert "0 items" not in capsys.readouterr().out
    for unknown in ("999999", "XX"):
        assert main(["trace", "audit", "--region", unknown]) == 2
        told = capsys.readouterr()
        assert (told.out, told.err.startswith("region: ")) == ("", True)
        assert unknown in told.err


def test_another_firm_finds_neither_the_item_nor_its_recall(cast: Cast, client: Client) -> None:
    weights, scale = make_chain(cast)
    client.force_login(cast.rival_keeper)
    for address in (f"/trace/{scale.pk}/", f"/trace/{weights.pk}/recall/"):
        assert client.get(address).status_code == 404
