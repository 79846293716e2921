"""Organisations from a sheet, with their credit codes checked."""

from __future__ import annotations

import pytest
from stdnum.cn import uscc

from quanheng.platform.kernel import imports
from quanheng.platform.kernel.models import ImportBatch, Organisation
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.sheets import write_csv
from quanheng.platform.kernel.sheets.cells import CellProblem
from quanheng.platform.parties.credit import parse_credit_code
from tests.platform.cast import Cast
from tests.platform.makers import SYSTEM, make_instrument

HEADERS = ["单位名称", "统一社会信用代码", "类型", "行政区划", "上级单位"]


def make_credit_code(n: int) -> str:
    body = f"91990101MA{n:07d}"
    return body + uscc.calc_check_digit(body)


def bring(cast: Cast, rows: list[list[str]]) -> ImportBatch:
    batch, _found = imports.preview(
        actor=SYSTEM, kind="organisations", organisation=cast.bureau, data=write_csv(HEADERS, rows), name="单位.csv"
    )
    return imports.apply(actor=SYSTEM, batch=batch)


def test_a_credit_code_with_a_wrong_check_character_is_refused() -> None:
    good = make_credit_code(1)
    assert parse_credit_code(good) == good
    wrong = good[:-1] + ("1" if good[-1] != "1" else "2")
    for text in (wrong, good[:-1], good + "0", "统一社会信用代码", "91990101IA00000011"):
        with pytest.raises(CellProblem):
            parse_credit_code(text)


def test_rows_become_organisations_under_their_parents(cast: Cast) -> None:
    batch = bring(
        cast, [["新店", make_credit_code(1), "企业", "东陵县", ""], ["分店", "", "", "990101", cast.shop.name]]
    )
    assert batch.accepted == 2
    branch = Organisation.objects.get(name="分店")
    assert branch.path.startswith(cast.shop.path)
    assert branch.kind == "enterprise"


def test_bad_rows_are_named(cast: Cast) -> None:
    batch = bring(
        cast,
        [
            ["甲", "91990101MA0000001X", "企业", "990101", ""],
            ["乙", make_credit_code(2), "企业", "990101", ""],
            ["丙", make_credit_code(2), "企业", "990101", ""],
            ["丁", "", "寺庙", "990101", ""],
            ["戊", "", "企业", "990999", ""],
            ["己", "", "企业", "990101", "查无"],
            [cast.shop.name, "", "企业", "990101", ""],
        ],
    )
    assert [(e["row"], e["column"]) for e in batch.errors] == [
        (2, "统一社会信用代码"),
        (4, "统一社会信用代码"),
        (5, "类型"),
        (6, "行政区划"),
        (7, "上级单位"),
        (8, "单位名称"),
    ]


def test_undo_is_refused_once_an_organisation_is_used(cast: Cast) -> None:
    batch = bring(cast, [["新店", "", "企业", "990101", ""], ["二店", "", "企业", "990101", ""]])
    item = make_instrument(Organisation.objects.get(name="新店"))
    with pytest.raises(Refused, match="新店"):
        imports.undo(actor=SYSTEM, batch=batch)
    item.delete()
    imports.undo(actor=SYSTEM, batch=batch)
    assert not Organisation.objects.filter(name="新店").exists()
