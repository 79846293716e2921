"""A DCC as text for a person: Chinese first, then English, then what the file has."""

from __future__ import annotations

from collections.abc import Iterator

from quanheng.evidence.dcc import units
from quanheng.evidence.dcc.certificate import Certificate, Contact, Measurement, Quantity, Table, Texts, pick

_ROWS = 200


def show(c: Certificate) -> str:
    return "\n".join(_lines(c)) + "\n"


def _lines(c: Certificate) -> Iterator[str]:
    core = c.core
    yield f"DCC {c.version}  {core.unique_identifier}"
    yield from _fact("实施 Performed", " – ".join(dict.fromkeys(d for d in (core.begin, core.end) if d)))
    yield from _fact("签发 Issued", core.issued)
    yield from _fact("替换 Replaces", core.replaces)
    yield from _fact("机构 Laboratory", " ".join(x for x in (_contact(c.laboratory), c.laboratory_code) if x))
    yield from _fact("客户 Customer", _contact(c.customer))
    for person in c.people:
        yield from _fact("人员 Person", " ".join(x for x in (_text(person.name), person.role) if x))
    for item in c.items:
        yield from _fact("器具 Item", " ".join(x for x in (_text(item.name), item.model) if x))
        for i in item.identifications:
            yield f"    {_text(i.name) or i.issuer}: {i.value}"
        for q in item.quantities:
            yield f"    {_text(q.name)}: {_single(q)}"
    for statement in c.statements:
        words = [_text(statement.declaration), *statement.norms, *statement.references, *statement.links]
        words += [statement.date, *statement.conformity]
        yield from _fact(_text(statement.name) or "声明 Statement", " · ".join(w for w in words if w))
    for measurement in c.measurements:
        yield from _measurement(measurement)
    yield from _fact("附件 Files", ", ".join(f"{a.name} ({a.mime})" for a in c.attachments))
    yield f"签名 Signatures: {c.signatures}"


def _measurement(m: Measurement) -> Iterator[str]:
    yield ""
    yield f"== {_text(m.name) or '测量 Measurement'}"
    for method in m.methods:
        yield from _fact("方法 Method", " · ".join([_text(method.name), *method.norms]))
    for e in m.equipment:
        known = f" ← {e.certificate.number} ({e.certificate.procedure})" if e.certificate else ""
        yield from _fact("设备 Equipment", _text(e.name) + known)
    for influence in m.influences:
        stated = ", ".join(_single(q) for q in influence.quantities)
        yield from _fact(_text(influence.name) or "条件 Condition", stated)
    for result in m.results:
        yield ""
        yield f"-- {_text(result.name)}"
        for words in result.texts:
            yield f"   {_text(words)}"
        for table in result.tables:
            yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    if _text(table.name):
        yield f"   [{_text(table.name)}]"
    columns = [column for q in table.columns for column in _columns(q)]
    count = max((len(cells) for _, cells in columns), default=0)
    yield "   " + " | ".join(head for head, _ in columns)
    for row in range(min(count, _ROWS)):
        yield "   " + " | ".join(cells[row] if row < len(cells) else "" for _, cells in columns)
    if count > _ROWS:
        yield f"   … {count - _ROWS} more rows"


def _columns(q: Quantity) -> Iterator[tuple[str, tuple[str, ...]]]:
    unit = "/".join(dict.fromkeys(units.symbol(u) for u in q.units))
    name = _text(q.name) or " ".join(q.ref_types)
    yield (f"{name} / {unit}" if unit else name), q.values
    if q.uncertainty is not None and q.uncertainty.values:
        letter = "U" if q.uncertainty.kind == "expanded" else "u"
        k = ",".join(dict.fromkeys(q.uncertainty.k or ()))
        stated = q.uncertainty.values if len(q.uncertainty.values) > 1 else q.uncertainty.values * len(q.values)
        yield f"{letter}{f' (k={k})' if k else ''}", stated


def _single(q: Quantity) -> str:
    unit = " ".join(dict.fromkeys(units.symbol(u) for u in q.units))
    return " ".join(x for x in (" ".join(q.values[:20]), unit) if x)


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
