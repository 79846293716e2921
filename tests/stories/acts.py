"""What the people of a story do, each by the service behind the page, as the person who does it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from quanheng.platform.certificates import services as records
from quanheng.platform.certificates import signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments import services as instruments
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import imports
from quanheng.platform.kernel.sheets import write_xlsx
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Task
from tests.platform.cast import Cast
from tests.platform.certificates import steps
from tests.platform.makers import make_category

HEADERS = [
    "器具名称",
    "项别/种别",
    "型号规格",
    "测量范围",
    "准确度等级",
    "出厂编号",
    "生产厂家",
    "安装/使用地点",
    "用途",
    "计量参数",
]


def sheet_row(serial: str, **changes: str) -> list[str]:
    """A line of the shop's ledger: a price scale with the parameters that its verification needs."""
    parameters = "; ".join(f"{k}={v}" for k, v in steps.make_sheet()["instrument"].items())
    cells = [
        "电子计价秤",
        "电子秤",
        "ACS-30",
        "(0.2~30) kg",
        "III",
        serial,
        "衡川衡器厂",
        "一楼生鲜区 3 号台",
        "贸易结算",
    ]
    return list({**dict(zip(HEADERS, [*cells, parameters], strict=True)), **changes}.values())


def import_ledger(cast: Cast, *rows: list[str]) -> list[Instrument]:
    """The keeper brings the ledger in from a workbook."""
    make_category()
    keeper = cast.actor("keeper")
    book = write_xlsx(HEADERS, rows)
    batch, _found = imports.preview(
        actor=keeper, kind="instruments", organisation=cast.shop, data=book, name="台账.xlsx"
    )
    imports.apply(actor=keeper, batch=batch)
    return list(Instrument.objects.filter(batch=batch).select_related("organisation", "category", "region"))


def file_and_confirm(cast: Cast, items: list[Instrument]) -> None:
    """The keeper hands in the filing, the county confirms it."""
    instruments.submit_filing(actor=cast.actor("keeper"), instruments=items)
    instruments.confirm_filings(actor=cast.actor("regulator"), instruments=items)


def apply_and_assign(cast: Cast, item: Instrument) -> Task:
    """The keeper applies, the desk accepts, takes the scale in and gives it to the verifier."""
    keeper, desk = cast.actor("keeper"), cast.actor("receptionist")
    application = verification.create_application(
        actor=keeper, organisation=cast.shop, institute=cast.institute, instruments=[item], delivery="sent_in"
    )
    verification.submit_application(actor=keeper, application=application)
    verification.accept_application(actor=desk, application=application)
    task = application.tasks.select_related("organisation", "norm", "instrument", "application").get()
    verification.hand_over(actor=desk, task=task, direction="in", counterpart="钱掌柜", condition="完好")
    return verification.assign(actor=desk, tasks=[task], verifier=cast.verifier, on=steps.TODAY)[0]


def write_down(cast: Cast, task: Task, verdict: str = "pass", **changes: Any) -> Record:
    """The verifier opens the record of the task and types the readings."""
    verifier = cast.actor("verifier")
    record = records.open_record(task, actor=verifier)
    data = {**steps.make_sheet(verdict), "standards": record.data["standards"], **changes}
    return records.save_draft(record, data=data, version=record.version, actor=verifier)


def issue(cast: Cast, record: Record) -> Document:
    """Submitted, checked by a second person, signed by a third with the second factor, written into the public log."""
    records.submit(record, actor=cast.actor("verifier"))
    records.check(record, actor=cast.actor("checker"))
    code = steps.code_of(cast.signatory)
    signed = signing.sign(record, second_factor_code=code, actor=cast.actor("signatory"))
    ledger.merge_leaves()
    assert signed.document is not None
    return signed.document


def verify(folder: Path, document: Document, *, flip: str = "") -> tuple[int, dict[str, Any]]:
    """A stranger checks the exported files off line; ``flip`` names the file of which one byte was changed."""
    ledger.export(document, folder)
    (folder / "KEYS").write_text(keys_text(), "utf-8")
    stem = folder / ledger.file_stem(document.number)
    if flip:
        target = Path(f"{stem}.{flip}")
        data = bytearray(target.read_bytes())
        data[len(data) // 2] ^= 1
        target.write_bytes(data)
    program = Path(sys.executable).with_name("quanheng-verify")
    file = f"{stem}.xml" if flip == "xml" else f"{stem}.pdf"
    words = [program, file, "--bundle", f"{stem}.bundle.json", "--keys", folder / "KEYS", "--json"]
    done = subprocess.run(words, capture_output=True, timeout=120, env={"PATH": ""})
    return done.returncode, json.loads(done.stdout or b"{}")
