"""Reading a DCC of any version from 2.3 to 3.3: by namespace and name, taking what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from quanheng.evidence.dcc import certificate as m
from quanheng.evidence.dcc import names, nearly, safe
from quanheng.evidence.dcc.read_quantity import quantities
from quanheng.evidence.dcc.read_tables import tables_in
from quanheng.evidence.dcc.walk import child, children, flag, idents, refs, text, texts, value, values


def read(data: bytes, place: str = "") -> m.Certificate:
    """The certificate in a file's bytes; InputError where it is no DCC at all."""
    return read_root(safe.parse(data, place), place)


def read_damaged(data: bytes, place: str = "") -> tuple[m.Certificate, tuple[safe.Problem, ...]]:
    """As ``read``, but of a damaged file what is left of it, and what is wrong."""
    parsed = safe.parse_damaged(data, place)
    return read_root(parsed.root, place), parsed.problems


def read_root(root: etree._Element, place: str = "") -> m.Certificate:
    """The certificate below a parsed root, such as the signed subtree a verifier returned."""
    nearly.mend(root, place)
    admin = child(root, "administrativeData")
    laboratory = child(admin, "calibrationLaboratory")
    return m.Certificate(
        version=(root.get("schemaVersion") or "").strip(),
        core=_core(child(admin, "coreData")),
        software=tuple(_software(e) for e in children(child(admin, "dccSoftware"), "software")),
        items=tuple(_items(child(admin, "items"))),
        laboratory=_contact(child(laboratory, "contact")),
        laboratory_code=value(laboratory, "calibrationLaboratoryCode"),
        people=tuple(_person(e) for e in children(child(admin, "respPersons"), "respPerson")),
        customer=_contact(child(admin, "customer")),
        statements=tuple(_statement(e) for e in children(child(admin, "statements"), "statement")),
        measurements=tuple(_measurements(child(root, "measurementResults"))),
        comment=_comment(child(root, "comment")),
        attachments=tuple(_attachments(root)),
        signatures=len(root.findall(names.SIGNATURE)),
    )


def _core(core: etree._Element | None) -> m.Core:
    change = child(core, "reportAmendedSubstituted")
    return m.Core(
        unique_identifier=value(core, "uniqueIdentifier"),
        country=value(core, "countryCodeISO3166_1"),
        languages=values(core, "usedLangCodeISO639_1"),
        mandatory_languages=values(core, "mandatoryLangCodeISO639_1"),
        begin=value(core, "beginPerformanceDate"),
        end=value(core, "endPerformanceDate"),
        issued=value(core, "issueDate"),
        received=value(core, "receiptDate"),
        place=value(core, "performanceLocation"),
        identifications=idents(core),
        replaces=value(change, "replacedUniqueIdentifier"),
        type_of_change=value(change, "typeOfChange"),
        previous=_hash(child(core, "previousReport")),
    )


def _hash(element: etree._Element | None) -> m.Hash | None:
    if element is None:
        return None
    return m.Hash(
        referral=texts(element, "referral"),
        number=value(element, "referralID"),
        procedure=value(element, "procedure"),
        value=value(element, "value"),
        description=texts(element, "description"),
        in_validity_range=flag(element, "inValidityRange"),
        traceable=flag(element, "traceable"),
    )


def _software(e: etree._Element) -> m.Software:
    return m.Software(texts(e, "name"), value(e, "release"), texts(e, "description"), refs(e))


def _items(box: etree._Element | None) -> Iterator[m.Item]:
    """Every item, those inside sub-items of 3.3 too."""
    for e in children(box, "item"):
        yield m.Item(
            name=texts(e, "name"),
            description=texts(e, "description"),
            manufacturer=texts(child(e, "manufacturer"), "name"),
            model=value(e, "model"),
            identifications=idents(e),
            quantities=tuple(q for box in children(e, "itemQuantities") for q in quantities(box, "itemQuantity")),
            id=e.get("id") or "",
        )
        yield from _items(child(e, "subItems"))


def _contact(e: etree._Element | None) -> m.Contact | None:
    if e is None:
        return None
    location = child(e, "location")
    parts: list[str] = []
    for part in location if location is not None else ():
        if names.local(part.tag) == "further":
            parts += [t for t in texts(location, "further").values() if t not in parts]
        elif isinstance(part.tag, str) and names.local(part.tag) not in {"countryCode", "positionCoordinates"}:
            parts.append(text(part))
    country = value(location, "countryCode")
    return m.Contact(texts(e, "name"), value(e, "eMail"), value(e, "phone"), tuple(p for p in parts if p), country)


def _person(e: etree._Element) -> m.Person:
    return m.Person(
        name=texts(child(e, "person"), "name"),
        role=value(e, "role"),
        main_signer=bool(flag(e, "mainSigner")),
        description=texts(e, "description"),
        ref_types=refs(e),
    )


def _statement(e: etree._Element) -> m.Statement:
    return m.Statement(
        name=texts(e, "name"),
        ref_types=refs(e),
        declaration=texts(e, "declaration"),
        norms=values(e, "norm"),
        references=values(e, "reference"),
        links=values(e, "link"),
        date=value(e, "date"),
        conformity=tuple((value(e, "conformity") or value(e, "conformityXMLList")).split()),
        valid=tuple((value(e, "valid") or value(e, "validXMLList")).split()),
        quantities=_all_quantities(child(e, "data")),
        convention=value(e, "convention"),
        traceable=flag(e, "traceable"),
        period=value(e, "period"),
        non_si=" = ".join(x for x in (value(e, "nonSIUnit"), value(e, "nonSIDefinition")) if x),
    )


def _measurements(box: etree._Element | None) -> Iterator[m.Measurement]:
    """Since 3.3 methods, equipment and conditions may be common to all results."""
    for e in children(box, "measurementResult"):
        both = [part for part in (box, e) if part is not None]
        yield m.Measurement(
            name=texts(e, "name"),
            methods=tuple(_method(x) for p in both for x in children(child(p, "usedMethods"), "usedMethod")),
            equipment=tuple(_equipments(both, e)),
            influences=tuple(
                _influence(x) for p in both for x in children(child(p, "influenceConditions"), "influenceCondition")
            ),
            results=tuple(_result(x) for x in children(child(e, "results"), "result")),
        )


def _equipments(both: list[etree._Element], measurement: etree._Element) -> Iterator[m.Equipment]:
    """Stated for the measurement, or for single quantities of its results."""
    for part in both:
        for x in children(child(part, "measuringEquipments"), "measuringEquipment"):
            yield _equipment(x)
    results = child(measurement, "results")
    for x in results.iter(f"{{{names.DCC}}}measuringEquipment") if results is not None else ():
        yield _equipment(x)


def _method(e: etree._Element) -> m.Method:
    return m.Method(texts(e, "name"), texts(e, "description"), values(e, "norm"), values(e, "reference"), refs(e))


def _equipment(e: etree._Element) -> m.Equipment:
    return m.Equipment(
        name=texts(e, "name"),
        ref_types=refs(e),
        manufacturer=texts(child(e, "manufacturer"), "name"),
        model=value(e, "model"),
        identifications=idents(e),
        certificate=_hash(child(e, "certificate")),
        quantities=tuple(quantities(child(e, "measuringEquipmentQuantities"), "measuringEquipmentQuantity")),
        id=e.get("id") or "",
    )


def _influence(e: etree._Element, name: m.Texts | None = None) -> m.Influence:
    data = child(e, "data")
    own = texts(e, "name")
    if name:
        own = {lang: f"{m.pick(name, lang)}: {words}" for lang, words in own.items()}
    words = tuple(found for found in (texts(x) for x in children(data, "text")) if found)
    found = _all_quantities(data)
    return m.Influence(own, texts(e, "description"), refs(e), found, value(e, "status"), words)


def _all_quantities(data: etree._Element | None) -> tuple[m.Quantity, ...]:
    """Those of the lists too; a quantity of a named list carries that name before its own."""
    found = list(quantities(data, "quantity"))
    for table in tables_in(data):
        found += [replace(q, name=_within(table.name, q.name)) for q in table.columns]
    return tuple(found)


def _within(outer: m.Texts, inner: m.Texts) -> m.Texts:
    if not outer or not inner:
        return inner or outer
    return {lang: f"{m.pick(outer, lang)} {words}" for lang, words in inner.items()}


def _result(e: etree._Element) -> m.Result:
    data = child(e, "data")
    tables = list(tables_in(data))
    single = tuple(quantities(data, "quantity"))
    if single:
        tables.insert(0, m.Table({}, (), single))
    words = tuple(found for found in (texts(x) for x in children(data, "text")) if found)
    return m.Result(
        texts(e, "name"),
        texts(e, "description"),
        refs(e),
        tuple(tables),
        words,
        tuple(_formulas(data)),
        tuple(_attachment(x) for x in children(data, "byteData")),
        tuple(names.local(x.tag) for box in children(data, "xml") for x in box if isinstance(x.tag, str)),
        tuple(_own_conditions(data)),
    )


def _own_conditions(data: etree._Element | None) -> Iterator[m.Influence]:
    """Conditions that hold for one quantity of a result, with its name before theirs."""
    for e in data.iter(f"{{{names.DCC}}}influenceCondition") if data is not None else ():
        holder = next((x for x in e.iterancestors() if names.local(x.tag) in {"quantity", "list"}), None)
        yield _influence(e, texts(holder, "name") if holder is not None else None)


def _formulas(data: etree._Element | None) -> Iterator[str]:
    """LaTeX as written; MathML by its signs alone."""
    for e in children(data, "formula"):
        latex, mathml = value(e, "latex"), child(e, "mathml")
        signs = (
            " ".join(" ".join(t for t in mathml.itertext() if isinstance(t, str)).split()) if mathml is not None else ""
        )
        if latex or signs:
            yield (latex or signs)[:2000]


def _comment(e: etree._Element | None) -> str:
    return " ".join("".join(t for t in e.itertext() if isinstance(t, str)).split())[:2000] if e is not None else ""


def _attachments(root: etree._Element) -> Iterator[m.Attachment]:
    for tag in ("document", "file", "byteData", "descriptionData"):
        for e in root.iter(f"{{{names.DCC}}}{tag}"):
            yield _attachment(e)


def _attachment(e: etree._Element) -> m.Attachment:
    return m.Attachment(value(e, "fileName"), value(e, "mimeType"), len(value(e, "dataBase64")))
