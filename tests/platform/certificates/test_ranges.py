"""A standard is used only where it measures, and how fine it is for the use is told in the chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from quanheng.platform.certificates import conditions, ratios, services, signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceCertificate, TraceUse
from quanheng.platform.trace.queries import prove
from tests.platform.cast import Cast
from tests.platform.certificates import steps
from tests.platform.certificates.test_every_sheet import client_of

pytestmark = pytest.mark.django_db
HEAVY: dict[str, Any] = {
    "name": "M1 等级大砝码组",
    "code": "HC-M6",
    "range_text": "(20~2000) kg",
    "range_low": 20_000.0,
    "range_high": 2_000_000.0,
}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY), translation.override("zh-hans"):
        yield


def chosen(cast: Cast, *standards: MeasurementStandard) -> Record:
    """A draft with every reading and these weights."""
    entries = [{"role": "weights", "item": str(s.pk)} for s in standards]
    return steps.filled(cast, standards=entries)


def narrow(cast: Cast, code: str, low: float, high: float) -> MeasurementStandard:
    text = f"{low:g} g~{high:g} g"
    return steps.make_weights(cast, number=f"LX-{code}", code=code, range_text=text, range_low=low, range_high=high)


def test_heavy_weights_do_not_verify_a_light_load(cast: Cast) -> None:
    draft = chosen(cast, steps.make_weights(cast, **HEAVY))
    address = reverse("certificates:record", args=[draft.pk])
    client = client_of(cast, "verifier")
    assert "M1 等级大砝码组 HC-M6 的测量范围 (20~2000) kg 不含 0.2 kg、5 kg" in client.get(address).content.decode()
    with pytest.raises(Refused, match=r"HC-M6 的测量范围 \(20~2000\) kg 不含 0\.2 kg"):
        services.submit(draft, actor=cast.actor("verifier"))


def test_a_fresh_record_proposes_weights_that_cover_it_and_the_sheet_shuts_those_that_cannot(cast: Cast) -> None:
    steps.make_weights(cast, **{**HEAVY, "code": "A-HEAVY", "range_low": 50_000.0, "range_text": "(50~2000) kg"})
    good = steps.make_weights(cast, number="LX-2", code="B-FIT")
    record = services.open_record(steps.make_task(cast), actor=cast.actor("verifier"))
    assert [e["item"] for e in record.data["standards"]] == [str(good.pk)]
    page = client_of(cast, "verifier").get(reverse("certificates:record", args=[record.pk])).content.decode()
    box = page[page.index("A-HEAVY") - 300 : page.index("A-HEAVY")]
    assert "disabled" in box


@pytest.mark.parametrize(
    ("sets", "holds"),
    [
        (((1, 20_000), (1, 20_000)), True),  # weights stand together on the scale
        (((1, 10_000), (10_000, 20_000)), True),
        (((1, 4_000), (10_000, 30_000)), False),  # nothing makes up 5 kg
        (((1, 20_000),), False),
        (((1, 30_000),), True),
    ],
)
def test_several_sets_cover_a_load_together(cast: Cast, sets: tuple[tuple[float, float], ...], holds: bool) -> None:
    made = [narrow(cast, f"W{n}", low, high) for n, (low, high) in enumerate(sets)]
    found = conditions.failing(conditions.issue_conditions(chosen(cast, *made)))
    assert [c.key for c in found] == ([] if holds else ["standard_range:weights"])


def test_a_standard_without_a_range_in_numbers_is_not_taken_on_trust(cast: Cast) -> None:
    draft = chosen(cast, steps.make_weights(cast, range_low=None, range_high=None))
    with pytest.raises(Refused, match="没有登记可比较的测量范围"):
        services.submit(draft, actor=cast.actor("verifier"))


@pytest.mark.parametrize("where", ["standard", "certificate"])
def test_checking_and_signing_ask_again(cast: Cast, where: str) -> None:
    record = steps.submitted(cast)
    rows = MeasurementStandard.objects if where == "standard" else TraceCertificate.objects
    rows.update(range_high=10_000.0)
    with pytest.raises(Refused, match="不含"):
        services.check(record, actor=cast.actor("checker"))
    rows.update(range_high=30_000.0)
    record = services.check(Record.objects.get(pk=record.pk), actor=cast.actor("checker"))
    rows.update(range_low=1_000.0)
    with pytest.raises(Refused, match=r"不含 0\.2 kg"):
        signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))


def test_the_instruments_own_link_has_its_range_and_its_ratio(cast: Cast) -> None:
    record = steps.signed(cast)
    use = TraceUse.objects.get(certificate__item_id=record.instrument_id)
    assert (use.use_low, use.use_high) == (200.0, 30_000.0)
    # M1 0.005 % at each load against the MPE there: 0.5e at 5 kg is 5 g, 1e at 20 kg is 10 g, 1.5e at 30 kg is 15 g
    assert use.u_ratio == pytest.approx(0.1)
    proof = prove(record.instrument_id, steps.TODAY)
    assert proof["chain"][0]["u_ratio"] == pytest.approx(0.1)


def test_a_ratio_that_could_be_told_and_is_not_stops_the_record(cast: Cast) -> None:
    record = steps.submitted(cast)
    entry = {**record.data["standards"][0], "unit": r"\second"}
    assert record.result is not None
    assert ratios.incomparable(record.procedure_id, record.data, record.result["results"], entry)
    record.data = {**record.data, "standards": [entry]}
    keys = {c.key for c in conditions.failing(conditions.issue_conditions(record, recompute=False))}
    assert keys == {f"standard_ratio:{entry['serial']}"}
