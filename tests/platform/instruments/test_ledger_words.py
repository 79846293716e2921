"""What the words of a ledger entry say is proposed to the record; what the record knows comes back to the ledger."""

from __future__ import annotations

import pytest

from quanheng.platform.certificates import services
from quanheng.platform.instruments.ledger_words import NOT_OF_THE_ITEM, read_parameters, to_complete
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events
from quanheng.procedures import load, procedure_ids
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

KILOGRAM, TONNE, MEGAPASCAL = r"\kilogram", r"\tonne", r"\mega\pascal"


@pytest.mark.parametrize(
    ("procedure", "words", "found"),
    [
        (
            "JJG-539-2016",
            {"measuring_range": "(0~30) kg", "accuracy_class": "Ⅲ级", "specification": "ACS-30 e=0.01kg"},
            {"max": "30", "unit": KILOGRAM, "accuracy_class": "III", "e": "0.01"},
        ),
        (
            "JJG-539-2016",
            {"measuring_range": "Max 3 t", "accuracy_class": "III"},
            {"max": "3", "unit": TONNE, "accuracy_class": "III"},
        ),
        (
            "JJG-52-2013",
            {"measuring_range": "（0～1.6）MPa", "accuracy_class": "1.6级"},
            {"lower": "0", "upper": "1.6", "unit": MEGAPASCAL, "accuracy_class": "1.6"},
        ),
        (
            "JJG-162-2019",
            {"specification": "LXS-20E DN20", "accuracy_class": "2级"},
            {"dn": "20", "accuracy_class": "2"},
        ),
        ("JJG-443-2023", {"measuring_range": "(5~50) L/min"}, {"q_max": "50"}),
        (
            "JJG-596-2012",
            {"specification": "DDZY 220V 5(60)A", "accuracy_class": "0.5S"},
            {"un": "220", "ib": "5", "imax": "60", "accuracy_class": "0.5S"},
        ),
        ("JJG-539-2016", {"measuring_range": "(0~30) lb", "accuracy_class": "一级"}, {}),
        ("JJG-539-2016", {"measuring_range": "见铭牌"}, {}),
    ],
)
def test_the_words_of_an_entry_are_read_and_never_guessed(
    procedure: str, words: dict[str, str], found: dict[str, str]
) -> None:
    item = Instrument(parameters={}, **words)
    assert read_parameters(load(procedure).procedure.parameters, item) == found


def test_what_is_kept_out_of_the_ledger_are_parameters_that_exist() -> None:
    known = {p.key for i in procedure_ids() for p in load(i).procedure.parameters}
    assert known >= NOT_OF_THE_ITEM


def test_a_written_parameter_is_never_replaced_by_what_its_words_say() -> None:
    item = Instrument(parameters={"max": "15"}, measuring_range="(0~30) kg")
    assert "max" not in read_parameters(load("JJG-539-2016").procedure.parameters, item)


def test_a_record_opens_with_what_the_entry_says_and_gives_back_what_it_lacked(cast: Cast) -> None:
    with clock.at(steps.TODAY):
        scale = makers.make_instrument(cast.shop, parameters={}, accuracy_class="", measuring_range="(0~30) kg")
        steps.make_weights(cast)
        record = services.open_record(steps.make_task(cast, scale), actor=cast.actor("verifier"))
        assert record.data["instrument"]["max"] == "30"
        signed = steps.signed(cast, task=record.task)
        scale.refresh_from_db()
        assert scale.parameters == signed.data["instrument"]
        assert scale.accuracy_class == "III"
        event = events.history(scale).get(verb="instruments.parameters_completed")
        assert event.before["parameters"] == {}
        assert to_complete(load(record.procedure_id).procedure.parameters, signed.data["instrument"], scale) == {}
