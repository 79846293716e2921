"""A DCC as text for a person: Chinese first, then English, then what the file has."""

from __future__ import annotations

from collections.abc import Iterator

from quanheng.evidence.dcc.certificate import Certificate, Contact, Equipment, Measurement, Result, Table, Texts, pick
from quanheng.evidence.dcc.present import ISSUERS, PLACES, ROLES, STATUS, VERDICTS, Language, columns, single
from quanheng.evidence.printable import printable

_ROWS = 200


def show(c: Certificate) -> str:
    return printable("\n".join(" ".join(line.splitlines()) if line else "" for line in _lines(c)) + "\n")


def _lines(c: Certificate) -> Iterator[str]:
    core = c.core
    yield f"DCC {c.version}  {core.unique_identifier}"
    yield from _fact("实施 Performed", " – ".join(dict.fromkeys(d for d in (core.begin, core.end) if d)))
    yield from _fact("地点 Place", _BOTH.word(PLACES, core.place))
    yield from _fact("收样 Received", core.received)
    yield from _fact("签发 Issued", core.issued)
    yield from _fact("替换 Replaces", core.replaces)
    yield from _fact("机构 Laboratory", " ".join(x for x in (_contact(c.laboratory), c.laboratory_code) if x))
    yield from _fact("客户 Customer", _contact(c.customer))
    for person in c.people:
        yield from _fact("人员 Person", " ".join(x for x in (_text(person.name), _BOTH.word(ROLES, person.role)) if x))
    for item in c.items:
        yield from _fact("器具 Item", " ".join(x for x in (_text(item.name), item.model) if x))
        for i in item.identifications:
            yield f"    {_text(i.name) or _BOTH.word(ISSUERS, i.issuer)}: {i.value}"
        yield from (f"    {single(q, _BOTH)}" for q in item.quantities)
    for statement in c.statements:
        words = [_text(statement.declaration), statement.convention, statement.non_si]
        words += [*statement.norms, *statement.references, *statement.links, statement.date, statement.period]
        words += [_BOTH.word(VERDICTS, v) for v in statement.conformity]
        words += [{"true": "有效 valid", "1": "有效 valid"}.get(v, "无效 not valid") for v in statement.valid]
        words += ["可溯源 traceable"] if statement.traceable else []
        words += [single(q, _BOTH) for q in statement.quantities]
        yield from _fact(_text(statement.name) or "声明 Statement", " · ".join(w for w in words if w))
    for measurement in c.measurements:
        yield from _measurement(measurement)
    yield from _fact("附件 Files", ", ".join(f"{a.name} ({a.mime})" for a in c.attachments))
    yield from _fact("备注 Comment", c.comment)
    yield f"签名 Signatures: {c.signatures}"


def _measurement(m: Measurement) -> Iterator[str]:
    yield ""
    yield f"== {_text(m.name) or '测量 Measurement'}"
    for method in m.methods:
        yield from _fact("方法 Method", " · ".join([_text(method.name), *method.norms]))
    for e in m.equipment:
        yield from _fact("设备 Equipment", _equipment(e))
    for influence in m.influences:
        words = [_BOTH.word(STATUS, influence.status), *(single(q, _BOTH) for q in influence.quantities)]
        words += [_text(t) for t in influence.texts]
        yield from _fact(_text(influence.name) or "条件 Condition", "; ".join(w for w in words if w))
    for result in m.results:
        yield ""
        yield from _result(result)


def _equipment(e: Equipment) -> str:
    numbers = ", ".join(i.value for i in e.identifications if i.value)
    known = f"← {e.certificate.number} ({e.certificate.procedure})" if e.certificate else ""
    described = "; ".join(single(q, _BOTH) for q in e.quantities)
    words = (_text(e.name), _text(e.manufacturer), e.model, f"[{numbers}]" if numbers else "", known, described)
    return " ".join(w for w in words if w)


def _result(result: Result) -> Iterator[str]:
    yield f"-- {_text(result.name)}"
    for words in (result.description, *result.texts):
        yield from (f"   {line}" for line in [_text(words)] if line)
    yield from (f"   公式 Formula: {formula}" for formula in result.formulas)
    for influence in result.influences:
        stated = "; ".join(single(q, _BOTH) for q in influence.quantities)
        yield f"   {_text(influence.name) or '条件 Condition'}: {stated}"
    for table in result.tables:
        yield from _table(table)
    yield from (f"   文件 File: {file.name} ({file.mime})" for file in result.files)
    yield from (f"   其他 XML Foreign XML: {name}" for name in result.foreign)


def _table(table: Table) -> Iterator[str]:
    if _text(table.name):
        yield f"   [{_text(table.name)}]"
    shown = columns(table, _BOTH)
    count = max((len(column.cells) for column in shown), default=0)
    yield "   " + " | ".join(column.head for column in shown)
    for row in range(min(count, _ROWS)):
        yield "   " + " | ".join(column.cells[row] if row < len(column.cells) else "" for column in shown)
    if count > _ROWS:
        yield f"   … {count - _ROWS} more rows"


def _fact(label: str, value: str) -> Iterator[str]:
    if value:
        yield f"{label}: {value}"


def _contact(contact: Contact | None) -> str:
    if contact is None:
        return ""
    return ", ".join(x for x in (_text(contact.name), *contact.location, contact.country) if x)


def _text(texts: Texts) -> str:
    """Both languages where both are there."""
    zh, en = texts.get("zh", ""), texts.get("en", "")
    if zh and en and zh != en:
        return f"{zh} {en}"
    return pick(texts, "zh")


_BOTH = Language(lambda zh, en: f"{zh} {en}", _text)
