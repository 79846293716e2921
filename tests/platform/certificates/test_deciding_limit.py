"""Where the uncertainty narrows the decision, every page shows the limit that decided, not only that of the norm."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import translation

from quanheng.platform.certificates import procedure, sheet
from quanheng.platform.certificates.conditions import fingerprint
from quanheng.platform.certificates.naming import Names
from tests.platform.certificates import steps

WEIGHTS = "JJG-99-2022"


def test_the_value_of_a_rejected_weight_lies_outside_the_limits_shown_beside_it() -> None:
    data = steps.make_sheet("reject", WEIGHTS)
    shown = sheet.picture(procedure.evaluated(WEIGHTS, data).to_json(), Names(WEIGHTS, data))
    worst = shown["worst"]
    assert (worst["value"], worst["low"], worst["high"]) == ("0.460", "-0.435", "0.435")
    assert worst["ratio"] > 1
    assert "0.435 mg" in shown["reasons"][0]
    words = render_to_string("certificates/limits.html", {"o": worst})
    assert "[-0.435, 0.435] (允许值 0.5 减 U)" in words
    with translation.override("en"):
        assert "(limit 0.5 less U)" in render_to_string("certificates/limits.html", {"o": worst})


def test_limits_that_nothing_narrows_are_shown_as_they_are() -> None:
    data = steps.make_sheet("reject")
    shown = sheet.picture(procedure.evaluated("JJG-539-2016", data).to_json(), Names("JJG-539-2016", data))
    assert shown["worst"]["mpe"] == ""
    assert "减 U" not in render_to_string("certificates/limits.html", {"o": shown["worst"]})


def test_a_record_handed_in_before_the_deciding_limit_was_kept_can_still_be_signed() -> None:
    fresh = procedure.compute("JJG-539-2016", steps.make_sheet())
    added = ("accept_low", "accept_high")
    before = {**fresh, "results": [{k: v for k, v in o.items() if k not in added} for o in fresh["results"]]}
    assert fingerprint(before) == fingerprint(fresh)


def test_a_waiting_rejection_whose_reason_named_the_wrong_limit_is_handed_back() -> None:
    fresh = procedure.compute(WEIGHTS, steps.make_sheet("reject", WEIGHTS))
    before = {**fresh, "reasons": [{**fresh["reasons"][0], "zh": "mc − m0 0.460 mg，超出允许值 0.5 mg"}]}
    assert fingerprint(before) != fingerprint(fresh)
