"""The pages of meters in service: first line answers, numbers open lists, empty pages say how to start."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.surveillance import judging, services
from quanheng.platform.surveillance.models import Area, CheckRequest
from tests.platform import makers
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def window(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, name: str, *args: object, query: str = "") -> str:
    answer = client.get(reverse(f"surveillance:{name}", args=args) + query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_an_empty_overview_says_how_to_start():
    utility = steps.make_utility()
    page = text(window(utility.keeper), "overview")
    assert "还没有台区" in page
    assert reverse("instruments:import", args=["areas"]) in page


def test_the_overview_counts_and_every_number_opens_its_list():
    utility, _run = steps.judged()
    page = text(window(utility.regulator), "overview")
    assert "衡川供电有限公司" in page
    assert f"{reverse('surveillance:areas')}?level=alarm" in page
    assert "方法命中率" in page


@pytest.mark.parametrize("tab", ["estimates", "meters", "quality", "history", "neighbours"])
def test_an_area_has_a_page_with_every_tab(tab):
    utility, _run = steps.judged()
    area = Area.objects.filter(fit="ok")[0]
    page = text(window(utility.keeper), "area", area.pk, query=f"?tab={tab}")
    assert area.code in page
    if tab == "estimates":
        assert '<svg class="fleet-forest"' in page
        assert "以表格查看" in page
        assert area.evaluations.get().evidence_sha256[:16] in page
    if tab == "quality":
        assert "按各表采集率推算的完整时段" in page


def test_an_area_that_cannot_be_judged_says_why_and_that_nobody_is_suspected():
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    run = judging.request_run(
        actor=utility.actor("keeper"), organisation=utility.organisation, since=steps.SINCE, until=steps.UNTIL
    )
    judging.work_off.func(str(run.pk))
    area = Area.objects.filter(fit="unfit")[0]
    page = text(window(utility.keeper), "area", area.pk)
    assert "此状态下不怀疑任何一块表" in page


def test_a_meter_shows_its_evaluations_and_its_neighbours_on_the_feeder():
    utility, _run = steps.judged()
    meter = steps.worst()
    page = text(window(utility.keeper), "meter", meter.pk)
    assert meter.meter_id in page
    assert "下达核查单" in page
    assert "历次评价" in page


def test_pages_speak_english_too():
    utility, _run = steps.judged()
    client = window(utility.keeper)
    client.cookies["django_language"] = "en"
    meter = steps.worst()
    page = client.get(
        reverse("surveillance:meter", args=[meter.pk]), headers={"accept-language": "en"}
    ).content.decode()
    assert "P(beyond the limit)" in page
    assert "误差" not in page


def test_lists_are_exported_as_they_are_filtered():
    utility, _run = steps.judged()
    answer = window(utility.keeper).get(reverse("surveillance:meters") + "?export=csv&verdict=check")
    body = b"".join(answer).decode("utf-8-sig")
    assert body.startswith("表号")


def test_a_run_is_started_from_its_page_and_shows_its_progress():
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    steps.bring_readings(utility, steps.make_fleet())
    client = window(utility.keeper)
    data = {"organisation": utility.organisation.pk, "since": "2026-01-05", "until": "2026-02-18"}
    answer = client.post(reverse("surveillance:run-start"), data)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    page = client.get(answer.url).content.decode()
    assert "已评价台区" in page


def test_a_check_goes_from_the_meter_page_to_the_institute():
    utility, _run = steps.judged()
    client, meter = window(utility.keeper), steps.worst()
    answer = client.post(reverse("surveillance:order", args=[meter.pk]), {"reason": "数据显示超差"})
    check = meter.site_checks.get()
    assert answer.url == check.get_absolute_url()
    norm = makers.make_norm("JJG 596-2012", title="电子式交流电能表")
    item = makers.make_instrument(
        utility.organisation, category=makers.make_category("electricity-meter", norm), serial_number=meter.meter_id
    )
    institute = makers.make_organisation("市计量所", "institute")
    answer = client.post(
        reverse("surveillance:check-apply", args=[check.pk]), {"institute": institute.pk, "instrument": item.pk}
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]
    check.refresh_from_db()
    assert check.state == "applied"
    page = client.get(reverse("instruments:instrument", args=[item.pk]) + "?tab=monitoring").content.decode()
    assert "由台区能量平衡估计" in page
    receptionist = makers.make_user("受理员", institute, "receptionist")
    assert check.number in text(window(receptionist), "checks")


def test_a_household_sees_its_own_meter_and_asks_without_a_name():
    utility, _run = steps.judged()
    meter = steps.worst()
    address = reverse("surveillance:own", args=[meter.public_code])
    page = Client().get(address).content.decode()
    assert meter.meter_id in page
    assert meter.area.members.exclude(pk=meter.pk)[0].meter_id not in page
    assert "衡川供电" not in page
    answer = Client().post(address, {"text": "电费突然变高"}).content.decode()
    receipt = CheckRequest.objects.get().receipt
    assert receipt in answer
    services.answer_request(actor=utility.actor("keeper"), request=CheckRequest.objects.get(), answer="本月气温低")
    assert "本月气温低" in Client().get(f"{address}?receipt={receipt}").content.decode()
    assert "没有这个回执号" in Client().get(f"{address}?receipt=XXXX").content.decode()


def test_a_code_that_nobody_has_is_not_found():
    assert Client().get(reverse("surveillance:own", args=["ABCDEFGHJKLM"])).status_code == 404


def test_the_public_page_of_an_instrument_tells_of_its_monitoring():
    _utility, _run = steps.judged()
    meter = steps.worst()
    item = makers.make_instrument(meter.area.organisation, serial_number=meter.meter_id)
    meter.instrument = item
    meter.save()
    page = Client().get(reverse("documents:public", args=[item.code])).content.decode()
    assert reverse("surveillance:own", args=[meter.public_code]) in page


def test_readings_set_aside_are_shown_to_their_source_only():
    utility, _run = steps.judged()
    from quanheng.platform.kernel import clock
    from quanheng.platform.surveillance.store import receiver
    from quanheng.telemetry.ingest.push import read_ndjson

    bad = b'{"meter_id": "nobody", "ts": "2026-02-01T00:00:00Z", "kwh": 1}'
    from quanheng.platform.surveillance.store import listed

    receiver().receive(read_ndjson(bad), source=f"{utility.organisation.pk}/head-end", now=clock.now(), areas=listed())
    assert "head-end" in text(window(utility.keeper), "letters")
    assert "没有被搁置的读数" in text(window(utility.rival), "letters")
