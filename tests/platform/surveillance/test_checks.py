"""From suspicion to a check on site, to the verification that decides, and back as the precision of the method."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.surveillance import queries, services
from quanheng.platform.surveillance.models import AreaMeter, SiteCheck
from quanheng.platform.verification.models import Application, Task
from tests.platform import makers
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def ordered() -> tuple[steps.Utility, SiteCheck]:
    utility, _run = steps.judged()
    meter = steps.worst()
    return utility, services.order_check(actor=utility.actor("regulator"), meter=meter, reason="数据显示超差")


def sent() -> tuple[steps.Utility, SiteCheck]:
    utility, check = ordered()
    norm = makers.make_norm("JJG 596-2012", title="电子式交流电能表")
    category = makers.make_category("electricity-meter", norm)
    item = makers.make_instrument(
        utility.organisation, category=category, serial_number=check.meter.meter_id, state="in_use"
    )
    institute = makers.make_organisation("市计量所", "institute")
    check = services.send_to_verification(
        actor=utility.actor("keeper"), check=check, institute=institute, instrument=item
    )
    return utility, check


class Signed:
    """What the hook of a signed record reads."""

    def __init__(self, task: Task, verdict: str) -> None:
        self.task, self.verdict, self.document = task, verdict, None


def test_a_meter_of_a_lot_is_entered_by_itself_when_it_is_sent_to_verification(client):
    utility, check = ordered()
    number = check.meter.meter_id
    norm = makers.make_norm("JJG 596-2012", title="电子式交流电能表")
    lot = makers.make_instrument(
        utility.organisation, category=makers.make_category("electricity-meter", norm), serial_number=number,
        serial_to=f"{number[:-1]}{int(number[-1]) + 1}" if number[-1] != "9" else number, quantity=2, state="in_use",
    )  # fmt: skip
    AreaMeter.objects.filter(pk=check.meter_id).update(instrument=lot)
    institute = makers.make_organisation("市计量所", "institute")
    client.force_login(utility.keeper)
    page = client.get(f"{check.get_absolute_url()}apply/").content.decode()
    assert str(lot.pk) in page, "the lot is offered"
    sent = services.send_to_verification(
        actor=utility.actor("keeper"), check=SiteCheck.objects.get(pk=check.pk), institute=institute
    )  # fmt: skip
    assert sent.state == "applied"
    one = Instrument.objects.get(serial_number=number, serial_to="")
    assert AreaMeter.objects.get(pk=check.meter_id).instrument == one
    assert Instrument.objects.get(pk=lot.pk).quantity == 1
    assert Task.objects.get(application=sent.application).instrument == one


def test_an_order_carries_the_verdict_and_its_evidence():
    _utility, check = ordered()
    assert check.number.startswith("HC20260220-")
    assert check.verdict.evaluation.evidence_sha256
    assert check.due_on > dt.date(2026, 2, 20)


def test_one_meter_has_one_open_check():
    utility, check = ordered()
    with pytest.raises(Refused):
        services.order_check(actor=utility.actor("keeper"), meter=check.meter, reason="再查")


def test_a_stranger_orders_nothing():
    utility, _run = steps.judged()
    with pytest.raises(Refused):
        services.order_check(actor=utility.actor("rival"), meter=steps.worst(), reason="想查")


def test_a_check_becomes_an_application_for_verification_on_site():
    _utility, check = sent()
    assert check.state == "applied"
    assert (check.application.state, check.application.delivery) == ("submitted", "on_site")
    assert AreaMeter.objects.get(pk=check.meter_id).instrument_id == check.application.tasks.get().instrument_id


def test_a_meter_that_is_neither_in_the_ledger_nor_in_the_lot_named_is_refused():
    utility, check = ordered()
    institute = makers.make_organisation("市计量所", "institute")
    with pytest.raises(Refused, match="绑定"):
        services.send_to_verification(actor=utility.actor("keeper"), check=check, institute=institute)
    lot = makers.make_instrument(utility.organisation, quantity=50, serial_to="Z", state="in_use")
    with pytest.raises(Refused, match="不在这一批"):
        services.send_to_verification(actor=utility.actor("keeper"), check=check, institute=institute, instrument=lot)
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("verdict", "state", "percent"), [("reject", "confirmed", "100.0"), ("pass", "refuted", "0.0")]
)
def test_the_document_concludes_the_check_and_measures_the_method(verdict, state, percent):
    utility, check = sent()
    task = check.application.tasks.get()
    from quanheng.platform.kernel.actors import system

    SiteCheck.objects.filter(pk=check.pk).update(verdict=check.verdict)
    check.verdict.verdict = "check"
    check.verdict.save()
    services.on_signed(Signed(task, verdict), system("test"))
    check.refresh_from_db()
    assert check.state == state
    assert queries.precision(queries.checks(utility.actor("regulator"))).text == percent


def test_a_cancelled_task_lets_the_check_wait_again():
    utility, check = sent()
    from quanheng.platform.kernel.actors import system

    services.on_task_cancelled(check.application.tasks.get(), system("test"))
    check.refresh_from_db()
    assert (check.state, check.application_id) == ("open", None)
    del utility


def test_nobody_but_the_institute_concludes():
    utility, check = sent()
    with pytest.raises(Refused):
        services.on_signed(Signed(check.application.tasks.get(), "pass"), utility.actor("keeper"))
    check.refresh_from_db()
    assert check.state == "applied"


def test_a_household_asks_and_reads_the_answer_but_not_without_end():
    from quanheng.platform.kernel.actors import ANONYMOUS

    utility, _run = steps.judged()
    meter = steps.worst()
    asked = services.ask_for_check(actor=ANONYMOUS, meter=meter, text="电费突然变高")
    services.order_check(actor=utility.actor("keeper"), meter=meter, reason="用户申请")
    asked.refresh_from_db()
    assert asked.check_order is not None
    for _n in range(2):
        services.ask_for_check(actor=ANONYMOUS, meter=meter, text="")
    with pytest.raises(Refused):
        services.ask_for_check(actor=ANONYMOUS, meter=meter, text="")
