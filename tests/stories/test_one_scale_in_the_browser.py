"""The same scale in a real browser, each person at a window of their own: from the shop's workbook to the public page."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.keys import ensure_keys
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.sheets import write_xlsx
from tests.browser.conftest import Open, Visit
from tests.platform.cast import Cast
from tests.platform.certificates import steps
from tests.platform.makers import make_category
from tests.stories.acts import HEADERS, sheet_row

pytestmark = pytest.mark.browser

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET = steps.make_sheet()


@pytest.fixture
def world(stage: Cast) -> Cast:
    """Keys, weights that are traceable today, and the categories of the law."""
    ensure_keys()
    today = clock.today()
    year = {"valid_from": today - dt.timedelta(days=30), "valid_to": today + dt.timedelta(days=335)}
    steps.make_weights(stage, upper=year)
    make_category()
    return stage


def press(window: Visit, name: str, role: Any = "button") -> None:
    """Click what bears that name, and wait for the next page."""
    window.page.get_by_role(role, name=name, exact=True).first.click()
    window.page.wait_for_load_state("networkidle")


def enter(visit: Open, user: User) -> Visit:
    """A window of the person, signed in; with the code of the authenticator where the role demands one."""
    window = visit()
    window.sign_in(user.username)
    if "/2fa/" in window.page.url:
        window.page.fill("#id_code", steps.code_of(user))
        window.page.click("main form[action='/accounts/2fa/authenticate/'] button.btn-primary")
        window.page.wait_for_load_state("networkidle")
    assert "我的工作" in window.text("h1")
    return window


def choose(window: Visit, field: str, text: str) -> None:
    """Pick from a searchable list, by typing."""
    window.page.click(f"#{field}-ts-control")
    window.page.keyboard.type(text)
    window.page.wait_for_selector(".ts-dropdown .option.active")
    window.page.keyboard.press("Enter")


def bring_in(keeper: Visit) -> Instrument:
    """From the workbook to the filing; the bad row stays outside and says why."""
    keeper.go("/instruments/imports/instruments/new/")
    book = write_xlsx(HEADERS, [sheet_row("SN00001"), sheet_row("SN00002", 用途="打仗")])
    keeper.page.set_input_files("input[type=file]", {"name": "台账.xlsx", "mimeType": XLSX, "buffer": book})
    press(keeper, "读取并预览")
    assert "应为" in keeper.text()
    press(keeper, "导入 1 行")
    keeper.go("/instruments/")
    keeper.page.keyboard.press("j")
    keeper.page.keyboard.press("x")
    press(keeper, "提交备案")
    return Instrument.objects.get(serial_number="SN00001")


def file_it(county: Visit) -> None:
    """The county confirms what waits."""
    county.go("/instruments/filings/")
    county.page.keyboard.press("j")
    county.page.keyboard.press("x")
    press(county, "确认备案")


def apply(keeper: Visit, item: Instrument, institute: str) -> str:
    """The keeper applies from the page of the instrument."""
    keeper.go(f"/instruments/{item.pk}/")
    press(keeper, "申请检定", "link")
    choose(keeper, "id_institute", institute)
    keeper.page.fill("#id_phone", "0990-1234567")
    press(keeper, "提交申请")
    return keeper.page.url.removeprefix(keeper.base)


def accept(desk: Visit, application: str, verifier: str) -> None:
    """The desk accepts and gives the task to the verifier for today."""
    desk.go(application)
    press(desk, "受理")
    desk.page.click("main tbody a")
    desk.page.wait_for_load_state("networkidle")
    press(desk, "安排", "link")
    choose(desk, "id_verifier", verifier)
    press(desk, "安排")


def type_readings(window: Visit, sections: Mapping[str, list[Mapping[str, str]]]) -> None:
    """Every cell by keyboard: Tab goes right, the next row follows."""
    for section, rows in sections.items():
        for index, row in enumerate(rows):
            for key, value in row.items():
                cell = window.page.locator(f'[data-path="sections.{section}.{index}.{key}"]')
                if cell.count():
                    cell.focus()
                    window.page.keyboard.press("Control+a")
                    window.page.keyboard.type(value)
                    window.page.keyboard.press("Tab")


def record(verifier: Visit) -> Record:
    """The verifier opens the task from the queue and fills the sheet."""
    verifier.go("/")
    press(verifier, "开始检定", "link")
    press(verifier, "开始检定")
    made = Record.objects.get()
    page = verifier.page
    for key, value in {**SHEET["environment"]}.items():
        page.fill(f'[data-path="environment.{key}"]', value)
    type_readings(verifier, SHEET["sections"])
    for check in SHEET["checks"]:
        page.check(f'[data-check="{check}"] input[value="true"]')
    page.wait_for_timeout(3000)
    assert page.inner_text("[data-verdict]") == "✓ 合格", verifier.text(".rs-side")
    press(verifier, "提交核验")
    made.refresh_from_db()
    assert made.state == "checking", verifier.text()
    return made


def check(checker: Visit, made: Record) -> None:
    """The checker sees every condition ticked and agrees."""
    checker.go(f"/certificates/records/{made.pk}/review/")
    press(checker, "核验通过")


def sign(signatory: Visit, made: Record, user: User) -> Document:
    """The signatory reads what the signature means and gives the code."""
    signatory.go(f"/certificates/records/{made.pk}/review/")
    assert "批准以本机构名义签发" in signatory.text()
    signatory.page.fill("#id_code", steps.code_of(user))
    press(signatory, "签发")
    return Document.objects.get()


def verified(folder: Path, keeper: Visit, stranger: Visit, document: Document) -> dict[str, Any]:
    """The keeper's PDF, checked on another machine with what the public page offers."""
    files = {
        "paper.pdf": keeper.page.request.get(f"{keeper.base}/certificates/{document.pk}/file/pdf"),
        "proof.json": stranger.page.request.get(f"{stranger.base}/v/{document.public_code}/bundle.json"),
        "KEYS": stranger.page.request.get(f"{stranger.base}/v/keys"),
    }
    for name, answer in files.items():
        (folder / name).write_bytes(answer.body())
    program = Path(sys.executable).with_name("quanheng-verify")
    words = [program, folder / "paper.pdf", "--bundle", folder / "proof.json", "--keys", folder / "KEYS", "--json"]
    return json.loads(subprocess.run(words, capture_output=True, timeout=120).stdout)  # type: ignore[no-any-return]


def test_people_take_a_scale_to_a_certificate_that_a_stranger_can_check(
    world: Cast, visit: Open, tmp_path: Path
) -> None:
    keeper = enter(visit, world.keeper)
    item = bring_in(keeper)
    file_it(enter(visit, world.regulator))
    application = apply(keeper, item, world.institute.name)
    accept(enter(visit, world.receptionist), application, world.verifier.name)
    made = record(enter(visit, world.verifier))
    check(enter(visit, world.checker), made)
    steps.code_of(world.signatory)
    document = sign(enter(visit, world.signatory), made, world.signatory)

    stranger = visit(width=390)
    stranger.go(f"/v/{item.code}/")
    assert stranger.page.inner_text(".word").strip() == "有效"
    assert document.number in stranger.text("body")
    stranger.go(f"/v/{document.public_code}/")
    assert stranger.page.inner_text(".word").strip() == "有效"
    assert verified(tmp_path, keeper, stranger, document)["result"] == "proven"
    keeper.go(f"/instruments/{item.pk}/")
    assert "检定合格" in keeper.text()
