"""What will happen to each row, said before it happens: refused, left out, put to which item, replacing what."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from django.db.models import Q
from django.utils.translation import gettext as _

from quanheng.evidence.dcc.certificate import Certificate, Item
from quanheng.evidence.dcc.reftypes import has
from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.certificates.intake import matching
from quanheng.platform.certificates.intake.matching import Proposal
from quanheng.platform.certificates.intake.rows import Named, Used, issuer_of, used_by
from quanheng.platform.certificates.models import ForeignCertificate
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments import policies as instruments
from quanheng.platform.instruments.categories import CategoryIndex
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.calendar import valid_until
from quanheng.platform.kernel.imports import Context, ImportRow
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.kernel.sheets.cells import CellProblem
from quanheng.platform.standards import services as standards
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceNode

LEAVE, NEW_INSTRUMENT, NEW_STANDARD = "leave", "new-instrument", "new-standard"
MOST_VALUES = 50_000
MOST_MONTHS = 240
LOW, HIGH = 0.0, 100.0


@dataclass(frozen=True)
class Use:
    """A named piece of equipment, what it may be, and what it is taken for."""

    used: Used
    proposals: tuple[Proposal, ...]
    chosen: str = ""
    ratio: str = ""


@dataclass
class Plan:
    """What is going to be done with a row."""

    named: Named
    performed: dt.date | None = None
    until: dt.date | None = None
    stated: bool = False
    proposals: tuple[Proposal, ...] = ()
    kind: str = ""
    id: uuid.UUID | None = None
    label: str = ""
    uses: list[Use] = field(default_factory=list)
    supersedes: ForeignCertificate | None = None
    category: InstrumentCategory | None = None

    @property
    def item(self) -> Item:
        """The item, of a row that has one."""
        return cast(Item, self.named.item)


def day_of(text: str) -> dt.date | None:
    """The civil date at the head of a text of the file."""
    try:
        return dt.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def stated_validity(certificate: Certificate) -> dt.date | None:
    """The day a statement of the certificate names as the end of its validity or for the next calibration."""
    for statement in certificate.statements:
        if "qh_validUntil" in statement.ref_types or has(statement.ref_types, "basic_recalibration"):
            found = day_of(statement.date)
            if found is not None:
                return found
    return None


def check(rows: Sequence[ImportRow], context: Context) -> None:
    """Judge files, find items and standards, read the decisions of the person; nothing is written."""
    own = matching.standards_of(context.organisation)
    categories = CategoryIndex(clock.today())
    first_of: dict[str, Named] = {}
    versions: dict[tuple[str, str], Named] = {}
    for row in rows:
        named: Named = row.about
        plan = row.values["plan"] = Plan(named)
        if named.reading.certificate is None:
            row.fail("file", named.reading.problem)
            continue
        _file(row, plan, context, first_of.setdefault(named.reading.xml_sha256, named))
        _version(row, plan, context)
        _twin(row, versions.setdefault((named.certificate.core.unique_identifier, issuer_of(named.certificate)), named))
        _validity(row, plan, context)
        if named.item is None:
            row.fail("item", _("证书没有写明器具"))
            continue
        plan.proposals = tuple(matching.items_for(context.organisation, own, named.item))
        _target(row, plan, context, categories)
        if named.first:
            _uses(row, plan)
    _spread(rows)


def _file(row: ImportRow, plan: Plan, context: Context, earlier: Named) -> None:
    reading, c = plan.named.reading, plan.named.certificate
    if earlier.position != plan.named.position:
        row.fail("file", _("与本次的另一文件 %(name)s 完全相同") % {"name": earlier.reading.name})
    if reading.signature_state == "tampered":
        row.fail("file", _("签名与文件不符,文件可能被改动过,不能导入"))
    if reading.validation is None or not reading.validation.well_formed:
        row.fail("file", _("文件已损坏,不能导入;请向出具机构重新索取"))
    ours = Document.objects.filter(Q(xml_sha256=reading.xml_sha256) | Q(pdf_sha256=reading.sha256)).first()
    if ours is not None:
        row.fail("file", _("这是本系统签发的 %(number)s,已在系统中,无须导入") % {"number": ours.number})
    same = ForeignCertificate.objects.filter(organisation=context.organisation, xml_sha256=reading.xml_sha256).first()
    if same is not None:
        day = clock.civil_date(same.created_at)
        row.fail("file", _("完全相同的文件已于 %(day)s 导入(%(name)s)") % {"day": day, "name": same.file_name})
    if reading.other_signer:
        words = {"signer": reading.other_signer, "issuer": issuer_of(c)}
        row.warnings["issuer"] = (
            _("签名者「%(signer)s」与证书写明的出具机构「%(issuer)s」名称不同:请核实后再导入") % words
        )
    if reading.misspelled:
        row.warnings["file"] = _("命名空间写错了,按本意读出:请核对内容,并请出具机构改正")
    if reading.ahead:
        told = [
            row.warnings.get("issuer", ""),
            _("签名自称的时间 %(at)s 尚未到来:请核实后再导入") % {"at": reading.ahead},
        ]
        row.warnings["issuer"] = " ".join(words for words in told if words)
    number = c.core.unique_identifier
    if not number or len(number) > 80:
        row.fail("number", _("证书没有编号") if not number else _("证书编号超过 80 个字"))
    if not issuer_of(c):
        row.fail("issuer", _("证书没有写明出具机构"))
    plan.performed = day_of(c.core.end) or day_of(c.core.begin)
    if plan.performed is None:
        row.fail("number", _("证书的实施日期不可读:%(text)s") % {"text": c.core.end or c.core.begin or "—"})
    elif plan.performed > clock.today():
        row.fail("number", _("证书的实施日期在将来:%(day)s") % {"day": plan.performed})
    if sum(len(q.values) for m in c.measurements for r in m.results for t in r.tables for q in t.columns) > MOST_VALUES:
        row.fail("file", _("结果超过 %(n)d 个值,请拆分") % {"n": MOST_VALUES})


def _version(row: ImportRow, plan: Plan, context: Context) -> None:
    """The same number with other bytes is a new version; so is a certificate that names the one it replaces."""
    core, issuer = plan.named.certificate.core, issuer_of(plan.named.certificate)
    numbers = [n for n in (core.unique_identifier, core.replaces) if n]
    current = ForeignCertificate.objects.filter(organisation=context.organisation, superseded_by=None)
    old = current.filter(number__in=numbers, issuer_name=issuer).exclude(xml_sha256=plan.named.reading.xml_sha256)
    plan.supersedes = old.order_by("-created_at").first()
    if plan.supersedes is None:
        return
    before, now = day_of(plan.supersedes.issued), day_of(core.issued)
    if before and now and now < before:
        row.fail("number", _("已导入签发日期更晚(%(day)s)的版本,这一份较旧") % {"day": before})
        plan.supersedes = None
        return
    words = {"number": plan.supersedes.number, "name": plan.supersedes.file_name}
    row.warnings["number"] = _("将作为新版本替代已导入的 %(number)s(%(name)s);旧版本保留可查") % words


def _twin(row: ImportRow, other: Named) -> None:
    """Two versions in one package are both kept; the later one counts."""
    named: Named = row.about
    if other.reading.xml_sha256 != named.reading.xml_sha256:
        words = _("与本次的 %(name)s 编号相同、内容不同:两份都保留,签发较晚(日期相同则排在后面)的一份为现行版本")
        row.warnings["file"] = words % {"name": other.reading.name}


def _validity(row: ImportRow, plan: Plan, context: Context) -> None:
    """As decided, else as stated, else by the interval given for the whole import; never assumed."""
    if plan.performed is None:
        return
    text = row.texts.get("valid_until", "")
    months = str(context.batch.mapping.get("options", {}).get("months", ""))
    stated = stated_validity(plan.named.certificate)
    plan.stated = stated is not None and (not text or day_of(text) == stated)
    if text:
        plan.until = day_of(text)
        if plan.until is None:
            row.fail("valid_until", _("日期应为 2026-05-20 的形式"))
    elif stated is not None:
        plan.until = stated
    elif months.isascii() and months.isdigit() and 0 < int(months) <= MOST_MONTHS:
        plan.until = valid_until(plan.performed, int(months))
    else:
        row.fail("valid_until", _("证书没有写有效期,请按本单位的复校间隔填写"))
    if plan.until is not None and plan.until < plan.performed:
        row.fail("valid_until", _("有效期至早于校准日期"))


def _target(row: ImportRow, plan: Plan, context: Context, categories: CategoryIndex) -> None:
    text = row.texts.get("target", "")
    top = plan.proposals[0] if plan.proposals else None
    if not text and (top is None or not top.sure):
        row.fail(
            "target", _("请选择对应的器具或标准、新建,或不导入") if top else _("没有匹配的器具:请查找、新建或不导入")
        )
        return
    text = text or (top.key if top else "")
    if text == LEAVE:
        row.fail("target", _("按您的选择不导入"))
    elif text in (NEW_INSTRUMENT, NEW_STANDARD):
        _new(row, plan, context, text, categories)
    else:
        _known(row, plan, context, text)


def _known(row: ImportRow, plan: Plan, context: Context, text: str) -> None:
    found = _find(context.organisation, text)
    if len(found) != 1:
        words = _("有多台符合「%(text)s」,请填器具码") if found else _("本单位没有「%(text)s」这台器具或标准")
        row.fail("target", words % {"text": text[:60]})
        return
    one = found[0]
    decision = may_receive(context.actor, one)
    if not decision:
        row.fail("target", decision.reason)
    plan.kind = "standard" if isinstance(one, MeasurementStandard) else "instrument"
    plan.id, plan.label = one.pk, str(one)


def may_receive(actor: Actor, one: Instrument | MeasurementStandard) -> Decision:
    """Who keeps the standard, or the instrument, may put a certificate to it."""
    if isinstance(one, MeasurementStandard):
        return standards.may_keep(actor, one.organisation)
    return instruments.may_keep(actor, one)


def _find(organisation: Organisation, text: str) -> list[Instrument | MeasurementStandard]:
    own_items = Instrument.objects.filter(organisation__path__startswith=organisation.path).exclude(state="scrapped")
    own_standards = MeasurementStandard.objects.filter(organisation__path__startswith=organisation.path)
    kind, _colon, key = text.partition(":")
    try:
        pk = uuid.UUID(key)
    except ValueError:
        by_number = Q(serial_number=text) | Q(code=text)
        rows: list[Instrument | MeasurementStandard] = list(own_standards.filter(by_number)[:2])
        return rows + list(own_items.select_related("organisation").filter(by_number)[:2])
    if kind == "standard":
        return list(own_standards.select_related("organisation").filter(pk=pk))
    return list(own_items.select_related("organisation").filter(pk=pk))


def _new(row: ImportRow, plan: Plan, context: Context, kind: str, categories: CategoryIndex) -> None:
    item = plan.item
    plan.kind, plan.label = kind, row.texts["item"][:120]
    if not plan.label:
        row.fail("item", _("证书没有写器具名称,不能新建"))
    if kind == NEW_INSTRUMENT:
        decision = instruments.may_keep_for(context.actor, context.organisation)
        if not serial_of(item):
            row.fail("identifiers", _("证书没有出厂编号,不能新建器具"))
        try:
            plan.category = categories.find(row.texts.get("category", "")) if row.texts.get("category") else None
        except CellProblem as error:
            row.fail("category", str(error))
        if plan.category is None:
            row.fail("category", _("新建器具须选择项别/种别"))
    else:
        decision = standards.may_keep(context.actor, context.organisation)
        for name in ("code", "accuracy", "range_text"):
            if not row.texts.get(name):
                row.fail(name, _("新建标准须填写"))
        taken = MeasurementStandard.objects.filter(organisation=context.organisation, code=row.texts.get("code", ""))
        if taken.exists():
            row.fail("code", _("本单位已有这个标准编号"))
    if not decision:
        row.fail("target", decision.reason)


def serial_of(item: Item) -> str:
    """The maker's number of an item, else its first number."""
    numbers = [i for i in item.identifications if i.value.strip()]
    makers = [i.value.strip() for i in numbers if i.issuer == "manufacturer"]
    return next(iter(makers or [i.value.strip() for i in numbers]), "")[:80]


def _uses(row: ImportRow, plan: Plan) -> None:
    """``n=ID`` or ``n=ID:RATIO`` decides over the n-th named standard, ``n=-`` takes it for none."""
    decided = dict(part.partition("=")[::2] for part in row.texts.get("standards", "").split())
    for n, used in enumerate(used_by(plan.named.certificate), 1):
        proposals = tuple(matching.standards_for(used))
        text = decided.get(str(n))
        if text is None:
            chosen, ratio = (str(proposals[0].id) if proposals and proposals[0].sure else ""), ""
        else:
            chosen, _colon, ratio = text.partition(":")
            chosen = "" if chosen == "-" else chosen
        _sound(row, chosen, ratio)
        plan.uses.append(Use(used, proposals, chosen, ratio))


def _sound(row: ImportRow, chosen: str, ratio: str) -> None:
    try:
        if chosen and not TraceNode.objects.filter(pk=uuid.UUID(chosen)).exclude(kind="instrument").exists():
            raise ValueError
    except ValueError:
        row.fail("standards", _("没有这个上级标准"))
    try:
        if ratio and not LOW <= float(ratio) <= HIGH:
            raise ValueError
    except ValueError:
        row.fail("standards", _("不确定度之比应在 0 到 100 之间"))


def _spread(rows: Sequence[ImportRow]) -> None:
    """What holds for a file holds for all its items; one item of ours is named once in a certificate."""
    firsts: dict[int, ImportRow] = {}
    taken: set[tuple[int, uuid.UUID]] = set()
    for row in rows:
        plan: Plan = row.values["plan"]
        first = firsts.setdefault(plan.named.position, row)
        plan.uses = first.values["plan"].uses
        if "standards" in first.errors:
            row.fail("standards", first.errors["standards"])
        if plan.id is None:
            continue
        if (plan.named.position, plan.id) in taken:
            row.fail("target", _("同一证书的两个器具不能对应同一台"))
        taken.add((plan.named.position, plan.id))
        if any(str(plan.id) == use.chosen for use in plan.uses):
            row.fail("standards", _("被校的标准不能作为自己的上级标准"))
