"""The record sheet in a real browser: typed by keyboard, pasted as a block, computed live, kept as typed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from quanheng.platform.certificates import services
from quanheng.platform.certificates.models import Record
from tests.platform.cast import Cast, make_cast
from tests.platform.certificates import steps
from tests.platform.certificates.test_every_sheet import open_sheet as open_record_of

pytestmark = pytest.mark.browser


def failed(answer: Any) -> bool:
    """An address of ours that is not there; fonts and libraries are the matter of ``make assets``."""
    return answer.status >= 400 and "/static/vendor/" not in answer.url


def open_sheet(page: Any, live_server: Any) -> Record:
    cast = make_cast()
    steps.make_weights(cast, upper={"valid_to": None})
    record = services.open_record(steps.make_task(cast), actor=cast.actor("verifier"))
    enter(page, live_server, cast, record)
    return record


def enter(page: Any, live_server: Any, cast: Cast, record: Record) -> None:
    client = Client()
    client.force_login(cast.verifier)
    name = settings.SESSION_COOKIE_NAME
    cookies = {name: client.cookies[name].value, settings.LANGUAGE_COOKIE_NAME: "zh-hans"}
    page.context.add_cookies([{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()])
    page.goto(f"{live_server.url}/certificates/records/{record.pk}/")


def test_a_sheet_is_typed_pasted_computed_and_kept(committing: None, live_server: Any, page: Any) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.append(answer.url) if failed(answer) else None)
    record = open_sheet(page, live_server)
    sheet = steps.make_sheet()

    for key, value in sheet["environment"].items():
        page.fill(f'[data-path="environment.{key}"]', value)
    first = '[data-path="sections.repeatability.0.I"]'
    page.click(first)
    page.keyboard.type("24.00")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.path") == "sections.repeatability.1.I"
    rows = sheet["sections"]["repeatability"]
    block = "\n".join(f"{r['I']}\t{r['dL']}" for r in rows)
    page.focus(first)
    page.evaluate(
        """([selector, text]) => { const data = new DataTransfer(); data.setData('text/plain', text);
        document.querySelector(selector).dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }""",
        [first, block],
    )
    assert page.input_value('[data-path="sections.repeatability.2.dL"]') == rows[2]["dL"]

    for section, lines in sheet["sections"].items():
        for index, line in enumerate(lines):
            for field, value in line.items():
                box = page.locator(f'[data-path="sections.{section}.{index}.{field}"]')
                if box.count():
                    box.fill(value)
    for key, answer in sheet["checks"].items():
        page.check(f'[data-check="{key}"] input[value="{json.dumps(answer)}"]')
    page.wait_for_selector("[data-verdict].qh-tone-ok", timeout=10_000)
    assert page.locator("[data-bars] svg rect.in").count() > 5
    page.locator("[data-state]", has_text="✓").wait_for(timeout=10_000)
    kept = Record.objects.get(pk=record.pk).data
    assert kept["sections"]["weighing"] == sheet["sections"]["weighing"]
    page.click("text=提交核验")
    page.wait_for_load_state()
    assert Record.objects.get(pk=record.pk).state == "checking"
    assert problems == []


PASTE = """([selector, text]) => { const data = new DataTransfer(); data.setData('text/plain', text);
document.querySelector(selector).dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""
CELL = '[data-path="sections.{}.{}.{}"]'


def test_a_slip_of_the_hand_is_told_beside_the_cell(committing: None, live_server: Any, page: Any) -> None:
    open_sheet(page, live_server)
    first, second = CELL.format("repeatability", 0, "I"), CELL.format("repeatability", 1, "I")
    asked = page.locator(f"td:has({first}) .rs-note.due")

    page.fill(first, "２４.00")
    page.locator(f"td:has({first}) .rs-note.bad", has_text="半角").wait_for(timeout=5_000)
    assert "重复性" in page.inner_text("[data-invalid]")
    page.fill(first, "42.00")
    page.fill(CELL.format("repeatability", 0, "dL"), "0.001")
    page.fill(first, "42.00")
    page.press(first, "Tab")
    assert page.evaluate("document.activeElement.dataset.path") == "sections.repeatability.0.dL"
    page.fill(first, "24.00")
    page.locator("[data-invalid] li").wait_for(state="detached")
    assert asked.count() == 0

    page.evaluate(PASTE, [second, "24.00\t0.001\t7\n24.01\t0.002\n1\t2\n"])
    assert page.input_value(CELL.format("repeatability", 2, "dL")) == "0.002"
    page.locator(f"td:has({second}) .rs-note", has_text="没有填入").wait_for(timeout=2_000)

    page.locator("[data-missing] a", has_text="温度").first.click()
    assert page.evaluate("document.activeElement.dataset.path").startswith("environment.temperature")
    before = page.evaluate("performance.now()")
    left = page.inner_text("[data-left]")
    page.keyboard.type("20.0")
    expect(page.locator("[data-left]")).not_to_have_text(left)
    assert page.evaluate("performance.now()") - before < 3_000  # half a second on a free machine


def test_a_parameter_changed_in_mid_typing_loses_no_reading_and_no_focus(
    committing: None, live_server: Any, page: Any
) -> None:
    record = open_sheet(page, live_server)
    cells = [CELL.format("repeatability", n, "I") for n in range(3)]
    page.fill(cells[0], "24.00")
    page.fill(cells[1], "24.01")
    drawn = page.locator(cells[0]).element_handle()
    page.fill('[data-path="instrument.e"]', "")  # without e the points are unknown: their rows vanish
    page.press('[data-path="instrument.e"]', "Tab")
    page.wait_for_function("el => !el.isConnected", arg=drawn)
    page.fill('[data-path="instrument.e"]', "0.01")
    page.press('[data-path="instrument.e"]', "Tab")
    page.wait_for_selector(cells[2])
    assert [page.input_value(c) for c in cells[:2]] == ["24.00", "24.01"]
    drawn = page.locator(cells[2]).element_handle()
    page.evaluate(  # the parameter changes, and the hand goes on typing while the sheet is drawn anew
        """() => { const e = document.querySelector('[data-path="instrument.max"]'); e.value = '15';
        e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true})); }"""
    )
    page.focus(cells[2])
    page.keyboard.type("24.02", delay=120)
    page.wait_for_function("el => !el.isConnected", arg=drawn)
    page.keyboard.type("7")
    assert page.evaluate("document.activeElement.dataset.path") == "sections.repeatability.2.I"
    assert [page.input_value(c) for c in cells] == ["24.00", "24.01", "24.027"]
    page.locator("[data-state]", has_text="✓").wait_for(timeout=10_000)
    kept = Record.objects.get(pk=record.pk).data
    assert [r.get("I") for r in kept["sections"]["repeatability"][:3]] == ["24.00", "24.01", "24.027"]
    assert kept["instrument"]["max"] == "15"


def test_an_error_far_beyond_its_limit_is_asked_about_once(committing: None, live_server: Any, page: Any) -> None:
    open_sheet(page, live_server)
    reading, extra = CELL.format("zero", 0, "I"), CELL.format("zero", 0, "dL")
    page.fill(extra, "0.004")
    page.fill(reading, "0.10")
    page.press(reading, "Tab")
    question = page.locator(f"td:has({reading}) .rs-note.due")
    question.wait_for(timeout=5_000)
    assert "倍" in question.inner_text()
    question.locator("button").click()
    assert question.count() == 0
    page.fill('[data-path="environment.temperature"]', "21.0")
    page.wait_for_timeout(900)
    assert question.count() == 0


def test_a_file_of_readings_fills_the_sheet(committing: None, live_server: Any, page: Any) -> None:
    record = open_sheet(page, live_server)
    text = "section,row,I,dL\nrepeatability,1,24.00,0.001\nrepeatability,2,24.00,0.002\n"
    page.set_input_files(
        'input[name="file"]', {"name": "readings.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}
    )
    page.click(".rs-upload button")
    page.wait_for_load_state()
    assert page.input_value(CELL.format("repeatability", 1, "dL")) == "0.002"
    assert Record.objects.get(pk=record.pk).data["sections"]["repeatability"][0]["I"] == "24.00"


def test_a_click_right_after_typing_keeps_what_was_typed_and_is_done(
    committing: None, live_server: Any, page: Any
) -> None:
    record = open_sheet(page, live_server)
    text = "section,row,I,dL\nrepeatability,2,24.00,0.002\n"
    upload = {"name": "readings.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.set_input_files('input[name="file"]', upload)
    page.fill(CELL.format("repeatability", 0, "I"), "24.00")
    page.click(".rs-upload button")
    expect(page.locator(CELL.format("repeatability", 1, "dL"))).to_have_value("0.002", timeout=10_000)
    assert Record.objects.get(pk=record.pk).data["sections"]["repeatability"][0]["I"] == "24.00"

    page.fill(CELL.format("repeatability", 0, "dL"), "0.001")
    page.click("text=提交核验")
    expect(page.locator("main")).to_contain_text("不能提交,请先处理", timeout=10_000)
    assert Record.objects.get(pk=record.pk).data["sections"]["repeatability"][0]["dL"] == "0.001"


def test_nominal_values_are_typed_as_people_write_them(committing: None, live_server: Any, page: Any) -> None:
    cast = make_cast()
    record = open_record_of(cast, "JJG-99-2022", steps.make_sheet("pass", "JJG-99-2022"))
    enter(page, live_server, cast, record)
    box = page.locator('label:has([data-path="instrument.nominals"])')
    assert "顿号" in box.inner_text()
    for number, typed in enumerate(("200、100、50", "200，100, 20", "200 100；10")):
        page.fill('[data-path="instrument.nominals"]', typed)
        with page.expect_response(lambda answer: answer.url.endswith("/save/")):
            page.press('[data-path="instrument.nominals"]', "Tab")
        kept = Record.objects.get(pk=record.pk).data["instrument"]["nominals"]
        assert kept == ["200", "100", ("50", "20", "10")[number]]
        page.wait_for_selector(CELL.format("comparison", 0, "b1"))


WHERE = """() => { const e = document.activeElement;
  return [e.dataset.path || "", e.type || "", e.innerText || "", e.closest("[data-check]") ? e.closest("[data-check]").dataset.check : ""] }"""


def value_at(sheet: Any, path: str) -> str | None:
    """The reading of the worked example that belongs into the cell; None for what the desk filled in."""
    if not path.startswith(("environment.", "sections.")):
        return None
    for step in path.split("."):
        sheet = sheet[int(step)] if isinstance(sheet, list) else sheet[step]
    return str(sheet)


def test_a_whole_record_is_filled_and_handed_in_by_the_keyboard_alone(
    committing: None, live_server: Any, page: Any
) -> None:
    record = open_sheet(page, live_server)
    sheet, keys, last = steps.make_sheet(), page.keyboard, ""
    for _press in range(300):
        keys.press("Tab")
        path, kind, _text, last_check = page.evaluate(WHERE)
        value = value_at(sheet, path)
        if value is not None:
            keys.press("Control+a")
            keys.type(value)
        elif kind == "radio":
            keys.press("Space")
            last = last_check
        elif last == list(sheet["checks"])[-1]:
            break
    page.locator("[data-verdict]", has_text="✓ 合格").wait_for()
    for _press in range(300):
        keys.press("Shift+Tab")
        if "提交核验" in page.evaluate(WHERE)[2]:
            break
    with page.expect_navigation():
        keys.press("Enter")
    record.refresh_from_db()
    assert record.state == "checking", page.inner_text("main")[:400]
    assert record.verdict == "pass"


def test_last_times_reading_is_asked_about_only_where_the_change_is_more_than_its_last_digits(
    committing: None, live_server: Any, page: Any
) -> None:
    open_sheet(page, live_server)
    for field, last, now, asked in (("dL", "0.001", "0.004", False), ("I", "24.00", "2.40", True)):
        cell = page.locator(f'[data-path="sections.repeatability.0.{field}"]')
        cell.evaluate("(e, last) => { e.placeholder = last }", last)
        cell.fill(now)
        cell.blur()
        assert ("相差很大" in cell.locator("xpath=..").inner_text()) is asked, field
