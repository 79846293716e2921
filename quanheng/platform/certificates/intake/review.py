"""The review before an import: each file with its items, what is proposed and why, and what would be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.evidence.dcc.certificate import pick
from quanheng.platform.certificates import foreign
from quanheng.platform.certificates.intake import matching
from quanheng.platform.certificates.intake.checking import LEAVE, NEW_INSTRUMENT, NEW_STANDARD, Plan, Use, serial_of
from quanheng.platform.certificates.intake.rows import issuer_of
from quanheng.platform.instruments.categories import categories_on
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.imports import ImportRow
from quanheng.platform.kernel.models import ImportBatch
from quanheng.platform.web.components import Status

OTHER = "other"
OF_FILE = ("file", "number", "issuer")
DECIDED = frozenset({"target", "other", "with", "valid_until", "category", "code", "accuracy", "range_text"})


@dataclass(frozen=True)
class ItemView:
    """An item of a certificate and the choices a person has."""

    row: ImportRow
    plan: Plan
    target: str
    found: str
    other: str
    problems: tuple[str, ...]
    effects: tuple[str, ...]
    code: str


@dataclass
class FileView:
    """A file: what it is, what its signatures proved, its items, the standards it names."""

    name: str
    url: str
    problem: str = ""
    number: str = ""
    issuer: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    states: list[Status] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    items: list[ItemView] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    place: str = ""
    until: str = ""
    until_problem: str = ""
    uses_problem: str = ""


def page(batch: ImportBatch, rows: Sequence[ImportRow]) -> dict[str, Any]:
    """What the review page draws."""
    views: dict[int, FileView] = {}
    for row in rows:
        plan: Plan = row.values["plan"]
        view = views.get(plan.named.position)
        if view is None:
            view = views[plan.named.position] = _file(batch, row, plan)
        if not view.problem:
            view.items.append(_item(row, plan))
    categories = [(c.code, f"{c.name} / {c.item}") for c in categories_on(clock.today())]
    return {
        "views": list(views.values()),
        "roots": matching.roots(),
        "categories": categories,
        "good": sum(not r.errors for r in rows),
    }


def _file(batch: ImportBatch, row: ImportRow, plan: Plan) -> FileView:
    reading = plan.named.reading
    url = reverse("certificates:intake-file", args=[batch.pk, plan.named.position])
    problem = next((row.errors[n] for n in OF_FILE if n in row.errors), "")
    view = FileView(reading.name, url, problem, place=row.place())
    if reading.certificate is None or reading.validation is None:
        return view
    c = reading.certificate
    view.number, view.issuer = c.core.unique_identifier, issuer_of(c)
    performed = " – ".join(dict.fromkeys(d for d in (c.core.begin, c.core.end) if d))
    customer = pick(c.customer.name, "zh") if c.customer is not None else ""
    signers = ", ".join(dict.fromkeys(s.signer for s in reading.validation.signatures if s.signer))
    facts = [
        (_("测量日期"), performed),
        (_("签发日期"), c.core.issued),
        (_("委托方"), customer),
        (_("签名者"), signers),
        (_("格式"), f"DCC {c.version}" + (_("(取自 PDF 附件)") if reading.attached else "")),
        ("SHA-256", reading.sha256),
    ]
    view.facts = [(label, value) for label, value in facts if value]
    tone, word, _meaning = foreign.SIGNATURES[reading.signature_state]
    view.states = [Status(tone, word), Status(*foreign.SCHEMAS.get(reading.schema_state, _OTHER))]
    errors = reading.validation.count("error")
    if errors:
        view.states.append(Status("due", _("内容有 %(n)d 处错误") % {"n": errors}))
    view.warnings = list(row.warnings.values())
    view.uses = plan.uses
    view.until = row.texts.get("valid_until") or (plan.until.isoformat() if plan.until else "")
    view.until_problem = row.errors.get("valid_until", "")
    view.uses_problem = row.errors.get("standards", "")
    return view


_OTHER: Any = ("unknown", "—")


def _item(row: ImportRow, plan: Plan) -> ItemView:
    target = row.texts.get("target", "")
    if not target and plan.proposals and plan.proposals[0].sure:
        target = plan.proposals[0].key
    known = {p.key for p in plan.proposals} | {LEAVE, NEW_INSTRUMENT, NEW_STANDARD, ""}
    found = other = ""
    if target not in known and plan.id is not None:
        target = found = f"{plan.kind}:{plan.id}"
    elif target not in known:
        target, other = OTHER, target if target != OTHER else ""
    problems = [m for n, m in row.errors.items() if n not in ("valid_until", "standards", *OF_FILE)]
    code = row.texts.get("code") or (serial_of(plan.named.item) if plan.named.item else "")
    effects = tuple(_effects(row, plan)) if not row.errors else ()
    return ItemView(row, plan, target, found, other, tuple(problems), effects, code)


def _effects(row: ImportRow, plan: Plan) -> list[str]:
    """What will be there afterwards that is not there now."""
    basis = _("已证明") if plan.named.reading.proven else _("已声明")
    words = {
        "number": row.texts["number"],
        "item": plan.label,
        "from": plan.performed,
        "to": plan.until,
        "basis": basis,
    }
    lines = []
    if plan.kind == NEW_INSTRUMENT:
        lines.append(_("新建器具「%(item)s」(草稿,待备案)") % words)
    elif plan.kind == NEW_STANDARD:
        lines.append(_("新建计量标准「%(item)s」(工作计量标准)") % words)
    lines.append(_("证书 %(number)s 记到「%(item)s」,%(from)s 至 %(to)s,依据:%(basis)s") % words)
    labels = {str(p.id): p.label for u in plan.uses for p in u.proposals} | dict(matching.roots())
    for use in plan.uses:
        if use.chosen:
            lines.append(_("建立溯源链接:所用标准为「%(name)s」") % {"name": labels.get(use.chosen, use.chosen)})
    if not any(use.chosen for use in plan.uses):
        lines.append(_("没有上级标准的链接:自 %(from)s 起这台的溯源链到这份证书为止") % words)
    if plan.supersedes is not None:
        lines.append(_("已导入的 %(old)s 成为旧版本,不再承担溯源链接") % {"old": plan.supersedes.file_name})
    return lines


def decisions(post: Any) -> dict[str, dict[str, str]]:
    """``cell:PLACE:COLUMN`` fields, the text behind "another one", and ``use:PLACE:N`` with ``ratio:PLACE:N``."""
    cells: dict[str, dict[str, str]] = {}
    uses: dict[str, list[str]] = {}
    for key, value in post.items():
        word, _colon, rest = key.partition(":")
        place, _colon, name = rest.rpartition(":")
        if word == "cell" and place and name in DECIDED:
            cells.setdefault(place, {})[name] = str(value)[:400]
        elif word == "use" and place and name.isascii() and name.isdigit():
            ratio = str(post.get(f"ratio:{place}:{name}", "")).strip()[:20]
            chosen = str(value)[:40] or "-"
            uses.setdefault(place, []).append(f"{name}={chosen}" + (f":{ratio}" if ratio and chosen != "-" else ""))
    for place, row in cells.items():
        if row.get("target") == OTHER:
            row["target"] = row.get("other", "").strip() or OTHER
        row.pop("other", None)
        if place in uses:
            row["standards"] = " ".join(uses[place])
    _spread(cells)
    return cells


def _spread(cells: Mapping[str, dict[str, str]]) -> None:
    """The end of validity is asked once for a file; ``with`` names the row that carries it."""
    for row in cells.values():
        head = row.pop("with", "")
        if head in cells and "valid_until" in cells[head]:
            row["valid_until"] = cells[head]["valid_until"]


def summary(rows: Sequence[ImportRow]) -> list[tuple[Any, ...]]:
    """What would be done, for comparing."""
    plans = [(row, row.values["plan"]) for row in rows]
    return [
        (
            row.place(),
            p.kind,
            str(p.id or ""),
            str(p.until or ""),
            sorted(f"{u.chosen}:{u.ratio}" for u in p.uses if u.chosen),
            sorted(row.errors),
            *((row.texts["category"], row.texts["code"], row.texts["accuracy"]) if p.kind.startswith("new") else ()),
        )
        for row, p in plans
    ]
