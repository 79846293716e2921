"""What the keeper is told of, without looking: accepted, returned, cancelled, rejected, done, withdrawn."""

from __future__ import annotations

import pytest
from django.utils import translation

from quanheng.platform.certificates import signing
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Notice, User
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.verification import services
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


def told(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


def test_a_rejection_and_what_went_before_are_told_to_the_keeper_alone(cast: Cast) -> None:
    record = steps.signed(cast, verdict="reject")
    number = record.task.application.number
    said = told(cast.keeper)
    assert said[0].startswith(f"申请 {number} 已受理,办结期限 20")
    assert set(said[1:]) == {
        f"申请 {number} 已办结,1 台已出具文书",
        f"{record.instrument} 检定不合格,不得使用({record.document.number})",
    }
    assert Notice.objects.exclude(user=cast.keeper).filter(kind__in=("application", "document")).count() == 0
    with translation.override("en"):
        assert "was rejected and must not be used" in " ".join(retold(text) for text in said)


def test_a_pass_is_told_with_its_application_and_its_revocation_at_once(cast: Cast) -> None:
    record = steps.signed(cast)
    assert not [text for text in told(cast.keeper) if record.document.number in text]
    with translation.override("en"):  # who reads English writes to readers of Chinese
        signing.revoke_certificate(
            record.document, reason="砝码超差", void_from=clock.today(), actor=cast.actor("signatory"),
            second_factor_code=steps.code_of(cast.signatory),
        )  # fmt: skip
    assert told(cast.keeper)[-1] == f"{record.instrument} 的文书 {record.document.number} 已被签发机构撤销:砝码超差"
    assert Notice.objects.filter(user=cast.keeper).latest("pk").url == f"/certificates/{record.document.pk}/"


def test_a_returned_application_and_a_cancelled_task_are_told_with_their_reason(cast: Cast) -> None:
    desk, keeper = cast.actor("receptionist"), cast.actor("keeper")
    item = makers.make_instrument(cast.shop)
    made = services.create_application(
        actor=keeper, organisation=cast.shop, institute=cast.institute, instruments=[item], delivery="sent_in"
    )
    services.submit_application(actor=keeper, application=made)
    assert told(cast.keeper) == []
    services.return_application(actor=desk, application=made, reason="缺少铭牌照片")
    assert told(cast.keeper) == [f"申请 {made.number} 被退回:缺少铭牌照片"]
    services.submit_application(actor=keeper, application=made)
    services.accept_application(actor=desk, application=made)
    services.cancel_task(actor=desk, task=made.tasks.get(), reason="未按约送检")
    assert f"{item} 的检定任务已被检定机构取消:未按约送检" in told(cast.keeper)
    services_told = [text for text in told(cast.keeper) if "办结,0 台" in text]
    assert services_told == [f"申请 {made.number} 已办结,0 台已出具文书"]
