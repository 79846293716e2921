"""A batch signed while its documents are sealed beside: one failure, one record twice, the order of the list."""

from __future__ import annotations

from typing import Any

import pytest

from quanheng.errors import InputError
from quanheng.platform.certificates import signing
from quanheng.platform.certificates.services import Outcome
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.kernel import clock
from tests.platform.cast import Cast
from tests.platform.certificates import steps


def sign_all(cast: Cast, records: list[Any]) -> list[Outcome]:
    code = steps.code_of(cast.signatory)
    return signing.sign_many(records, second_factor_code=code, actor=cast.actor("signatory"))


def test_one_that_cannot_be_sealed_stops_no_other_and_its_number_is_explained(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(steps.TODAY):
        records = [steps.checked(cast) for _ in range(3)]
        seal = signing.seal_content

        def no_second(made: Any, organisation: Any) -> Any:
            if made.number.endswith("-000002"):
                raise InputError("token", "the token did not sign", "seal")
            return seal(made, organisation)

        monkeypatch.setattr(signing, "seal_content", no_second)
        outcomes = sign_all(cast, records)
    assert [o.ok for o in outcomes] == [True, False, True]
    assert [o.record.pk for o in outcomes] == [r.pk for r in records]
    assert [o.number[-7:] for o in outcomes] == ["-000001", "", "-000003"]
    assert records[1].state == "signing"
    voided = NumberRecord.objects.get(state="voided")
    assert voided.number.endswith("-000002")
    assert "the token did not sign" in voided.reason


def test_a_failure_that_nobody_foresaw_leaves_no_number_unexplained(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(steps.TODAY):
        records = [steps.checked(cast) for _ in range(2)]
        monkeypatch.setattr(signing, "_issue", lambda *_words: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sign_all(cast, records)
    assert not Document.objects.exists()
    assert [row.state for row in NumberRecord.objects.order_by("number")] == ["voided", "voided"]


def test_a_record_that_comes_twice_is_issued_once(cast: Cast) -> None:
    with clock.at(steps.TODAY):
        record = steps.checked(cast)
        again = type(record).objects.get(pk=record.pk)
        outcomes = sign_all(cast, [record, again])
    assert [o.ok for o in outcomes] == [True, False]
    assert Document.objects.count() == 1
