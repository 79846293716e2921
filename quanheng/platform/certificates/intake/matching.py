"""What of our own a foreign certificate may be about, and which standards it used: ranked, each with its reason."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from quanheng.evidence.dcc.certificate import Item
from quanheng.platform.certificates.intake.rows import Used
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import NodeKind, TraceCertificate, TraceNode

_NOISE = re.compile(r"[\s\-_/.·#:：]")
_LABEL = re.compile(r"^(?:s/?n|ser(?:ial)?\.?(?: ?no\.?| ?number)?|no\.?|nr\.?|出厂编号|编号)[\s:：.#]*", re.IGNORECASE)
MOST = 5
SURE = 80
SHORTEST_NAME = 6


@dataclass(frozen=True)
class Proposal:
    """A thing of ours, how strongly it is proposed, and why. ``sure``: nothing contradicts and nothing rivals it."""

    kind: str
    id: uuid.UUID
    label: str
    score: int
    reason: str
    sure: bool = False

    @property
    def key(self) -> str:
        """How a decision names it."""
        return f"{self.kind}:{self.id}"


def normal(text: str) -> str:
    """A number for comparison: case, blanks, hyphens and words such as "S/N" do not matter."""
    return _NOISE.sub("", _LABEL.sub("", text.strip())).casefold()


def _ranked(found: Iterable[Proposal]) -> list[Proposal]:
    """Best first, each thing once; the best is sure where it is strong and alone at the top."""
    best: dict[uuid.UUID, Proposal] = {}
    for one in found:
        if one.id not in best or one.score > best[one.id].score:
            best[one.id] = one
    rows = sorted(best.values(), key=lambda p: (-p.score, p.label))[:MOST]
    alone = len(rows) == 1 or (len(rows) > 1 and rows[0].score > rows[1].score)
    if rows and rows[0].score >= SURE and alone:
        top = rows[0]
        rows[0] = Proposal(top.kind, top.id, top.label, top.score, top.reason, sure=True)
    return rows


def standards_of(organisation: Organisation) -> list[MeasurementStandard]:
    """The standards among which items are looked for."""
    return list(MeasurementStandard.objects.filter(organisation__path__startswith=organisation.path)[:5000])


def items_for(organisation: Organisation, standards: Sequence[MeasurementStandard], item: Item) -> list[Proposal]:
    """Instruments and standards of the organisation that the item may be."""
    numbers = [i.value.strip() for i in item.identifications if i.value.strip()]
    found = []
    for one in _instruments(organisation, item, numbers):
        particulars = (one.serial_number, one.code, one.specification, one.manufacturer)
        found.append(_judged("instrument", one.pk, str(one), particulars, item, numbers))
    for standard in standards:
        particulars = (standard.serial_number, standard.code, "", "")
        found.append(_judged("standard", standard.pk, str(standard), particulars, item, numbers))
    return _ranked(p for p in found if p is not None)


def _instruments(organisation: Organisation, item: Item, numbers: Sequence[str]) -> list[Instrument]:
    forms = {f for n in numbers for f in _forms(n)}
    own = Instrument.objects.filter(organisation__path__startswith=organisation.path).exclude(state="scrapped")
    rows = list(own.filter(Q(serial_number__in=forms) | Q(code__in=forms))[:20]) if forms else []
    if not rows and item.model.strip():
        rows = list(own.filter(specification__iexact=item.model.strip())[:MOST])
    return rows


def _forms(number: str) -> set[str]:
    """The spellings under which a ledger may hold a number."""
    bare = _LABEL.sub("", number)
    tight = _NOISE.sub("", bare)
    return {f for text in (number, bare, tight) for f in (text, text.upper(), text.lower()) if 0 < len(f) <= 80}


def _judged(
    kind: str, pk: uuid.UUID, label: str, particulars: tuple[str, ...], item: Item, numbers: Sequence[str]
) -> Proposal | None:
    serial, code, model, maker = particulars
    score = 0
    reasons: list[str] = []
    for own, name in ((serial, _("出厂编号相同")), (code, _("器具码或标准编号相同"))):
        if own and own in numbers:
            score, reasons = max(score, 90), [*reasons, name]
        elif own and len(normal(own)) > 2 and normal(own) in {normal(n) for n in numbers}:
            score, reasons = max(score, 82), [*reasons, _("%(what)s(写法不同)") % {"what": name}]
    if model and item.model:
        same = normal(model) == normal(item.model)
        score += 5 if same else (-5 if score else 0)
        reasons.append(_("型号相同") if same else _("型号不同:%(ours)s") % {"ours": model})
    theirs = {normal(t) for t in item.manufacturer.values() if t}
    if maker and theirs:
        same = any(normal(maker) in t or t in normal(maker) for t in theirs)
        score += 4 if same else (-10 if score else 0)
        reasons.append(_("厂家相同") if same else _("厂家不同:%(ours)s") % {"ours": maker})
    if not numbers and score == 9:
        score = 30
    return Proposal(kind, pk, label, score, ";".join(reasons)) if score > 0 else None


def standards_for(used: Used) -> list[Proposal]:
    """Items of the trace graph that a named piece of equipment may be: by its certificate, its numbers, its name."""
    return _ranked([*_by_certificate(used), *_by_number(used), *_by_name(used)])


def _by_certificate(used: Used) -> list[Proposal]:
    q, digest = Q(pk__in=[]), _hex(used.certificate_hash)
    if digest:
        q |= Q(file_sha256=digest)
    if len(used.certificate_number) >= 3:
        q |= Q(number=used.certificate_number)
    found = []
    for paper in TraceCertificate.objects.filter(q).exclude(item__kind="instrument").select_related("item")[:20]:
        exact = bool(digest) and paper.file_sha256 == digest
        reason = _("其证书的哈希相同") if exact else _("其证书编号相同:%(number)s") % {"number": paper.number}
        found.append(_node(paper.item, 95 if exact else 85, reason))
    return found


def _by_number(used: Used) -> list[Proposal]:
    forms = {f for n in used.numbers for f in _forms(n)}
    if not forms:
        return []
    rows = MeasurementStandard.objects.filter(Q(serial_number__in=forms) | Q(code__in=forms))[:20]
    nodes = TraceNode.objects.in_bulk([r.pk for r in rows])
    return [_node(n, 88, _("标准编号或出厂编号相同")) for n in nodes.values()]


def _by_name(used: Used) -> list[Proposal]:
    names = [n for n in used.equipment.name.values() if len(n) >= SHORTEST_NAME]
    found = []
    for name in names:
        rows = TraceNode.objects.filter(is_root=True, label__istartswith=name)
        found += [_node(n, 40, _("名称相同")) for n in rows[:3]]
    return found


def _node(node: TraceNode, score: int, reason: str) -> Proposal:
    label = f"{node.label} ({node.organisation_name})" if node.organisation_name else node.label
    return Proposal(node.kind, node.pk, label, score, reason)


def roots() -> list[tuple[str, str]]:
    """National and accepted foreign standards, which a person may always choose."""
    rows = TraceNode.objects.filter(is_root=True, kind__in=[NodeKind.NATIONAL, NodeKind.FOREIGN]).order_by("label")
    return [(str(n.pk), n.label) for n in rows[:100]]


def _hex(text: str) -> str:
    """A SHA-256 written in hexadecimal or base64, as 64 hexadecimal digits."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""
