"""Content → DCC 3.3.0 with D-SI 2.2.1, always the same bytes for the same content."""

from __future__ import annotations

from lxml import etree

from quanheng.evidence.content import CertificateContent, Party, Words
from quanheng.evidence.dcc import labels as L
from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.build_results import measurement_results
from quanheng.evidence.dcc.bytes import serialise
from quanheng.evidence.dcc.element import (
    Element,
    both,
    content,
    dcc,
    identification,
    location,
    statement,
    text,
    words_quantity,
)

SCHEMA_VERSION = "3.3.0"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def build(c: CertificateContent) -> bytes:
    """The unsigned certificate, valid against the official schema."""
    root = etree.Element(names.ROOT, nsmap={"dcc": names.DCC, "si": names.SI, "xsi": _XSI})
    root.set("schemaVersion", SCHEMA_VERSION)
    root.set(f"{{{_XSI}}}schemaLocation", f"{names.DCC} https://ptb.de/dcc/v{SCHEMA_VERSION}/dcc.xsd")
    admin = dcc(root, "administrativeData")
    _software(admin, c)
    _ref_types(admin)
    _core_data(admin, c)
    _items(admin, c)
    _laboratory(admin, c.issuer)
    _people(admin, c)
    _customer(admin, c.customer)
    _statements(admin, c)
    measurement_results(root, c)
    etree.indent(root, space="  ")
    return serialise(root)


def _software(admin: Element, c: CertificateContent) -> None:
    box = dcc(admin, "dccSoftware")
    ours = dcc(box, "software", ref="qh_issuingSoftware")
    text(ours, "name", c.software.name)
    dcc(ours, "release", c.software.version)
    dcc(ours, "type", "application")
    text(ours, "description", f"sha256:{c.software.sha256}")


def _ref_types(admin: Element) -> None:
    definition = dcc(dcc(admin, "refTypeDefinitions"), "refTypeDefinition")
    text(definition, "name", L.REF_TYPES)
    dcc(definition, "namespace", names.OWN_PREFIX)
    dcc(definition, "link", names.OWN_NAMESPACE)


def _core_data(admin: Element, c: CertificateContent) -> None:
    core = dcc(admin, "coreData")
    dcc(core, "countryCodeISO3166_1", c.issuer.country)
    for tag in ("usedLangCodeISO639_1", "mandatoryLangCodeISO639_1"):
        dcc(core, tag, "zh")
        dcc(core, tag, "en")
    dcc(core, "uniqueIdentifier", c.number)
    ids = dcc(core, "identifications")
    laboratory = "calibrationLaboratory"
    identification(ids, laboratory, c.kind, L.KIND, "qh_kind")
    identification(ids, laboratory, c.record_sha256, L.RECORD_HASH, "qh_recordSha256")
    identification(ids, laboratory, c.content_sha256, L.CONTENT_HASH, "qh_contentSha256")
    if c.issuer.credit_code:
        identification(ids, "other", c.issuer.credit_code, L.ISSUER_CREDIT_CODE, "qh_issuerCreditCode")
    if c.customer.credit_code:
        identification(ids, "other", c.customer.credit_code, L.CUSTOMER_CREDIT_CODE, "qh_customerCreditCode")
    dcc(core, "beginPerformanceDate", c.performed_from.isoformat())
    dcc(core, "endPerformanceDate", c.performed_to.isoformat())
    dcc(core, "performanceLocation", c.place.kind)
    dcc(core, "issueDate", c.issued_on.isoformat())
    if c.replaces is not None:
        change = dcc(core, "reportAmendedSubstituted")
        dcc(change, "typeOfChange", "substituted")
        dcc(change, "replacedUniqueIdentifier", c.replaces.number)
        previous = dcc(core, "previousReport")
        text(previous, "referral", L.PREVIOUS)
        dcc(previous, "referralID", c.replaces.number)
        dcc(previous, "procedure", "sha256")
        dcc(previous, "value", c.replaces.xml_sha256)
        text(previous, "description", c.replaces.reason)


def _items(admin: Element, c: CertificateContent) -> None:
    item = dcc(dcc(admin, "items"), "item")
    text(item, "name", both(c.item.name, c.item.name_en))
    if c.item.manufacturer:
        text(dcc(item, "manufacturer"), "name", c.item.manufacturer)
    if c.item.model:
        dcc(item, "model", c.item.model)
    ids = dcc(item, "identifications")
    if c.item.serial_number:
        identification(ids, "manufacturer", c.item.serial_number, L.SERIAL, "basic_serialNumber")
    identification(ids, "other", c.item.code, L.PUBLIC_CODE, "qh_publicCode")
    for extra in c.item.identifications:
        identification(ids, extra.issuer, extra.value, extra.name)
    if c.item.measuring_range or c.item.accuracy_class:
        quantities = dcc(item, "itemQuantities")
        if c.item.measuring_range:
            words_quantity(quantities, "itemQuantity", "qh_measuringRange", L.MEASURING_RANGE, c.item.measuring_range)
        if c.item.accuracy_class:
            words_quantity(quantities, "itemQuantity", "qh_accuracyClass", L.ACCURACY_CLASS, c.item.accuracy_class)


def _laboratory(admin: Element, issuer: Party) -> None:
    laboratory = dcc(admin, "calibrationLaboratory")
    if issuer.authorisation:
        dcc(laboratory, "calibrationLaboratoryCode", issuer.authorisation)
    _contact(dcc(laboratory, "contact"), issuer)
    dcc(laboratory, "cryptElectronicSeal", "true")


def _customer(admin: Element, customer: Party) -> None:
    _contact(dcc(admin, "customer"), customer)


def _contact(element: Element, party: Party) -> None:
    text(element, "name", both(party.name, party.name_en))
    if party.phone:
        dcc(element, "phone", party.phone)
    location(element, party.country, party.address)


def _people(admin: Element, c: CertificateContent) -> None:
    people = dcc(admin, "respPersons")
    for person in c.people:
        entry = dcc(people, "respPerson", ref=f"qh_{person.role}")
        text(dcc(entry, "person"), "name", person.name)
        if person.licence:
            text(entry, "description", person.licence, "qh_licence")
        dcc(entry, "role", person.role)
        if person.role == "signatory":
            dcc(entry, "mainSigner", "true")


def _statements(admin: Element, c: CertificateContent) -> None:
    box = dcc(admin, "statements")
    text(statement(box, "qh_title", L.TITLE), "declaration", c.title)
    _verdict(box, c)
    for reason in c.reasons:
        text(statement(box, "qh_reason", L.REASON), "declaration", reason)
    if c.valid_until is not None:
        dcc(statement(box, "qh_validUntil", L.VALID_UNTIL), "date", c.valid_until.isoformat())
    place = L.PLACE_OTHER if c.kind in L.OTHER_KINDS else L.PLACE
    text(statement(box, "qh_place", place), "declaration", c.place.text)
    if c.customer.authorisation:
        dcc(statement(box, "qh_customerAuthorisation", L.AUTHORISATION), "reference", c.customer.authorisation)
    act = statement(box, "qh_signatureAct", L.SIGNATURE_ACT)
    dcc(act, "reference", c.signature_act.factor)
    text(act, "declaration", c.signature_act.meaning)
    dcc(act, "date", c.signature_act.at.date().isoformat())
    authority = dcc(act, "data")
    for label, value in ((L.SIGNATORY, c.signature_act.signatory), (L.SIGNED_AT, _utc(c))):
        entry = dcc(authority, "quantity", ref="qh_signatory" if label is L.SIGNATORY else "qh_signedAt")
        text(entry, "name", label)
        text(entry, "noQuantity", value)
    dcc(statement(box, "qh_publicPage", L.PUBLIC_PAGE), "link", c.public_url)
    if c.traceability is not None:
        text(statement(box, "qh_traceability", L.TRACEABILITY), "declaration", c.traceability)
    for note in c.unverified:
        entry = statement(box, "qh_unverified", L.UNVERIFIED)
        dcc(entry, "reference", note.source)
        text(entry, "declaration", note.what)
    for words in c.statements:
        text(statement(box, "qh_statement"), "declaration", words)


def _verdict(box: Element, c: CertificateContent) -> None:
    entry = statement(box, "basic_conformity qh_conclusion", L.CONCLUSION)
    dcc(entry, "norm", c.norm.number)
    declaration = dcc(entry, "declaration")
    content(declaration, Words(zh=c.conclusion.zh, en=c.conclusion.en))
    if c.verdict is not None:
        dcc(entry, "conformity", c.verdict)


def _utc(c: CertificateContent) -> str:
    return c.signature_act.at.strftime("%Y-%m-%dT%H:%M:%SZ")
