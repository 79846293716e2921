"""A certificate as sections for a page: facts, tables, and each finding beside the place it concerns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from quanheng.evidence.dcc.certificate import (
    Certificate,
    Contact,
    Equipment,
    Influence,
    Item,
    Measurement,
    Result,
    Statement,
    Texts,
    pick,
)
from quanheng.evidence.dcc.present import ISSUERS, PLACES, ROLES, STATUS, VERDICTS, Language, columns, single
from quanheng.evidence.dcc.rules import ORDER, Finding

MOST_ROWS = 500
_MEASUREMENT = re.compile(r"/dcc:measurementResult(?:\[(\d+)\])?(?=/|$)")
_RESULT = re.compile(r"/dcc:results/dcc:result(?:\[(\d+)\])?(?=/|$)")
_PLACES = (
    ("/dcc:coreData", "core"),
    ("/dcc:items", "items"),
    ("/dcc:calibrationLaboratory", "laboratory"),
    ("/dcc:customer", "customer"),
    ("/dcc:respPersons", "people"),
    ("/dcc:statements", "statements"),
)


@dataclass(frozen=True)
class Note:
    """A finding in one language."""

    severity: str
    code: str
    line: int
    path: str
    text: str
    remedy: str


@dataclass(frozen=True)
class Grid:
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0


@dataclass(frozen=True)
class Section:
    """``key`` is stable: core, items, laboratory, customer, people, statements, m1, m1r1 …, file."""

    key: str
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    grids: tuple[Grid, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def worst(self) -> str:
        return max((n.severity for n in self.notes), key=lambda s: ORDER.index(_known(s)), default="")


def _known(severity: str) -> str:
    return severity if severity in ORDER else "info"


def sections(c: Certificate, findings: Sequence[Finding], lang: str) -> tuple[Section, ...]:
    """Everything a person reads, in the order of the document; findings that concern no place stand under ``file``."""
    say = _Say(lang)
    by_place: dict[str, list[Note]] = {}
    for f in findings:
        by_place.setdefault(place_of(f.path), []).append(say.note(f))
    built = [*_administrative(c, say), *(s for n, m in enumerate(c.measurements, 1) for s in _measured(n, m, say))]
    known = {key for key, _, _, _ in built}
    rest = [note for key, notes in by_place.items() if key not in known for note in notes]
    out = [Section(key, title, facts, grids, tuple(by_place.get(key, ()))) for key, title, facts, grids in built]
    if rest:
        out.insert(0, Section("file", say("文件整体", "The file as a whole"), notes=tuple(rest)))
    return tuple(s for s in out if s.facts or s.grids or s.notes)


def place_of(path: str) -> str:
    """The section a finding's XPath belongs to."""
    measurement = _MEASUREMENT.search(path)
    if measurement:
        result = _RESULT.search(path)
        number = measurement[1] or "1"
        return f"m{number}r{result[1] or '1'}" if result else f"m{number}"
    return next((key for part, key in _PLACES if part in path), "file")


class _Say:
    """One of two languages; a text of the file is given in it where the file has it."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.words = Language(self, self.pick)

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def pick(self, texts: Texts) -> str:
        return pick(texts, self.lang, "zh")

    def note(self, f: Finding) -> Note:
        if self.lang == "zh":
            return Note(f.severity, f.code, f.line, f.path, f.zh, f.remedy)
        return Note(f.severity, f.code, f.line, f.path, f.en, f.remedy_en or f.remedy)


_Built = tuple[str, str, tuple[tuple[str, str], ...], tuple[Grid, ...]]


def _facts(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in pairs if value)


def _administrative(c: Certificate, say: _Say) -> Iterator[_Built]:
    core = c.core
    performed = " – ".join(dict.fromkeys(d for d in (core.begin, core.end) if d))
    facts = _facts(
        (say("编号", "Number"), core.unique_identifier),
        (say("实施日期", "Performed"), performed),
        (say("签发日期", "Issued"), core.issued),
        (say("收样日期", "Received"), core.received),
        (say("实施地点", "Place"), say.words.word(PLACES, core.place)),
        (say("语言", "Languages"), ", ".join(core.languages)),
        (say("替换", "Replaces"), core.replaces),
        (say("版本", "Version"), f"DCC {c.version}" if c.version else ""),
        (say("附件", "Files"), ", ".join(f"{a.name} ({a.mime})" for a in c.attachments)),
        (say("备注", "Comment"), c.comment),
    )
    yield "core", say("证书", "Certificate"), facts, ()
    yield "items", say("被测件", "Items"), tuple(f for item in c.items for f in _item(item, say)), ()
    yield "laboratory", say("实验室", "Laboratory"), _contact(c.laboratory, say, c.laboratory_code), ()
    yield "customer", say("委托方", "Customer"), _contact(c.customer, say), ()
    people = ((say.words.word(ROLES, p.role) or say("人员", "Person"), say.pick(p.name)) for p in c.people)
    yield "people", say("人员", "People"), _facts(*people), ()
    statements = ((say.pick(s.name) or say("声明", "Statement"), _statement(s, say)) for s in c.statements)
    yield "statements", say("声明", "Statements"), _facts(*statements), ()


def _statement(s: Statement, say: _Say) -> str:
    words = [say.pick(s.declaration), s.convention, s.non_si, *s.norms, *s.references, *s.links, s.date, s.period]
    words += [say.words.word(VERDICTS, v) for v in s.conformity]
    words += [say("有效", "valid") if v in ("true", "1") else say("无效", "not valid") for v in s.valid]
    words += [say("可溯源", "traceable")] if s.traceable else []
    return " · ".join(w for w in (*words, *(single(q, say.words) for q in s.quantities)) if w)


def _item(item: Item, say: _Say) -> Iterator[tuple[str, str]]:
    name = " ".join(w for w in (say.pick(item.name), item.model, say.pick(item.manufacturer)) if w)
    yield say("名称", "Name"), name or "—"
    for i in item.identifications:
        yield say.pick(i.name) or say.words.word(ISSUERS, i.issuer), i.value
    for q in item.quantities:
        nameless = replace(q, name={})
        yield say.pick(q.name) or " ".join(q.ref_types), single(nameless, say.words)


def _contact(contact: Contact | None, say: _Say, code: str = "") -> tuple[tuple[str, str], ...]:
    if contact is None:
        return ()
    return _facts(
        (say("名称", "Name"), say.pick(contact.name)),
        (say("代码", "Code"), code),
        (say("地址", "Address"), ", ".join((*contact.location, *([contact.country] if contact.country else [])))),
        (say("电话", "Phone"), contact.phone),
        (say("邮箱", "E-mail"), contact.email),
    )


def _measured(number: int, m: Measurement, say: _Say) -> Iterator[_Built]:
    methods = ((say("方法", "Method"), " · ".join((say.pick(x.name), *x.norms))) for x in m.methods)
    equipment = ((say("设备", "Equipment"), _equipment(e, say)) for e in m.equipment)
    conditions = (_condition(i, say) for i in m.influences)
    title = say.pick(m.name) or say("测量", "Measurement")
    yield f"m{number}", title, _facts(*methods, *equipment, *conditions), ()
    for at, result in enumerate(m.results, 1):
        yield f"m{number}r{at}", say.pick(result.name) or title, _words(result, say), tuple(_grids(result, say))


def _condition(i: Influence, say: _Say) -> tuple[str, str]:
    words = [say.words.word(STATUS, i.status), *(single(q, say.words) for q in i.quantities), *map(say.pick, i.texts)]
    return say.pick(i.name) or say("条件", "Condition"), "; ".join(w for w in words if w)


def _equipment(e: Equipment, say: _Say) -> str:
    numbers = ", ".join(i.value for i in e.identifications if i.value)
    known = f"← {e.certificate.number}" if e.certificate is not None else ""
    described = "; ".join(single(q, say.words) for q in e.quantities)
    words = (say.pick(e.name), say.pick(e.manufacturer), e.model, f"[{numbers}]" if numbers else "", known, described)
    return " ".join(w for w in words if w)


def _words(result: Result, say: _Say) -> tuple[tuple[str, str], ...]:
    return _facts(
        *((say("说明", "Text"), say.pick(t)) for t in (result.description, *result.texts)),
        *((say("公式", "Formula"), formula) for formula in result.formulas),
        *(_condition(i, say) for i in result.influences),
        *((say("文件", "File"), f"{file.name} ({file.mime})") for file in result.files),
        *((say("其他 XML", "Foreign XML"), name) for name in result.foreign),
    )


def _grids(result: Result, say: _Say) -> Iterator[Grid]:
    for table in result.tables:
        shown = columns(table, say.words)
        count = max((len(column.cells) for column in shown), default=0)
        rows = tuple(tuple(entry_at(c.cells, row) for c in shown) for row in range(min(count, MOST_ROWS)))
        yield Grid(say.pick(table.name), tuple(c.head for c in shown), rows, max(0, count - MOST_ROWS))


def entry_at(cells: tuple[str, ...], row: int) -> str:
    """A cell, empty below the end of its column."""
    return cells[row] if row < len(cells) else ""
