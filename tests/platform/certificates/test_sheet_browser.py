"""The record sheet in a real browser: typed by keyboard, pasted as a block, computed live, kept as typed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from quanheng.platform.certificates import services
from quanheng.platform.certificates.models import Record
from tests.platform.cast import make_cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.browser


def failed(answer: Any) -> bool:
    """An address of ours that is not there; fonts and libraries are the matter of ``make assets``."""
    return answer.status >= 400 and "/static/vendor/" not in answer.url


def open_sheet(page: Any, live_server: Any) -> Record:
    cast = make_cast()
    steps.make_weights(cast, upper={"valid_to": None})
    record = services.open_record(steps.make_task(cast), actor=cast.actor("verifier"))
    client = Client()
    client.force_login(cast.verifier)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page.goto(f"{live_server.url}/certificates/records/{record.pk}/")
    return record


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
