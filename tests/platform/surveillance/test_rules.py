"""Areas are judged by the rules of their province, or by those chosen; pages show those limits."""

from __future__ import annotations

import pytest

from quanheng.platform.kernel import imports
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.sheets import write_csv
from quanheng.platform.surveillance import judging
from quanheng.platform.surveillance.models import Area, Evaluation
from quanheng.platform.surveillance.rule_pages import set_rule
from quanheng.telemetry.fleets import known_profiles, load_profile
from quanheng.telemetry.fleets.profiles import rule_for
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("region", "rule"),
    [
        ("130102", "JJF-HEBEI-174-2020"),
        ("340104", "JJF-ANHUI-111-2021"),
        ("310101", "JJF-SHANGHAI-57-2018"),
        ("990101", ""),
    ],
)
def test_a_province_brings_its_rules(region: str, rule: str):
    assert rule_for("electricity-area", region) == rule


def test_the_eleven_provinces_are_there_and_each_says_its_source():
    rules = load_profile().rules
    assert {r["region"] for r in rules} == {"11", "12", "13", "23", "31", "32", "34", "36", "37", "51", "53"}
    assert all(r["source"] and r["verified"] in ("once", "no") for r in rules)


@pytest.mark.parametrize("text", ["1", "1.0", "1级", "1.0 级", "B", "class 1"])
def test_a_class_is_understood_however_it_is_written(text: str):
    assert load_profile(rule="JJF-HEBEI-174-2020").limit_for(text) == 0.0175


def test_gas_and_heat_are_profiles_too():
    assert {"gas-district", "heat-network"} <= set(known_profiles())


def test_a_chosen_rule_judges_by_class_and_the_page_says_so(client):
    utility, _run = steps.judged()
    area = Area.objects.filter(fit="ok")[0]
    set_rule(actor=utility.actor("regulator"), area=area, rule="JJF-HEBEI-174-2020", reason="按河北规范试点")
    run = judging.request_run(
        actor=utility.actor("keeper"), organisation=utility.organisation, since=steps.SINCE, until=steps.UNTIL
    )
    judging.work_off.func(str(run.pk))
    made = Evaluation.objects.get(run=run, area=area)
    assert made.evidence["profile"]["rule"] == "JJF-HEBEI-174-2020"
    assert made.limit == 0.035, "the simulated meters are of class 2"
    client.force_login(utility.keeper)
    page = client.get(area.get_absolute_url()).content.decode()
    assert "JJF(冀)174-2020" in page
    assert "±1.75" in page
    assert "±3.50" in page


def test_a_rule_is_chosen_with_a_reason_and_only_by_those_responsible():
    utility, _run = steps.judged()
    area = Area.objects.first()
    for part, rule, reason in (("rival", "", "x"), ("keeper", "NOPE", "x"), ("keeper", "", " ")):
        with pytest.raises(Refused):
            set_rule(actor=utility.actor(part), area=area, rule=rule, reason=reason)


def test_the_import_takes_a_rule_by_its_number_and_names_those_there_are():
    utility = steps.make_utility()
    heads = ["台区编号", "表号", "角色", "适用规范"]
    lines = [["T1", "M1", "总表", "JJF(皖)111-2021"], ["T2", "M2", "总表", "JJF 9999"]]
    batch, _found = imports.preview(
        actor=utility.actor("keeper"), kind="areas", organisation=utility.organisation,
        data=write_csv(heads, lines), name="台区.csv",
    )  # fmt: skip
    batch = imports.apply(actor=utility.actor("keeper"), batch=batch)
    assert Area.objects.get().rule == "JJF-ANHUI-111-2021"
    assert batch.rejected == 1


def test_the_page_of_rules_lists_them_with_limits_source_and_doubt(client):
    utility = steps.make_utility()
    client.force_login(utility.keeper)
    page = client.get("/surveillance/rules/").content.decode()
    for text in ("JJF(冀)174-2020", "±1.75%(1 级)", "未规定,按产品默认", "guizone 466798", "未核实"):
        assert text in page


def test_a_county_with_its_own_alarm_rules_is_watched_by_them_and_others_are_not():
    from quanheng.platform.law.models import LawItem
    from quanheng.platform.surveillance import levels

    LawItem.objects.create(
        kind="alarm_rule", code="area.alarm", edition="东陵 2026", region_code="990101", title="警报",
        date_basis="stated", source="东陵县计量监测办法", verified="yes", body_sha256="0" * 64,
        body={"subject": "supply_area", "level": "alarm", "order": "1", "name_en": "Alarm", "checks": "3"},
    )  # fmt: skip
    one = levels.Counts(checks=1, suspects=0, unfit=False, cause="")
    assert (levels.level_of(one, "990101"), levels.level_of(one, "990202")) == ("normal", "alarm")


def test_the_page_names_regions_editions_and_doubts_of_alarm_rules_and_no_codes(client):
    utility, _run = steps.judged()
    client.force_login(utility.keeper)
    page = client.get("/surveillance/rules/").content.decode()
    for text in ("河北省", "全国", "权衡-2026", "充电桩离线", "须现场核查的表计不少于 1 块", "10 工作日"):
        assert text in page
    for code in ("(own", ">13<", ">00<"):
        assert code not in page
