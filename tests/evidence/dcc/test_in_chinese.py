"""Damage and schema errors are told in Chinese as well as in English, whatever a file is spoiled by."""

from __future__ import annotations

import json
import re

import pytest
from lxml import etree

from quanheng.cli.main import main
from quanheng.evidence.dcc import names, safe, schema
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.in_chinese import chinese
from tests.evidence.sample_content import make_content

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def whole() -> bytes:
    return build(make_content(item={"name": "Scale", "code": "Q1"}))


def spoiled(whole: bytes, number: int) -> etree._Element:
    root = safe.parse(whole)
    element = list(root.iter(f"{{{names.DCC}}}*", f"{{{names.SI}}}*"))[number]
    match number % 6:
        case 0:
            element.text = "zz"
        case 1:
            element.text = ""
        case 2:
            element.set("foo", "1")
        case 3:
            element.tag = f"{element.tag}x"
        case 4:
            element.attrib.clear()
        case _:
            element.append(etree.Element(f"{{{names.DCC}}}name"))
    return root


def test_every_error_of_the_schema_has_chinese_words(whole, shared):
    count = sum(1 for _ in safe.parse(whole).iter())
    found = [e for n in range(1, count) for e in schema.check(spoiled(whole, n), shared / "schemas/dcc").errors]
    assert len(found) > 50
    assert [e.message for e in found if e.zh == e.message] == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda d: d[: d.index(b"</dcc:items>")], "中断"),
        (lambda d: d.replace(b"</dcc:name>", b"</dcc:nam>", 1), "不配对"),
        (lambda d: d.replace(b"Scale", b"Sc\xff\xfeale"), "与所声明的编码不符"),
        (lambda d: d.replace(b"Scale", b"Sc&ale"), "&amp;"),
        (lambda d: d.replace(b"Scale", b"Sc < ale"), "&lt;"),
        (lambda d: d.replace(b"Scale", b"Sc&nbsp;ale"), "没有定义的字符名"),
        (lambda d: d.replace(b"Scale", b"Sc\x01ale"), "XML 不允许的字符"),
        (lambda d: d + b"<more/>", "末尾有多余的内容"),
    ],
)
def test_every_damage_has_chinese_words(whole, spoil, told):
    problems = safe.parse_damaged(spoil(whole)).problems
    assert problems
    assert any(told in p.zh for p in problems)
    assert all(HAN.search(p.zh) for p in problems)


def test_place_and_value_are_kept_and_what_is_unknown_stays_as_it_was():
    said = "Element 'dcc:beginPerformanceDate': '2021-02-31' is not a valid value of the atomic type 'xs:date'."
    assert chinese(said) == "元素 dcc:beginPerformanceDate：“2021-02-31”不是类型 xs:date 的有效值"
    assert chinese("Element 'a', attribute 'b': The attribute 'b' is not allowed.") == "元素 a 的属性 b：不允许有属性 b"
    assert chinese("something new \\1 happened") == "something new \\1 happened"
    assert chinese(r"Element 'a': '\1\g<0>' is not a valid value of the atomic type 't'.").endswith(
        r"“\1\g<0>”不是类型 t 的有效值"
    )


def test_the_shell_tells_both(whole, tmp_path, shared, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "c.xml"
    path.write_bytes(whole.replace(b"<dcc:beginPerformanceDate>", b"<dcc:beginPerformanceDate>x", 1))
    words = ["dcc", "validate", str(path), "--schema-dir", str(shared / "schemas/dcc")]
    assert main(words) == 1
    assert "不是类型 xs:date 的有效值 · Element 'dcc:beginPerformanceDate'" in capsys.readouterr().out
    assert main([*words, "--json"]) == 1
    (error,) = json.loads(capsys.readouterr().out)["schema"]["errors"]
    assert HAN.search(error["message_zh"])
    assert not HAN.search(error["message"])
