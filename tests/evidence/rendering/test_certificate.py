from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest

from quanheng.errors import InputError
from quanheng.evidence.content import CertificateContent
from quanheng.evidence.dcc import units
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.certificate import Certificate, Contact, Quantity
from quanheng.evidence.dcc.read import read
from quanheng.evidence.rendering import fonts
from quanheng.evidence.rendering.certificate import render_certificate
from tests.evidence.sample_content import column, make_content, make_data, make_rejection

pypdf = pytest.importorskip("pypdf")
pytestmark = pytest.mark.skipif(not fonts.installed(), reason="fonts are absent: run `make assets`")
AT = datetime(2026, 10, 12, 8, 30, tzinfo=UTC)


@cache
def printed(content: CertificateContent) -> bytes:
    return render_certificate(content, build(content), AT)


def words(pdf: bytes) -> str:
    """The text a person can copy, without any blanks."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text() for page in pages).split()).replace("\u200b", "")


def facts(c: Certificate) -> Iterator[str]:
    """Every value of the XML that a person must find on paper."""
    yield c.core.unique_identifier
    yield from (c.core.begin, c.core.end, c.core.issued, c.core.replaces)
    yield from (i.value for i in c.core.identifications if "qh_kind" not in i.ref_types)
    for contact in (c.laboratory, c.customer):
        yield from _contact(contact)
    yield c.laboratory_code
    for software in c.software:
        yield from (*software.name.values(), software.release, *_plain(software.description.values()))
    for person in c.people:
        yield from (*person.name.values(), *person.description.values())
    for item in c.items:
        yield from (*item.name.values(), *item.manufacturer.values(), item.model)
        yield from (i.value for i in item.identifications)
        yield from (v for q in item.quantities for v in q.values)
    for s in c.statements:
        yield from (*s.declaration.values(), *s.norms, *s.references, *s.links, s.date)
    for m in c.measurements:
        for method in m.methods:
            yield from (*method.name.values(), *method.norms, *_plain(method.references))
        for e in m.equipment:
            yield from (*e.name.values(), *(i.value for i in e.identifications))
            yield e.certificate.number if e.certificate else ""
            yield from (v for q in e.quantities for v in q.values)
        for influence in m.influences:
            yield from influence.name.values()
            yield from (v for q in influence.quantities for v in q.values)
        for result in m.results:
            yield from result.name.values()
            for q in (q for t in result.tables for q in t.columns):
                yield from _column(q)


def _contact(contact: Contact | None) -> Iterator[str]:
    assert contact is not None
    yield from (*contact.name.values(), contact.phone, *contact.location)


def _plain(values: object) -> Iterator[str]:
    for value in values:  # type: ignore[attr-defined]
        yield value.removeprefix("sha256:").removeprefix("procedure:")


def _column(q: Quantity) -> Iterator[str]:
    yield from (v for v in q.values if v != "NaN")
    yield from (units.symbol(u) for u in q.units)
    yield from (name.partition(" / ")[0] for name in q.name.values())  # a unit behind words is checked above
    if q.uncertainty is not None:
        yield from (*q.uncertainty.values, *(q.uncertainty.k or ()), *(q.uncertainty.p or ()))


KINDS = [
    make_content(),
    make_rejection(),
    make_content(kind="calibration_certificate", verdict=...),
    make_content(replaces={"number": "LZ-1", "reason": {"zh": "名称有误", "en": "wrong name"}, "xml_sha256": "d" * 64}),
]


@pytest.mark.parametrize("content", KINDS, ids=["pass", "reject", "calibration", "replacement"])
def test_everything_the_xml_says_stands_on_the_paper(content: CertificateContent) -> None:
    paper = words(printed(content))
    wanted = {"".join(fact.split()) for fact in facts(read(build(content)))} - {""}
    assert len(wanted) > 60
    assert sorted(fact for fact in wanted if fact not in paper) == []


def test_the_signed_xml_is_inside_byte_for_byte() -> None:
    reader = pypdf.PdfReader(io.BytesIO(printed(make_content())))
    assert dict(reader.attachments) == {"LZ-2026-000123.xml": [build(make_content())]}
    (file,) = reader.trailer["/Root"]["/AF"]
    assert file.get_object()["/AFRelationship"] == "/Source"


def test_the_paper_calls_itself_pdf_a_3b() -> None:
    meta = printed(make_content())
    assert b"pdfaid:part>3<" in meta
    assert b"pdfaid:conformance>B<" in meta


def test_the_same_input_and_time_give_the_same_bytes() -> None:
    content, xml = make_content(), build(make_content())
    assert render_certificate(content, xml, AT) == render_certificate(content, xml, AT)


def test_unverified_values_are_marked_on_paper() -> None:
    paper = words(printed(make_content()))
    assert "以下依据未经原文核实" in paper
    assert "JJG539-2016表2" in paper
    assert "未经原文核实" not in words(printed(make_content(unverified=[])))


def test_rare_han_characters_are_printed() -> None:
    data = make_data()
    data["customer"]["name"] = "𠮷林㐂䶮商行"
    content = make_content(customer=data["customer"])
    assert "𠮷林㐂䶮商行" in words(printed(content))


def test_a_character_no_font_has_is_named() -> None:
    with pytest.raises(InputError) as caught:
        printed(make_content(item={"name": "秤\U0010fffd😀", "code": "Q1"}))
    assert caught.value.code == "glyph_missing"
    assert "U+1F600" in caught.value.message
    assert "cover" in caught.value.place


INJECTIONS = [
    '#panic("x")',
    "$x$",
    '"]) #sys.inputs',
    "*bold* _it_ `raw`",
    "<label> @ref",
    "\\u{41}",
    "// comment",
    "= H",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_is_printed_and_never_run(text: str) -> None:
    table = {"title": {"zh": text, "en": text}, "columns": [column("a", text, text, None, "x", [text])]}
    content = make_content(
        item={"name": text, "code": text}, customer={"name": text}, tables=[table], conclusion={"zh": text, "en": text}
    )
    assert words(printed(content)).count("".join(text.split())) >= 5


def test_many_reasons_continue_on_the_next_page() -> None:
    reasons = [{"zh": f"第 {i} 项不合格", "en": f"item {i} fails"} for i in range(9)]
    pages = pypdf.PdfReader(io.BytesIO(printed(make_content_with(reasons)))).pages
    first, second = ("".join(page.extract_text().split()) for page in pages[:2])
    assert "第2项不合格" in first
    assert "第8项不合格" not in first
    assert "第8项不合格" in second


def make_content_with(reasons: list[dict[str, str]]) -> CertificateContent:
    return make_content(kind="rejection_notice", verdict="fail", valid_until=..., reasons=reasons)


def test_a_long_table_runs_over_pages_with_its_head_repeated() -> None:
    values = [str(i) for i in range(200)]
    table = {"title": {"zh": "长表", "en": "Long"}, "columns": [column("a", "载荷头", "Load", "\\gram", "x", values)]}
    paper = words(printed(make_content(tables=[table])))
    assert paper.count("载荷头/g") > 2


@pytest.mark.parametrize("kind", ["test_report", "comparison_report", "reference_material_certificate"])
def test_every_kind_of_document_prints_under_its_own_title(kind: str) -> None:
    traceable = {"zh": "溯源至国家质量基准", "en": "traceable"}
    content = make_content(kind=kind, verdict=..., traceability=traceable)
    pages = pypdf.PdfReader(io.BytesIO(printed(content))).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    assert content.title.zh in text
    assert "检定证书" not in text
