"""The rules first ask of a whole chapter whether there is anything to find; the answer must be that of the long way."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from quanheng.evidence.dcc import names, rules, safe
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.rules import languages, parties, values
from quanheng.evidence.dcc.validate import validate
from tests.evidence.sample_content import make_content

TODAY = date(2030, 1, 1)
SPOILED = ("", "   ", "-1", "0", "1.5 2", "NaN", "1_000", "\uff11", "inf", "zz", "<!-- c -->7")


@pytest.fixture(scope="module")
def whole() -> bytes:
    return build(make_content())


def told(root: etree._Element) -> list[rules.Finding]:
    return list(rules.check(root, TODAY))


def the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parties, "_COMPLETE", lambda _: False)
    monkeypatch.setattr(values, "_plain", lambda _: None)
    monkeypatch.setattr(languages, "_sound", lambda *_: (False, True))


def spoiled(data: bytes) -> list[etree._Element]:
    """The certificate without each of its elements in turn, or with it doubled, without language, in odd words."""
    found: list[etree._Element] = []
    count = sum(1 for _ in safe.parse(data).iter(f"{{{names.DCC}}}*", f"{{{names.SI}}}*"))
    for number in range(1, count):
        for fault in ("gone", ("twice", "lang", *SPOILED)[number % (2 + len(SPOILED))]):
            root = safe.parse(data)
            element = list(root.iter(f"{{{names.DCC}}}*", f"{{{names.SI}}}*"))[number]
            parent = element.getparent()
            assert parent is not None
            if fault == "gone":
                parent.remove(element)
            elif fault == "twice":
                element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))
            elif fault == "lang":
                element.attrib.pop("lang", None)
            elif fault.startswith("<!--"):
                element.text = None
                element.append(etree.Comment("c"))
            else:
                element.text = fault
            found.append(root)
    return found


def test_whatever_is_missing_doubled_or_spoiled_is_found_the_quick_way_too(whole, monkeypatch):
    broken = spoiled(whole)
    quick = [told(root) for root in broken]
    the_long_way(monkeypatch)
    assert quick == [told(root) for root in broken]
    assert any(one.code == "customer_name" for found in quick for one in found)
    assert any(one.code == "number" for found in quick for one in found)


def test_blanks_between_elements_change_no_judgement(whole, shared):
    schemas = shared / "schemas/dcc"
    root = safe.parse(whole)
    etree.indent(root, "\n   ")
    spread = etree.tostring(root)
    parent = root.find(f".//{{{names.SI}}}unit").getparent()
    parent.remove(parent.find(f"{{{names.SI}}}unit"))
    for data in (spread, etree.tostring(root)):
        answer = validate(data, schemas)
        long = rules.check(safe.parse(data), None)
        assert [(f.code, f.line, f.path) for f in answer.findings if f.code != "date_future"] == [
            (f.code, f.line, f.path) for f in long
        ]
    assert validate(spread, schemas).schema.valid
    assert not validate(etree.tostring(root), schemas).schema.valid
