"""A ledger is kept by its owner alone; what the law fixes cannot be edited away."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from quanheng.platform.instruments import services
from quanheng.platform.instruments.codes import read_code
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.queries import instruments
from quanheng.platform.instruments.words import search_q
from quanheng.platform.kernel import events
from quanheng.platform.kernel.policies import Refused
from tests.platform.cast import Cast
from tests.platform.makers import make_category, make_instrument, make_organisation


def add(cast: Cast, **fields: Any) -> Instrument:
    values: dict[str, Any] = {
        "name": "电子计价秤",
        "serial_number": "SN1",
        "manufacturer": "衡川衡器厂",
        "use": "trade",
    }
    return services.add_instrument(
        actor=cast.actor("keeper"),
        organisation=cast.shop,
        category=make_category(),
        region=cast.shop.region,
        **{**values, **fields},
    )


def test_a_new_instrument_is_a_draft_with_a_code_and_the_law_decides_if_it_is_mandatory(cast: Cast) -> None:
    item, other = add(cast), add(cast, serial_number="SN2", use="other")
    assert (item.state, item.mandatory, other.mandatory) == ("draft", True, False)
    assert read_code(item.code) == item.code
    assert [e.verb for e in events.history(item)] == ["instruments.added"]


def test_only_the_owner_adds(cast: Cast) -> None:
    for part in ("rival_keeper", "regulator", "verifier", "nobody", "administrator"):
        with pytest.raises(Refused):
            services.add_instrument(
                actor=cast.actor(part),
                organisation=cast.shop,
                category=make_category(),
                region=cast.shop.region,
                name="秤",
                serial_number="1",
                use="trade",
            )
    assert not Instrument.objects.exists()


def test_the_same_serial_is_refused_until_the_old_one_is_scrapped(cast: Cast) -> None:
    item = add(cast)
    with pytest.raises(Refused, match="重复"):
        add(cast)
    services.scrap(actor=cast.actor("keeper"), instrument=item, reason="损坏")
    assert add(cast).pk != item.pk


def test_a_lot_is_one_row_and_its_range_belongs_to_it_alone(cast: Cast) -> None:
    lot = add(cast, serial_number="DB000001", serial_to="DB000500")
    assert lot.quantity == 500
    for fields in (
        {"serial_number": "DB000250"},
        {"serial_number": "DB000400", "serial_to": "DB000600"},
        {"serial_number": "DB000500", "serial_to": "DB000501"},
    ):
        with pytest.raises(Refused, match="重复"):
            add(cast, **fields)
    assert add(cast, serial_number="DB000501").quantity == 1
    with pytest.raises(Refused, match="重复"):
        add(cast, serial_number="DB000501", serial_to="DB000502")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "秤" * 121},
        {"serial_number": " "},
        {"use": "war"},
        {"delivery": "drone"},
        {"serial_number": "A1", "serial_to": "A0"},
        {"quantity": 3},
    ],
)
def test_bad_fields_are_refused_and_nothing_is_written(cast: Cast, fields: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        add(cast, **fields)
    assert not Instrument.objects.exists()


FORGED: dict[str, Any] = {
    "name": "电子汽车衡",
    "specification": "SCS-100",
    "measuring_range": "(0~3000) t",
    "accuracy_class": "I",
    "parameters": {"max": "3000"},
}


def test_identity_and_place_are_fixed_once_filed(cast: Cast) -> None:
    item, actor = make_instrument(cast.shop), cast.actor("keeper")
    with pytest.raises(Refused, match="备案后"):
        services.edit_instrument(actor=actor, instrument=item, serial_number="X9", reason="更正")
    with pytest.raises(Refused, match="迁移"):
        services.edit_instrument(actor=actor, instrument=item, location="二楼", reason="更正")
    edited = services.edit_instrument(actor=actor, instrument=item, origin_place="示范省")
    assert (edited.origin_place, events.history(item).get().before) == ("示范省", {"origin_place": ""})


@pytest.mark.parametrize("field", sorted(FORGED))
def test_before_any_verification_the_owner_corrects_with_a_reason_that_is_kept(cast: Cast, field: str) -> None:
    item, actor = make_instrument(cast.shop), cast.actor("keeper")
    old, new = getattr(item, field), FORGED[field]
    with pytest.raises(Refused, match="原因"):
        services.edit_instrument(actor=actor, instrument=item, **{field: new})
    services.edit_instrument(actor=actor, instrument=item, reason="铭牌看错", **{field: new})
    event = events.history(item).get()
    assert (event.before, event.after, event.reason) == ({field: old}, {field: new}, "铭牌看错")


@pytest.mark.parametrize("verdict", ["pass", "reject"])
@pytest.mark.parametrize("field", sorted(FORGED))
def test_what_was_verified_is_not_rewritten_even_with_a_reason(cast: Cast, field: str, verdict: str) -> None:
    item = make_instrument(cast.shop, verified_on=dt.date(2026, 3, 1), last_verdict=verdict)
    with pytest.raises(Refused, match="下次检定") as refusal:
        services.edit_instrument(actor=cast.actor("keeper"), instrument=item, reason="更正", **{field: FORGED[field]})
    assert refusal.value.place == field
    item.refresh_from_db()
    assert getattr(item, field) != FORGED[field]


def test_after_repair_ended_the_verification_the_owner_may_correct_again(cast: Cast) -> None:
    day = dt.date(2026, 3, 1)
    item = make_instrument(cast.shop, verified_on=day, last_verdict="pass", invalidated_on=day, state="awaiting")
    actor = cast.actor("keeper")
    edited = services.edit_instrument(actor=actor, instrument=item, specification="ACS-15", reason="改装")
    assert edited.specification == "ACS-15"


def test_of_two_editors_the_second_is_told(cast: Cast) -> None:
    item = add(cast)
    stale = Instrument.objects.get(pk=item.pk)
    services.edit_instrument(actor=cast.actor("keeper"), instrument=item, location="一楼")
    with pytest.raises(Refused, match="刷新"):
        services.edit_instrument(actor=cast.actor("keeper"), instrument=stale, location="二楼")


def test_a_stranger_neither_edits_nor_sees(cast: Cast) -> None:
    item = make_instrument(cast.shop)
    with pytest.raises(Refused):
        services.edit_instrument(actor=cast.actor("rival_keeper"), instrument=item, location="x")
    for part in ("rival_keeper", "nobody", "other_regulator", "verifier"):
        assert not instruments(cast.actor(part)).exists(), part
    for part in ("keeper", "regulator"):
        assert instruments(cast.actor(part)).count() == 1, part


def test_a_regulator_does_not_see_drafts(cast: Cast) -> None:
    add(cast)
    assert not instruments(cast.actor("regulator")).exists()


@pytest.mark.parametrize("text", ["计价", "dzjjc", "SN1", "sn1", "东陵商贸", "dlsm", "计价 sn1", "{code}", "{spaced}"])
def test_search_finds_by_name_pinyin_serial_owner_and_code(cast: Cast, text: str) -> None:
    item = add(cast)
    add(cast, name="压力表", serial_number="P7", manufacturer="别厂")
    words = text.format(code=item.code, spaced=f"{item.code[:6]}-{item.code[6:]}".lower())
    found = instruments(cast.actor("keeper")).filter(search_q(words))
    assert item in found
    assert found.count() == 1 or "dl" in text or "东陵" in text


def test_a_rare_han_name_is_kept_and_found(cast: Cast) -> None:
    item = add(cast, name="𠮷牌电子秤")
    assert instruments(cast.actor("keeper")).get(search_q("𠮷")) == item


def test_transfer_stays_within_the_group(cast: Cast) -> None:
    item = make_instrument(cast.shop)
    branch = make_organisation("东陵商贸二店", parent=cast.shop)
    actor = cast.actor("keeper")
    with pytest.raises(Refused):
        services.transfer_instruments(actor=actor, instruments=[item], to=cast.rival, reason="出售")
    [moved] = services.transfer_instruments(actor=actor, instruments=[item], to=branch, reason="调拨")
    assert (moved.organisation, "二店" in moved.search) == (branch, True)
