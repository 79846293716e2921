"""Loading the library: once, twice, corrected, contradicted."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from quanheng.errors import InputError
from quanheng.platform.kernel.actors import Actor, Grant, system
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.services import load_library

pytestmark = pytest.mark.django_db
LOADER = system("test")


def make_pack(
    folder: Path, *, value: str = "0.5000", edition: str = "2023", end: str = "", verified: str = "no", note: str = ""
) -> Path:
    (folder / "pack.yaml").write_text(
        "kind: emission_factor\ntitle: 因子\nitems:\n"
        f"  - {{code: grid, edition: '{edition}', region: '990000', effective_from: '2026-01-01', "
        f"effective_to: '{end}', "
        f"source: 公告, verified: '{verified}', category: grid, name_zh: 示范省, parameter: 平均, value: '{value}', note: '{note}'}}\n",
        encoding="utf-8",
    )
    return folder


def make_person(*roles: str) -> Actor:
    grants = tuple(Grant(role, uuid.uuid4(), "/a/", "") for role in roles)
    return Actor(user_id=uuid.uuid4(), name="张三", grants=grants)


def test_a_second_load_changes_nothing() -> None:
    first = load_library(actor=LOADER)
    assert first.created > 600
    assert (first.updated, first.unchanged, first.kept) == (0, 0, 0)
    events, rows = AuditEvent.objects.count(), list(LawItem.objects.order_by("id").values())
    second = load_library(actor=LOADER)
    assert (second.created, second.updated, second.unchanged) == (0, 0, first.created)
    assert AuditEvent.objects.count() == events
    assert list(LawItem.objects.order_by("id").values()) == rows


def test_each_loaded_item_leaves_an_event(tmp_path: Path) -> None:
    load_library(actor=LOADER, root=make_pack(tmp_path))
    item = LawItem.objects.get(code="grid")
    event = AuditEvent.objects.get(verb="law.item_loaded", subject_id=str(item.pk))
    assert event.actor_name == "test"
    assert item.body["value"] == "0.5000", "text, with its zeros"


def test_other_values_under_the_same_edition_are_refused_and_nothing_changes(tmp_path: Path) -> None:
    load_library(actor=LOADER, root=make_pack(tmp_path))
    with pytest.raises(InputError, match="new edition") as refusal:
        load_library(actor=LOADER, root=make_pack(tmp_path, value="0.6000"))
    assert refusal.value.code == "edition_changed"
    assert LawItem.objects.get(code="grid").body["value"] == "0.5000"


def test_a_new_edition_is_a_new_item_and_the_old_one_stays(tmp_path: Path) -> None:
    load_library(actor=LOADER, root=make_pack(tmp_path))
    result = load_library(actor=LOADER, root=make_pack(tmp_path, value="0.6000", edition="2024"))
    assert (result.created, result.kept) == (1, 1)
    assert sorted(LawItem.objects.values_list("edition", flat=True)) == ["2023", "2024"]


def test_an_end_or_a_verification_may_be_added_later_and_leaves_before_and_after(tmp_path: Path) -> None:
    load_library(actor=LOADER, root=make_pack(tmp_path))
    result = load_library(actor=LOADER, root=make_pack(tmp_path, end="2026-12-31", verified="yes"))
    assert (result.created, result.updated) == (0, 1)
    item = LawItem.objects.get(code="grid")
    assert (item.effective_to, item.verified) == (dt.date(2026, 12, 31), "yes")
    event = AuditEvent.objects.get(verb="law.item_corrected")
    assert event.before == {"effective_to": None, "verified": "no"}
    assert event.after == {"effective_to": "2026-12-31", "verified": "yes"}


def test_a_remark_may_be_corrected_under_the_same_edition(tmp_path: Path) -> None:
    load_library(actor=LOADER, root=make_pack(tmp_path, note="凭记忆"))
    result = load_library(actor=LOADER, root=make_pack(tmp_path, note="已与公告核对", verified="yes"))
    assert (result.created, result.updated) == (0, 1)
    assert LawItem.objects.get(code="grid").body["note"] == "已与公告核对"
    event = AuditEvent.objects.get(verb="law.item_corrected")
    assert (event.before["note"], event.after["note"]) == ("凭记忆", "已与公告核对")
    assert load_library(actor=LOADER, root=tmp_path).unchanged == 1


def test_an_unsound_library_changes_nothing(tmp_path: Path) -> None:
    make_pack(tmp_path, value="a lot")
    with pytest.raises(InputError) as refusal:
        load_library(actor=LOADER, root=tmp_path)
    assert refusal.value.code == "library_unsound"
    assert refusal.value.place == "pack.yaml:items[0]"
    assert not LawItem.objects.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        load_library(actor=LOADER, root=tmp_path / "absent")


@pytest.mark.parametrize("roles", [(), ("enterprise",), ("regulator",), ("signatory",), ("god",)])
def test_only_a_system_administrator_loads(roles: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        load_library(actor=make_person(*roles), root=make_pack(tmp_path))
    assert refusal.value.code == "forbidden"
    assert not LawItem.objects.exists()


def test_a_system_administrator_loads(tmp_path: Path) -> None:
    assert load_library(actor=make_person("system_admin"), root=make_pack(tmp_path)).created == 1


def test_the_command_prints_counts(tmp_path: Path) -> None:
    out = StringIO()
    call_command("load_library", path=make_pack(tmp_path), json=True, stdout=out)
    assert json.loads(out.getvalue()) == {"created": 1, "updated": 0, "unchanged": 0, "kept": 0}


def test_a_load_takes_few_statements_however_many_items(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    load_library(actor=LOADER)
    with django_assert_max_num_queries(20):
        load_library(actor=LOADER)
