"""Nothing is issued unless every condition holds, and a refusal names each one that does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from quanheng.platform.certificates import conditions, services, signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import RoleGrant
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.parties.models import Authorisation, InstituteRule, Licence
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceCertificate
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def withdraw(cast: Cast, part: str) -> None:
    Licence.objects.filter(user=getattr(cast, part)).update(withdrawn_on=dt.date(2026, 1, 1))


def touch(**fields: object) -> Callable[[Cast], None]:
    return lambda cast: MeasurementStandard.objects.update(**fields) and None


BREAKS: dict[str, tuple[Callable[[Cast], object], str]] = {
    "the standard's assessment ended": (touch(assessed_until=dt.date(2026, 10, 11)), "standard_valid"),
    "the standard was suspended": (touch(state="suspended"), "standard_valid"),
    "the standard was condemned": (touch(condemned_on=dt.date(2026, 10, 12)), "standard_valid"),
    "the standard's certificate expired": (
        lambda cast: TraceCertificate.objects.update(valid_to=dt.date(2026, 10, 11)),
        "standard_trace",
    ),
    "the standard's certificate was revoked": (
        lambda cast: TraceCertificate.objects.update(void_from=dt.date(2026, 10, 1)),
        "standard_trace",
    ),
    "the verifier lost the licence": (lambda cast: withdraw(cast, "verifier"), "verifier_licence"),
    "the checker lost the licence": (lambda cast: withdraw(cast, "checker"), "checker_licence"),
    "the signatory lost the licence": (lambda cast: withdraw(cast, "signatory"), "signatory_licence"),
    "the institute lost the authorisation": (
        lambda cast: Authorisation.objects.update(withdrawn_on=dt.date(2026, 1, 1)),
        "authorised",
    ),
    "the norm was not in force": (
        lambda cast: type(makers.make_norm()).objects.update(in_force_to=dt.date(2026, 10, 11)),
        "norm_in_force",
    ),
    "the instrument was scrapped": (lambda cast: Instrument.objects.update(state="scrapped"), "instrument_state"),
    "the stored result was altered": (
        lambda cast: Record.objects.update(result={**Record.objects.get().result, "verdict": "reject"}),
        "result_identical",
    ),
}


@pytest.mark.parametrize("what", sorted(BREAKS))
def test_signing_is_refused_when(what: str, cast: Cast) -> None:
    act, key = BREAKS[what]
    record = steps.checked(cast)
    act(cast)
    record = Record.objects.get(pk=record.pk)
    people = conditions.people_of(record, signatory=cast.signatory)
    found = conditions.failing(conditions.issue_conditions(record, people=people))
    assert [c.key.split(":")[0] for c in found] == [key]
    assert all(c.detail for c in found)
    with pytest.raises(Refused) as refusal:
        signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    assert refusal.value.reasons == tuple(c.refusal for c in found)
    assert (Document.objects.count(), NumberRecord.objects.count()) == (0, 0)


def test_a_refusal_names_every_failing_condition(cast: Cast) -> None:
    record = steps.checked(cast)
    touch(assessed_until=dt.date(2026, 1, 1))(cast)
    withdraw(cast, "verifier")
    Instrument.objects.update(state="repair")
    with pytest.raises(Refused) as refusal:
        signing.sign(
            Record.objects.get(pk=record.pk),
            second_factor_code=steps.code_of(cast.signatory),
            actor=cast.actor("signatory"),
        )
    assert len(refusal.value.reasons) == 3


def test_a_record_outside_the_environment_is_not_even_submitted(cast: Cast) -> None:
    sheet = steps.make_sheet()["environment"]
    draft = steps.filled(cast, environment={**sheet, "temperature": "55.0", "temperature_end": "55.0"})
    with pytest.raises(Refused, match="环境条件"):
        services.submit(draft, actor=cast.actor("verifier"))


def test_a_standard_that_is_not_accurate_enough_is_named(cast: Cast) -> None:
    draft = steps.filled(cast)
    MeasurementStandard.objects.update(parameters={"mpe": "0.5"})
    draft = services.save_draft(draft, data=draft.data, version=draft.version, actor=cast.actor("verifier"))
    with pytest.raises(Refused, match="准确度"):
        services.submit(draft, actor=cast.actor("verifier"))


def test_nobody_checks_or_signs_own_work(cast: Cast) -> None:
    for role in ("checker", "signatory"):
        RoleGrant.objects.create(user=cast.verifier, role=role, organisation=cast.institute)
    norm = makers.make_norm()
    makers.make_licence(cast.verifier, "check", norm)
    makers.make_licence(cast.verifier, "sign", norm)
    record = steps.submitted(cast)
    with pytest.raises(Refused, match="自己的检定"):
        services.check(record, actor=cast.actor("verifier"))
    record = services.check(record, actor=cast.actor("checker"))
    with pytest.raises(Refused, match="自己的检定"):
        signing.sign(record, second_factor_code=steps.code_of(cast.verifier), actor=cast.actor("verifier"))


def both_duties(cast: Cast) -> Record:
    RoleGrant.objects.create(user=cast.signatory, role="checker", organisation=cast.institute)
    makers.make_licence(cast.signatory, "check", makers.make_norm())
    return services.check(steps.submitted(cast), actor=cast.actor("signatory"))


def test_one_person_does_not_check_and_sign_without_the_institutes_rule(cast: Cast) -> None:
    with pytest.raises(Refused, match="两人"):
        signing.sign(both_duties(cast), second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))


@pytest.mark.parametrize(("until", "works"), [(None, True), (steps.TODAY, True), (dt.date(2026, 10, 11), False)])
def test_the_dated_rule_lets_one_person_check_and_sign(cast: Cast, until: dt.date | None, works: bool) -> None:
    InstituteRule.objects.create(
        organisation=cast.institute,
        key="signatory_may_check",
        valid_from=dt.date(2026, 1, 1),
        valid_until=until,
        source="质量手册 7.8",
    )
    record = both_duties(cast)
    if works:
        assert (
            signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory")).state
            == "issued"
        )
    else:
        with pytest.raises(Refused, match="两人"):
            signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))


def test_a_wrong_code_signs_nothing(cast: Cast) -> None:
    record = steps.checked(cast)
    steps.code_of(cast.signatory)
    with pytest.raises(Refused, match="验证码不正确"):
        signing.sign(record, second_factor_code="000000", actor=cast.actor("signatory"))
    assert NumberRecord.objects.count() == 0


def test_licences_count_on_their_first_and_last_day(cast: Cast) -> None:
    Licence.objects.filter(user=cast.signatory).update(valid_from=steps.TODAY, valid_until=steps.TODAY)
    assert steps.signed(cast).state == "issued"
