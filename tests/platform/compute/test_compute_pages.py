"""计算: a person pastes numbers, reads the answer, keeps the link and the report."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import zlib

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from quanheng.evidence.rendering.fonts import missing_glyphs
from quanheng.metrology import tasks
from quanheng.metrology.tasks.formulas import formulas
from quanheng.platform.compute import links
from quanheng.platform.compute.typography import runs
from tests.platform import makers

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
TYPED = {
    "model": "Y = A + B",
    "inputs": "A distribution=normal mean=1 std=0.3\nB distribution=rectangular low=-1 high=1",
    "method": "gum",
}


@pytest.fixture
def client() -> Client:
    """A verifier's browser."""
    found = Client()
    found.force_login(makers.make_user("周检定", makers.make_organisation("衡川市计量测试所", "institute"), "verifier"))
    return found


def page(name: str = "uncertainty") -> str:
    return reverse("compute:task", args=[name])


def test_every_task_stands_in_the_list(client: Client) -> None:
    text = client.get(reverse("compute:tasks")).content.decode()
    assert all(f'href="{page(name)}"' in text for name in tasks.names())


def test_typed_numbers_lead_to_a_link_that_shows_the_answer(client: Client) -> None:
    answer = client.post(page(), TYPED)
    assert answer.status_code == 303
    shown = client.get(answer["Location"])
    assert '<td class="tnum">0.65</td>' in shown.content.decode()  # sqrt(0.09 + 1/3) = 0.6506, two digits asked
    assert "<svg" in shown.content.decode()


def test_the_link_gives_the_same_answer_to_somebody_else(client: Client) -> None:
    address = client.post(page(), TYPED)["Location"]
    first, again = client.get(f"{address}&format=json"), client.get(f"{address}&format=json")
    assert first.content == again.content
    assert json.loads(first.content)["outputs"]["Y"]["u"] == pytest.approx((0.09 + 1 / 3) ** 0.5, abs=1e-12)


def test_the_report_carries_inputs_answer_and_the_digest_of_the_request(client: Client) -> None:
    address = client.post(page(), TYPED)["Location"]
    paper = client.get(f"{address}&format=pdf")
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(paper.content)).pages)
    assert paper["Content-Type"] == "application/pdf"
    assert "Y = A + B" in text
    assert re.search(r"SHA-256\s*[0-9a-f]{64}", text)


@pytest.mark.parametrize("name", tasks.names())
def test_every_example_is_answered_as_page_and_paper(client: Client, name: str) -> None:
    code = links.packed(tasks.find(name).example)
    assert client.get(f"{page(name)}?r={code}").status_code == 200
    assert client.get(f"{page(name)}?r={code}&format=pdf").content.startswith(b"%PDF")
    assert client.get(f"{page(name)}?example=").status_code == 200


def test_an_error_stands_beside_its_control_and_what_was_typed_is_kept(client: Client) -> None:
    answer = client.post(page(), {**TYPED, "inputs": "A distribution=normal mean=1 std=-0.3"}, follow=True)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "std=-0.3" in text
    assert 'class="invalid-feedback' in text


def test_a_hostile_formula_is_refused(client: Client) -> None:
    answer = client.post(
        page(), {"request": json.dumps({"model": "Y = __import__('os').system('true')", "inputs": {}})}, follow=True
    )
    assert answer.status_code == 422


def test_more_trials_than_a_page_may_draw_are_refused(client: Client) -> None:
    answer = client.post(page(), {**TYPED, "method": "mc", "trials": "1000000000"})
    assert answer.status_code == 422
    assert "2,000,000" in answer.content.decode()


@pytest.mark.parametrize("code", ["x", "AAAA", "%00", "eNo="])
def test_a_damaged_link_is_said_to_be_damaged(client: Client, code: str) -> None:
    assert client.get(f"{page()}?r={code}").status_code == 422


def test_a_link_cannot_unpack_into_more_than_a_page_computes(client: Client) -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 50_000_000, 9)).decode()[: links.LONGEST_LINK]
    assert client.get(f"{page()}?r={bomb}").status_code == 422


def test_an_unknown_task_is_not_found(client: Client) -> None:
    assert client.get(page("nonsense")).status_code == 404


def test_the_page_speaks_english(client: Client) -> None:
    client.cookies["django_language"] = "en"
    assert "Calculations" in client.get(reverse("compute:tasks")).content.decode()


def shown(client: Client, name: str, example: str = "") -> str:
    task = tasks.find(name)
    request = task.examples[example] if example else task.example
    return client.get(f"{page(name)}?r={links.packed(request)}").content.decode()


def test_a_column_pasted_into_the_robust_task_is_computed(client: Client) -> None:
    values = "\n".join(f"{10 + i % 7 / 10:.1f}" for i in range(30))
    answer = client.post(page("robust"), {"values": values, "method": "algorithm-a"}, follow=True)
    assert answer.status_code == 200
    assert "算法 A" in answer.content.decode()


def test_replicates_are_pasted_one_laboratory_a_line(client: Client) -> None:
    values = "1.0\t1.1\n1.2\t1.2\n0.9\t1.0\n1.1\t1.3"
    answer = client.post(page("robust"), {"values": values, "method": "q-hampel"}, follow=True)
    assert answer.status_code == 200


def test_a_million_pasted_rows_are_refused_in_one_sentence(client: Client) -> None:
    answer = client.post(page("robust"), {"values": "1.5\n" * 1_000_000, "method": "algorithm-a"})
    assert answer.status_code == 422
    assert "页面至多计算 256 kB" in answer.content.decode()
    assert len(answer.content) < 200_000


def test_warnings_and_refusals_follow_the_language_of_the_page(client: Client) -> None:
    assert "GUM 法对此模型未通过验证" in shown(client, "uncertainty", "jcgm101-9.4")
    refused = client.post(
        page("comparison"), {"x": "1", "u": "0.1", "method": "weighted-mean"}, follow=True
    ).content.decode()
    assert "比对至少需要 2 个" in refused
    client.cookies["django_language"] = "en"
    assert "the GUM is not validated for this model" in shown(client, "uncertainty", "jcgm101-9.4")
    refused = client.post(
        page("comparison"), {"x": "1", "u": "0.1", "method": "weighted-mean"}, follow=True
    ).content.decode()
    assert "a comparison needs at least 2" in refused


@pytest.mark.parametrize("name", tasks.names())
def test_page_and_paper_carry_the_formulas(client: Client, name: str) -> None:
    lines = formulas(name, tasks.find(name).example)
    assert lines
    text = html.unescape(shown(client, name))
    assert all(line in text for line in lines)


def test_the_paper_carries_the_formula_of_its_method(client: Client) -> None:
    code = links.packed(tasks.find("comparison").examples["ccqm-k30"])
    paper = client.get(f"{page('comparison')}?r={code}&format=pdf")
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(paper.content)).pages)
    assert "公式" in text
    assert "cov(" in text


def test_inputs_that_are_empty_wait_behind_one_line(client: Client) -> None:
    assert "更多输入" in shown(client, "interval")
    assert '<details class="mb-3" open' in client.get(page("interval")).content.decode()


def test_the_answer_stands_before_how_it_was_found(client: Client) -> None:
    text = client.get(client.post(page(), TYPED)["Location"]).content.decode()
    card = text[text.index('id="answer"') :]
    assert re.search(r"<dt>Y</dt><dd>0\.0 ± 1\.3 \(k = 1\.96\)</dd>|<dt>Y</dt><dd>1\.0 ± 1\.3 \(k = 1\.96\)</dd>", card)
    assert card.index("<dt>Y</dt>") < card.index("蒙特卡洛" if "<dt>试验次数" in card else "方法")


def test_the_budget_of_a_certified_value_is_a_table(client: Client) -> None:
    text = shown(client, "stability")
    assert re.search(r"<h3[^>]*>[^<]*标准值[^<]*不确定度分量表</h3>", text)


def test_an_adaptive_run_ends_where_a_page_ends(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_TRIALS", 50_000)
    inputs = "a distribution=normal mean=1 std=0.1\nb distribution=normal mean=2 std=0.1"
    address = client.post(page(), {"model": "Y = a/b", "inputs": inputs, "method": "mc", "digits": "1"})["Location"]
    answer = json.loads(client.get(f"{address}&format=json").content)
    assert answer["trials"] <= 50_000
    assert answer["inputs"]["most_trials"] == 50_000


def workbook(*rows: list[object]) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    found = io.BytesIO()
    book.save(found)
    found.seek(0)
    found.name = "data.xlsx"
    return found


def upload(client: Client, task: str, sheet: object, **typed: str) -> str:
    answer = client.post(page(task), {**typed, "sheet": sheet}, follow=True)
    return html.unescape(answer.content.decode())


def test_columns_of_a_workbook_fill_the_inputs_of_their_name(client: Client) -> None:
    sheet = workbook(["实验室", "x", "u"], ["甲", 10.1, 0.1], ["乙", 10.3, 0.2], ["丙", 9.9, 0.1])
    text = upload(client, "comparison", sheet, method="weighted-mean")
    assert "甲" in text
    assert '<td class="tnum">10.3</td>' in text


def test_rows_without_names_are_lines_of_readings(client: Client) -> None:
    sheet = io.BytesIO(b"1.234,1.285,1.255\n1.255,1.265,1.265\n1.198,1.208,1.218\n")
    sheet.name = "bottles.csv"
    assert "u_bb" in upload(client, "homogeneity", sheet)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["x", "weights"], [1, 2]], "没有名为 weights 的输入"),
        ([["x", "method"], [1, "median"], [2, "mean"]], "method 只取一个值"),
    ],
)
def test_a_sheet_that_fits_nothing_is_refused_in_words(client: Client, rows: list[list[object]], words: str) -> None:
    assert words in upload(client, "comparison", workbook(*rows), method="median")


def test_limits_and_components_are_typed_as_names_and_values(client: Client) -> None:
    typed = {"results": "10.02 10.04\n9.98 10.01\n10.05 10.03", "components": "bb 0.012\n长期稳定性 0.02"}
    text = client.post(page("certified-value"), typed, follow=True).content.decode()
    assert "长期稳定性" in text
    law = {
        "law": "region CN\ndate 2024-05-01",
        "nominal": "500",
        "unit": "g",
        "lot": "5",
        "contents": "500\n501\n502\n500\n500",
    }
    assert client.post(page("net-content"), law, follow=True).status_code == 200


def test_a_decision_is_told_once_in_the_language_of_the_page(client: Client) -> None:
    text = html.unescape(shown(client, "conformity"))
    assert "判定：有条件符合" in text
    assert "Measured 0.420" not in text
    assert "conditional_accept" not in text[text.index('id="answer"') : text.index("</dl>")]
    client.cookies["django_language"] = "en"
    text = html.unescape(shown(client, "conformity"))
    assert "it conforms conditionally" in text
    assert "测得值" not in text[text.index('id="answer"') : text.index("</dl>")]


def test_a_paper_sets_what_stands_below_the_line_below_it() -> None:
    assert runs("q̄ ≥ Q_n − f·s,  f = t₀.₉₉₅/√n") == [
        ["bar", "q"], ["", " ≥ Q"], ["sub", "n"], ["", " − f·s,  f = t"], ["sub", "0.995"], ["", "/√n"],
    ]  # fmt: skip
    assert runs("s_w²") == [["", "s"], ["sub", "w"], ["sup", "2"]]
    assert runs("ȳₘ₊₁ = Σ_{i ≥ g} Rⁱ^(S)") == [
        ["bar", "y"], ["sub", "m+1"], ["", " = Σ"], ["sub", "i ≥ g"], ["", " R"], ["sup", "i"], ["sup", "S"],
    ]  # fmt: skip
    for name in tasks.names():
        for line in (line for request in tasks.find(name).examples.values() for line in formulas(name, request)):
            assert missing_glyphs("".join(text for _, text in runs(line))) == set(), line


def test_a_kept_result_is_pasted_into_a_later_calculation_and_keeps_its_digits(client: Client) -> None:
    address = client.post(page("uncertain-numbers"), {"request": json.dumps(tasks.find("uncertain-numbers").example)})
    text = html.unescape(client.get(address["Location"]).content.decode())
    assert '<td class="tnum">99.999977</td>' in text  # six digits would say 100
    assert "mS value=100.000012 u=0.000015" in text
    kept = client.get(f"{address['Location']}&format=json").content.decode()
    later = client.post(page("uncertain-numbers"), {"earlier": kept, "model": "d = m1 - m2"}, follow=True)
    assert "0.000056 ± 0.000024" in html.unescape(later.content.decode())
