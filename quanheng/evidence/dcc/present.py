"""What a person is shown of quantities and tables, the same in the shell, on a page and in Excel: everything that a
file states beside a value, in columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from quanheng.evidence.dcc import units
from quanheng.evidence.dcc.cells import entry
from quanheng.evidence.dcc.certificate import Quantity, Table, Texts, Uncertainty, pick

VERDICTS = {
    "pass": ("合格", "pass"),
    "fail": ("不合格", "fail"),
    "conditionalPass": ("有条件合格", "conditional pass"),
    "conditionalFail": ("有条件不合格", "conditional fail"),
    "noPass": ("未判合格", "no pass"),
    "noFail": ("未判不合格", "no fail"),
}
STATUS = {
    "beforeAdjustment": ("调整前", "before adjustment"),
    "afterAdjustment": ("调整后", "after adjustment"),
    "beforeRepair": ("修理前", "before repair"),
    "afterRepair": ("修理后", "after repair"),
}
PLACES = {
    "laboratory": ("实验室", "laboratory"),
    "customer": ("客户处", "at the customer's"),
    "laboratoryBranch": ("实验室分部", "branch of the laboratory"),
    "customerBranch": ("客户分部", "branch of the customer"),
    "other": ("其他地点", "other place"),
}
ISSUERS = {
    "manufacturer": ("厂家编号", "manufacturer's number"),
    "calibrationLaboratory": ("实验室编号", "laboratory's number"),
    "customer": ("客户编号", "customer's number"),
    "owner": ("所有者编号", "owner's number"),
    "other": ("其他编号", "other number"),
}
ROLES = {
    "verifier": ("检定员", "verifier"),
    "checker": ("核验员", "checker"),
    "signatory": ("授权签字人", "signatory"),
}


@dataclass(frozen=True)
class Language:
    """One language or both: ``say`` for our words, ``name`` for those of the file."""

    say: Callable[[str, str], str]
    name: Callable[[Texts], str]

    def word(self, table: dict[str, tuple[str, str]], code: str) -> str:
        """A code of the schema in words; an unknown one as written."""
        return self.say(*table[code]) if code in table else code


def language(lang: str) -> Language:
    """``zh`` or ``en`` alone, the file's text in that language where it has it."""
    return Language(lambda zh, en: zh if lang == "zh" else en, lambda texts: pick(texts, lang, "zh"))


@dataclass(frozen=True)
class Column:
    """A heading and the cells below it, as written. ``number``: they are values or uncertainties."""

    head: str
    cells: tuple[str, ...]
    number: bool = False


def columns(table: Table, lang: Language) -> list[Column]:
    """All columns of a table: labels and times once, then for each quantity its values and what is stated of them."""
    found: list[Column] = []
    if table.times:
        found.append(Column(lang.say("时间", "Time"), table.times))
    for q in table.columns:
        for column in _of(q, lang):
            if column.number or column not in found:  # the same labels beside every column are shown once
                found.append(column)
    return found


def _of(q: Quantity, lang: Language) -> Iterator[Column]:
    count = len(q.values)
    name = lang.name(q.name) or " ".join(q.ref_types)
    if any(q.label):
        yield Column(lang.say("标签", "Label"), _filled(q.label, count))
    if any(q.times):
        yield Column(lang.say("时间", "Time"), _filled(q.times, count))
    for form in (q, *q.others):
        yield from _values(form, name, count, lang)
    if q.relative is not None:
        head = lang.say("相对不确定度", "Relative uncertainty")
        yield Column(titled(head, q.relative.units), _filled(q.relative.values, count), number=True)
    if q.conformity:
        cells = tuple(lang.word(VERDICTS, v) for v in _filled(q.conformity, count))
        yield Column(lang.say("符合性", "Conformity"), cells)


def _values(q: Quantity, name: str, count: int, lang: Language) -> Iterator[Column]:
    if q.imaginary:
        parts = (("模", "magnitude"), ("相位", "phase")) if q.polar else (("实部", "real"), ("虚部", "imaginary"))
        first, second = (f"{name} {lang.say(*part)}" for part in parts)
        yield Column(titled(first, q.units), q.values, number=True)
        yield Column(titled(second, q.imaginary_units or q.units), _filled(q.imaginary, count), number=True)
    else:
        yield Column(titled(name, q.units), q.values, number=bool(q.units))
    if len(set(q.units)) > 1:
        yield Column(lang.say("单位", "Unit"), tuple(units.symbol(u) for u in _filled(q.units, count)))
    if q.uncertainty is not None:
        yield from _uncertain(q.uncertainty, count, lang)
    if q.unread:
        yield Column(f"{lang.say('未展开的不确定度', 'Uncertainty not taken apart')}: {', '.join(q.unread)}", ())


def _uncertain(u: Uncertainty, count: int, lang: Language) -> Iterator[Column]:
    if u.values:
        yield Column(("U" if u.kind == "expanded" else "u") + _coverage(u, lang), _filled(u.values, count), number=True)
    if len(set(u.k or ())) > 1:
        yield Column("k", _filled(u.k or (), count), number=True)
    for stated, words in ((u.low, ("区间下限", "lower limit")), (u.high, ("区间上限", "upper limit"))):
        if stated:
            p = f" (p = {u.p[0]})" if u.p and len(set(u.p)) == 1 else ""
            yield Column(lang.say(*words) + p, _filled(stated, count), number=True)


def _coverage(u: Uncertainty, lang: Language) -> str:
    k, p = tuple(dict.fromkeys(u.k or ())), tuple(dict.fromkeys(u.p or ()))
    if u.kind != "expanded":
        return ""
    if not k:
        return lang.say("(k 未给出)", " (k not stated)")
    if len(k) > 1:
        return ""
    return f" (k = {k[0]}, p = {p[0]})" if len(p) == 1 else f" (k = {k[0]})"


def _filled(entries: tuple[str, ...], count: int) -> tuple[str, ...]:
    """One for each row, where one stands for all."""
    return entries * count if len(entries) == 1 else entries


def titled(name: str, stated: tuple[str, ...]) -> str:
    """A heading with its unit, where there is one."""
    shown = tuple(dict.fromkeys(units.symbol(u) for u in stated))
    return f"{name} / {shown[0]}" if len(shown) == 1 and shown[0] else name


def single(q: Quantity, lang: Language) -> str:
    """A value among facts: its name, what it is, and its uncertainty."""
    name = lang.name(q.name)
    shown = " = ".join(_amount(form, lang) for form in (q, *q.others))
    verdicts = " ".join(lang.word(VERDICTS, v) for v in q.conformity)
    words = f"{shown} {verdicts}".strip()
    return f"{name}: {words}" if name and words else name or words


def _amount(q: Quantity, lang: Language) -> str:
    unit = " ".join(dict.fromkeys(units.symbol(u) for u in q.units))
    words = " ".join(x for x in (" ".join(q.values[:20]), unit) if x)
    if q.imaginary:
        mark = "∠" if q.polar else "+ j"
        words = f"{words} {mark} {' '.join(q.imaginary[:20])}"
    u = q.uncertainty
    if u is not None and len(u.values) == 1:
        words += f", {'U' if u.kind == 'expanded' else 'u'} = {u.values[0]}{_coverage(u, lang)}"
    if u is not None and u.low and u.high and len(u.low) == 1:
        words += f" [{u.low[0]}, {u.high[0]}]"
    if q.relative is not None and len(q.relative.values) == 1:
        unit = units.symbol(entry(q.relative.units, 0)) if q.relative.units else ""
        words += f", {lang.say('相对不确定度', 'relative uncertainty')} {q.relative.values[0]}{unit and f' {unit}'}"
    return words
