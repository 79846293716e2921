"""Net content by the tables of the library: China, the European directive and OIML R 87:2004."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.library.tables import complete, rows
from quanheng.metrology.effective import table
from quanheng.metrology.net_content import contents, inspection, retail
from quanheng.metrology.net_content.tolerance import tolerance
from quanheng.metrology.quantiles import t_ppf
from quanheng.metrology.tasks import find

KINDS = ("net_content_tolerance", "net_content_sampling", "retail_deviation")
LAW = {region: rows(KINDS, region) for region in ("CN", "EU", "OIML")}
DAY = "2024-05-01"


def bands(region="CN"):
    return table(LAW[region], "net_content_tolerance", on=DAY)


def plans(region="CN"):
    return table(LAW[region], "net_content_sampling", on=DAY)


def t_of(nominal, unit="g", region="CN"):
    return str(tolerance(bands(region), Decimal(nominal), unit).t.normalize())


@pytest.mark.parametrize(
    ("nominal", "t"),
    [
        ("50", "4.5"),
        ("100", "4.5"),
        ("200", "9"),
        ("300", "9"),
        ("500", "15"),
        ("1000", "15"),
        ("10000", "150"),
        ("15000", "150"),
        ("50000", "500"),
    ],
)
def test_the_bands_meet_at_their_ends_in_every_jurisdiction(nominal, t):
    # order no. 70, annex 3; OIML R 87:2004 table 1; 76/211/EEC annex I 2.4 (to 10 kg)
    assert format(Decimal(t_of(nominal)), "f") == t
    assert format(Decimal(t_of(nominal, region="OIML")), "f") == t
    if Decimal(nominal) <= 10000:
        assert format(Decimal(t_of(nominal, region="EU")), "f") == t


def test_china_rounds_to_even_where_the_directive_rounds_up():
    # 110.5 g x 4.5 % = 4.9725; 111 g: 4.995; 390 g x 3 % = 11.7; 115 g: 5.175
    assert t_of("110.5") == "5"
    assert t_of("115") == "5.2"
    assert t_of("113", region="EU") == "5.1"  # 5.085 up
    assert t_of("113") == "5.1"
    assert t_of("112", region="EU") == "5.1"  # 5.04 up
    assert t_of("112") == "5"
    assert t_of("1050") == "16"  # 15.75 to the gram


def test_a_count_rounds_up_and_small_counts_may_lack_nothing():
    assert t_of("51", "1") == "1"
    assert t_of("120", "1") == "2"
    assert t_of("50", "1") == "0"


def test_the_unit_on_the_label_does_not_change_t():
    assert t_of("1.5", "kg") == "0.022"  # 22.5 g to the even gram
    assert t_of("1500") == "22"
    assert t_of("750", "mL") == t_of("750", "g")
    assert t_of("6", "m") == "0.12"
    assert t_of("600", "cm") == "12"


@given(st.integers(1, 49_999))
def test_every_mass_has_one_band_and_t_is_never_above_nine_per_cent(nominal):
    t = tolerance(bands(), Decimal(nominal), "g")
    assert 0 <= t.t <= Decimal(nominal) * 9 / 100 + Decimal("0.05")


@pytest.mark.parametrize(("nominal", "unit"), [("50001", "g"), ("0", "g"), ("-5", "g"), ("5", "lb")])
def test_no_tolerance_is_invented_outside_the_table(nominal, unit):
    with pytest.raises(InputError):
        tolerance(bands(), Decimal(nominal), unit)


def test_four_grams_have_no_band_in_the_directive():
    with pytest.raises(InputError, match="no band"):
        tolerance(bands("EU"), Decimal(4), "g")


@pytest.mark.parametrize("region", ["CN", "EU", "OIML"])
def test_printed_factors_are_rounded_t_over_root_n(region):
    # numerics.md §8: the law's tables use the printed factor, 0.848 for 13, where t/sqrt(n) is 0.8472
    for row in plans(region):
        if row.get("lambda_factor") not in (None, "", "0"):
            n = int(row.get("mean_sample_n") or row["sample_n"])
            exact = t_ppf(0.995, n - 1) / n**0.5
            assert float(row["lambda_factor"]) == pytest.approx(exact, abs=0.0011)


def test_thirteen_packages_use_the_printed_factor():
    plan = inspection.plan(plans(), 60)
    assert (plan.n, str(plan.factor)) == (13, "0.848")
    sample = [Decimal(v) for v in ("99", "101") * 6 + ("100",)]
    found = inspection.inspect(sample, Decimal(100), Decimal("4.5"), plan)
    assert found.limit == pytest.approx(100 - 0.848 * found.s)


@pytest.mark.parametrize(
    ("lot", "n", "accept"),
    [(11, 10, 0), (50, 10, 0), (51, 13, 1), (99, 13, 1), (100, 50, 3), (500, 50, 3), (501, 80, 5), (3201, 125, 7)],
)
def test_the_chinese_plan_by_lot(lot, n, accept):
    plan = inspection.plan(plans(), lot)
    assert (plan.n, plan.accept, plan.accept_2t) == (n, accept, 0)


def test_a_lot_of_ten_is_judged_piece_by_piece():
    plan = inspection.plan(plans(), 6)
    assert plan.n == 6
    found = inspection.inspect([Decimal(499)] * 6, Decimal(500), Decimal(15), plan)
    assert found.mean_ok is None
    assert found.verdict == "pass"
    assert inspection.inspect([Decimal(484)] + [Decimal(505)] * 5, Decimal(500), Decimal(15), plan).verdict == "fail"


def sample(n, *low, fill="501"):
    return [Decimal(v) for v in low] + [Decimal(fill)] * (n - len(low))


def test_exactly_t_short_is_not_beyond_t():
    plan = inspection.plan(plans(), 400)
    at = inspection.inspect(sample(50, *["485"] * 10, fill="506"), Decimal(500), Decimal(15), plan)
    beyond = inspection.inspect(sample(50, *["484.9"] * 4, fill="506"), Decimal(500), Decimal(15), plan)
    assert at.over_t == ()
    assert len(beyond.over_t) == 4
    assert beyond.verdict == "fail"
    assert inspection.inspect(sample(50, *["484.9"] * 3, fill="506"), Decimal(500), Decimal(15), plan).verdict == "pass"


def test_one_package_beyond_twice_t_fails_the_lot():
    plan = inspection.plan(plans(), 400)
    found = inspection.inspect(sample(50, "469.9", fill="506"), Decimal(500), Decimal(15), plan)
    assert found.reasons == ("2T: 1 package(s) beyond 2T where 0 are allowed",)
    assert inspection.inspect(sample(50, "470", fill="506"), Decimal(500), Decimal(15), plan).verdict == "pass"


def test_the_directive_samples_twice_where_the_first_sample_is_undecided():
    plan = inspection.plan(plans("EU"), 300)
    assert (plan.n, plan.second_n, plan.reject) == (30, 30, 3)
    first = inspection.inspect(sample(30, "484", "484", fill="503"), Decimal(500), Decimal(15), plan)
    assert (first.verdict, first.stage) == ("undecided", "second needed")
    both = inspection.inspect(sample(60, *["484"] * 4, fill="506"), Decimal(500), Decimal(15), plan)
    assert (both.verdict, both.allowed) == ("pass", 4)
    assert inspection.inspect(sample(60, *["484"] * 5, fill="506"), Decimal(500), Decimal(15), plan).verdict == "fail"


def test_the_directive_s_destructive_plan_is_one_sample_of_twenty():
    plan = inspection.plan(plans("EU"), 5000, "destructive")
    assert (plan.n, str(plan.factor), plan.accept) == (20, "0.640", 1)
    with pytest.raises(InputError, match="no sampling plan"):
        inspection.plan(plans("EU"), 50, "destructive")


def test_a_sample_of_another_size_is_refused():
    with pytest.raises(InputError, match="asks for 50 packages, found 49"):
        inspection.inspect(sample(49), Decimal(500), Decimal(15), inspection.plan(plans(), 400))


def test_no_table_is_used_before_it_was_in_force():
    with pytest.raises(InputError, match="nothing of net_content_tolerance"):
        table(LAW["CN"], "net_content_tolerance", on="1999-01-01")


def test_acceptance_probability_is_hypergeometric():
    plan = inspection.plan(plans(), 60)
    assert inspection.acceptance_probability(plan, 60, 0) == 1
    assert inspection.acceptance_probability(plan, 60, 60) == 0
    assert inspection.acceptance_probability(plan, 60, 2) == pytest.approx(1 - (13 * 12) / (60 * 59))


def test_frozen_goods_are_weighed_without_their_ice_and_liquids_by_density():
    one = [Decimal("230")]
    assert contents.contents(one, [Decimal(8)], deductions=[Decimal(22)]) == [Decimal(200)]
    assert contents.contents(one, [Decimal(10)], density=Decimal("1.1")) == [Decimal(200)]
    with pytest.raises(InputError, match="less than its tare"):
        contents.contents([Decimal(5)], [Decimal(8)])


def test_a_mean_tare_needs_ten_light_or_twenty_five_even_packages():
    light = contents.mean_tare([Decimal(8)] * 10, Decimal(200), Decimal(9))
    heavy = contents.mean_tare([Decimal(30)] * 10, Decimal(200), Decimal(9))
    assert light.may_use_mean
    assert not heavy.may_use_mean
    assert contents.mean_tare([Decimal(30)] * 25, Decimal(200), Decimal(9)).may_use_mean


@pytest.mark.parametrize(
    ("price", "sold", "found", "limit", "passed"),
    [
        ("5", "0.8", "0.780", "20", True),
        ("5", "0.8", "0.779", "20", False),
        ("24.8", "1.52", "1.515", "5", True),
        ("30", "2.6", "2.59", "10", True),
        ("30.01", "0.9", "0.8979", "2", False),
        ("150", "0.5", "0.499", "1", True),
    ],
)
def test_retail_deviation_by_price_and_mass(price, sold, found, limit, passed):
    result = retail.judge(table(LAW["CN"], "retail_deviation", on=DAY), Decimal(price), Decimal(sold), Decimal(found))
    assert (str(result.permitted), result.passed) == (limit, passed)


def test_an_equally_accurate_recheck_permits_twice_the_deviation():
    law = table(LAW["CN"], "retail_deviation", on=DAY)
    args = (law, Decimal(5), Decimal("0.8"), Decimal("0.765"))
    assert not retail.judge(*args).passed
    assert retail.judge(*args, same_accuracy=True).passed


def test_no_deviation_is_invented_beyond_the_table():
    with pytest.raises(InputError, match="no band"):
        retail.judge(table(LAW["CN"], "retail_deviation", on=DAY), Decimal(200), Decimal(6), Decimal(6))


def judged(day, name="china-500-g"):
    task = find("net-content")
    return task.compute(complete(task.tables, task.examples[name] | {"law": {"region": "CN", "date": day}}))


def test_the_plan_of_2005_is_said_to_be_unverified_from_the_day_its_norm_was_replaced():
    before, after = judged("2024-10-11").to_dict(), judged("2024-10-12").to_dict()
    assert before["warnings"] == []
    assert [row["verified"] for row in after["law"]] == ["yes", "no"]
    (warning,) = after["warnings"]
    assert "a later edition is in force since 2024-10-12" in warning
    assert warning in judged("2024-10-12").table()
    assert all("2024-10-12 起未核对" in row["note"] for row in LAW["CN"]["net_content_sampling"])


def test_a_sale_judged_by_an_unverified_row_says_so_in_the_shell_too():
    task = find("net-content")
    sale = {"law": {"date": DAY}, "retail": {"price": "5", "sold_kg": "20", "found_kg": "19.95"}}
    answer = task.compute(complete(task.tables, sale))
    (warning,) = answer.to_dict()["warnings"]
    assert warning.startswith("unverified")
    assert warning in answer.table()
