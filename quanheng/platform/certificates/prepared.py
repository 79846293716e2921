"""Documents whose content was written elsewhere: handed in as JSON, checked, signed, sealed like every other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.evidence.content import CertificateContent, load, problems
from quanheng.platform.catalog.models import Norm
from quanheng.platform.certificates import conditions, content, content_words
from quanheng.platform.certificates.links import register_instrument
from quanheng.platform.certificates.models import PREPARED_KINDS, PreparedDocument
from quanheng.platform.certificates.services import person
from quanheng.platform.certificates.signing import FACTOR_NAMES
from quanheng.platform.certificates.workflow import PREPARED
from quanheng.platform.documents import services as documents
from quanheng.platform.documents.models import Document
from quanheng.platform.documents.numbering import public_url
from quanheng.platform.documents.sealing import seal_content
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events, files, workflow
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused, require
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace import services as trace
from quanheng.platform.web import second_factor
from quanheng.procedures.hashing import canonical
from quanheng.procedures.hashing import software as software_text

GIVEN = frozenset(
    {"performed_from", "performed_to", "valid_until", "customer", "place", "item", "norm", "procedure", "standards"}
    | {"environment", "tables", "verdict", "conclusion", "reasons", "traceability", "statements", "unverified"}
)
MAX_CONTENT = 2 * 2**20
MOST_PROBLEMS = 50


class WrongContent(Refused):
    """The content cannot be used; every reason names its field."""


def may_prepare(actor: Actor, organisation: Organisation) -> Decision:
    """A verifier of the institute."""
    if organisation.kind == "institute" and actor.acts_for(organisation.path, Role.VERIFIER):
        return Allowed()
    return Denied(_("只有本机构的检定员可以提交文书内容"))


def visible(viewer: Actor) -> QuerySet[PreparedDocument]:
    """Those of the viewer's own institute or supervised region."""
    q = scope_q(viewer, owner="organisation", region="organisation__region_id", roles=tuple(INSTITUTE_ROLES))
    rows = PreparedDocument.objects.filter(q)
    return rows.select_related("organisation", "norm", "verifier", "checker", "signatory", "document", "replaces")


def read_content(data: bytes) -> dict[str, Any]:
    """The content as JSON in which every number is a text; ``Refused`` names what is wrong."""
    if not data or len(data) > MAX_CONTENT:
        raise WrongContent(_("内容文件应有 1 字节至 2 MiB"), code="content", place="content")

    def number(text: str) -> Any:
        words = _("数值 %(text)s 须写成带引号的文本,以免丢失末位的零") % {"text": text[:30]}
        raise WrongContent(words, code="content", place="content")

    try:
        found = json.loads(data, parse_float=number, parse_int=number, parse_constant=number)
    except (ValueError, RecursionError) as error:
        words = _("内容不是 JSON:%(why)s") % {"why": str(error)[:160]}
        raise WrongContent(words, code="content", place="content") from error
    if not isinstance(found, dict):
        raise WrongContent(_("内容须为一个 JSON 对象"), code="content", place="content")
    return found


@transaction.atomic
def prepare(
    *,
    actor: Actor,
    organisation: Organisation,
    kind: str,
    data: bytes,
    record: bytes,
    record_name: str,
    replaces: Document | None = None,
    reason: str = "",
    reason_en: str = "",
) -> PreparedDocument:
    """Hand in a content with its raw record. Everything wrong with it is named by field; nothing is kept then."""
    require(may_prepare(actor, organisation))
    given = read_content(data)
    unknown = [_("%(field)s:由系统填写,或没有这个字段") % {"field": name[:60]} for name in sorted(set(given) - GIVEN)]
    if unknown or kind not in dict(PREPARED_KINDS):
        raise WrongContent(*(unknown or [_("没有这种文书")]), code="content", place="content")
    if not record:
        raise WrongContent(_("请附上原始记录"), code="record", place="record")
    named = given.get("norm")
    number = str(named.get("number", ""))[:40] if isinstance(named, dict) else ""
    norm = Norm.objects.filter(number=number).first()
    if norm is None:
        raise WrongContent(_("norm.number:目录中没有这个技术规范"), code="content", place="content")
    trial = PreparedDocument(
        state=PREPARED.initial,
        organisation=organisation,
        kind=kind,
        content=given,
        content_sha256=hashlib.sha256(canonical(given)).hexdigest(),
        record_sha256=hashlib.sha256(record).hexdigest(),
        record_name=record_name[-200:],
        verifier=person(actor),
        norm=norm,
        replaces=replaces,
        reason=reason[:300],
        reason_en=(reason_en or reason)[:300],
    )
    wrong = [content_words.said(place, message) for place, message in problems(_draft(trial))]
    if wrong:
        raise WrongContent(*wrong[:MOST_PROBLEMS], code="content", place="content")
    return _kept(trial, given, record, actor)


def _kept(prepared: PreparedDocument, given: Mapping[str, Any], record: bytes, actor: Actor) -> PreparedDocument:
    made = provisional(prepared)
    if made.performed_to > clock.today():
        raise WrongContent(_("performed_to:实施日期在将来"), code="content", place="content")
    if prepared.replaces is not None:
        _replaceable(prepared, actor)
    files.put(record)
    files.put(canonical(given))
    prepared.title, prepared.performed_on = made.item.name[:300], made.performed_to
    prepared.instrument = Instrument.objects.filter(code=made.item.code).first()
    code = made.customer.credit_code
    prepared.owner = Organisation.objects.filter(credit_code=code).first() if code else None
    if prepared.instrument is not None:
        prepared.owner = prepared.instrument.organisation
    prepared.save(force_insert=True)
    after = {"kind": prepared.kind, "title": prepared.title, "content": prepared.content_sha256}
    events.record(actor, "prepared.handed_in", prepared, after=after)
    return prepared


def _replaceable(prepared: PreparedDocument, actor: Actor) -> None:
    old = prepared.replaces
    own = old is not None and old.organisation_id == prepared.organisation_id
    if old is None or not own or old.kind != prepared.kind or old.state != "issued" or old.origin != "issued":
        raise Refused(_("只能替换有效的文书"), code="state")
    if not prepared.reason.strip():
        raise Refused(_("请写明替换的原因"), code="reason_required", place="reason")


def _draft(prepared: PreparedDocument) -> dict[str, Any]:
    """The content with everything the system adds, as far as it is known before the signature."""
    act = content.Act(prepared.signatory or prepared.verifier, clock.now(), "approve", "—")
    data = _assembled(prepared, "—", "https://preview.invalid/", act)
    if prepared.signatory is None:
        named = [p for p in data["people"] if p["role"] != "signatory"]
        data["people"] = [*named, {"role": "signatory", "name": "—"}]
        data["signature_act"]["signatory"] = "—"
    return data


def _assembled(prepared: PreparedDocument, number: str, address: str, act: content.Act) -> dict[str, Any]:
    replacing = None
    if prepared.replaces is not None:
        replacing = content.Replacing(prepared.replaces, prepared.reason, prepared.reason_en)
    own = {
        "kind": prepared.kind,
        "number": number,
        "issued_on": clock.today().isoformat(),
        "issuer": content.party(prepared.organisation),
        "people": list(content.people(prepared, act)),
        "signature_act": {
            "signatory": act.signatory.name,
            "at": act.at,
            "meaning": content.MEANINGS[act.meaning],
            "factor": act.factor,
        },
        "record_sha256": prepared.record_sha256,
        "software": content.software(software_text()),
        "public_url": address,
        "replaces": content.replaces(replacing),
    }
    return {**prepared.content, **own}


def provisional(prepared: PreparedDocument) -> CertificateContent:
    """The content as it would be issued, with no number and no signature."""
    return load(_draft(prepared))


@transaction.atomic
def check(prepared: PreparedDocument, *, actor: Actor) -> PreparedDocument:
    """The checker agrees; every condition is asked."""
    workflow.demand(PREPARED, "check", prepared, actor)
    user = person(actor)
    _refuse(prepared, checker=user)
    return workflow.apply(PREPARED, "check", prepared, actor=actor, checker=user, checked_at=clock.now())


def _refuse(prepared: PreparedDocument, factor: str | None = None, **people: User) -> None:
    found = conditions.prepared_conditions(prepared, people=conditions.people_of(prepared, **people), factor=factor)
    if bad := conditions.failing(found):
        raise Refused(*(c.refusal for c in bad), code="conditions")


def sign(
    prepared: PreparedDocument, *, second_factor_code: str, meaning: str = "approve", actor: Actor
) -> PreparedDocument:
    """Second factor, every condition, number, seal, leaf; the graph learns what was used."""
    workflow.demand(PREPARED, "sign", prepared, actor)
    if meaning not in content.MEANINGS:
        raise Refused(_("请确认签名的含义"), code="meaning", place="meaning")
    user = person(actor)
    factor = FACTOR_NAMES[second_factor.verify(user, second_factor_code)]
    act = content.Act(user, clock.now(), meaning, factor)
    _refuse(prepared, factor, signatory=user)
    institute, kind, old = prepared.organisation, prepared.kind, prepared.replaces
    with documents.numbered(organisation=institute, kind=kind, on=clock.today(), actor=actor) as reserved:
        made = load(_assembled(prepared, reserved.number, public_url(reserved.public_code), act))
        sealed = seal_content(made, institute)
        subject = prepared.instrument or prepared
        with transaction.atomic():
            _refuse(prepared, factor, signatory=user)
            document = documents.issue_sealed(
                sealed=sealed,
                organisation=institute,
                owner=prepared.owner,
                region=institute.region,
                subject_type=subject._meta.label_lower,
                subject_id=old.subject_id if old is not None else subject.pk,
                actor=actor,
                replaces=old,
            )
            workflow.apply(PREPARED, "sign", prepared, actor=actor, signatory=user, signed_at=act.at, document=document)
            if old is not None:
                trace.void_certificate(old.pk, prepared.performed_on, actor=actor)
            _in_graph(prepared, made, document, actor)
    return prepared


def _in_graph(prepared: PreparedDocument, made: CertificateContent, document: Document, actor: Actor) -> None:
    """An instrument of the ledger gains a proven certificate with the standards used, if it says how long it holds."""
    one = prepared.instrument
    if one is None or made.valid_until is None or made.verdict == "fail":
        return
    register_instrument(one, actor)
    own = MeasurementStandard.objects.filter(
        organisation=prepared.organisation, code__in=[s.number for s in made.standards]
    )
    trace.record_certificate(
        item_id=one.pk,
        number=document.number,
        issuer_name=document.issuer_name,
        document_id=document.pk,
        basis="proven",
        valid_from=made.performed_to,
        valid_to=made.valid_until,
        range_text=one.measuring_range,
        file_sha256=document.xml_sha256,
        uses=[{"standard_id": s.pk, "used_on": made.performed_to} for s in own],
        actor=actor,
    )


def step_back(prepared: PreparedDocument, name: str, *, reason: str, actor: Actor) -> PreparedDocument:
    """Send back or drop; what was handed in stays readable."""
    if name not in ("return", "void"):
        raise InputError("unknown_step", "a prepared document is returned or voided", name)
    return workflow.apply(PREPARED, name, prepared, actor=actor, reason=reason)
