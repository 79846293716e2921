"""Who, for whom and on what: version, software, country, laboratory, customer, items, people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc import codes, names
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import child, children, flag, selected, text, value

_RELEASE = re.compile(r"\d")
# whether there is any word at all, in an element or in its name: asked of the parser's library, which is quick
_SPACES = {"d": names.DCC}
_RELEASES = etree.XPath("d:dccSoftware/d:software/d:release", namespaces=_SPACES)
_WORDS = etree.XPath("boolean(normalize-space(.))")
_NAME = etree.XPath("boolean(d:name[normalize-space(.)])", namespaces=_SPACES)
_PLACE = etree.XPath("boolean(d:location/*[* or normalize-space(.)])", namespaces=_SPACES)
_COUNTRY = etree.XPath("boolean(d:location/d:countryCode[* or normalize-space(.)])", namespaces=_SPACES)
_PERSON = etree.XPath("boolean(d:person/d:name[normalize-space(.)])", namespaces=_SPACES)
# a whole chapter in order: then nobody need walk through it to find nothing
_CONTACT = "d:name[normalize-space(.)] and d:location/d:countryCode[* or normalize-space(.)]"
_ITEM = "d:name[normalize-space(.)] and d:identifications[1]/d:identification/d:value[normalize-space(.)]"
_SIGNER = "d:mainSigner[1][normalize-space(.)='true' or normalize-space(.)='1']"
_COMPLETE = etree.XPath(
    f"""boolean(d:customer[1][{_CONTACT}] and d:calibrationLaboratory[1]/d:contact[1][{_CONTACT}]
        and d:items[1]/d:item and not(d:items[1]/d:item[not({_ITEM})])
        and (not(d:respPersons[1]/d:respPerson) or d:respPersons[1]/d:respPerson[{_SIGNER}])
        and not(d:respPersons[1]/d:respPerson[not(d:person/d:name[normalize-space(.)])]))""",
    namespaces=_SPACES,
)


def check(tree: Tree) -> Iterator[Finding]:
    root = tree.root
    admin = tree.admin
    yield from _version(root)
    if admin is None:
        yield finding(root, "admin_missing", "error", ("没有管理数据", "there are no administrative data"))
        return
    yield from _software(admin)
    yield from _core(tree, admin)
    if _COMPLETE(admin):
        return
    laboratory = child(child(admin, "calibrationLaboratory"), "contact")
    for label, zh, element in (("customer", "委托方", child(admin, "customer")), ("laboratory", "实验室", laboratory)):
        yield from _contact(admin, label, zh, element)
    yield from _items(admin)
    yield from _people(admin)


def _version(root: etree._Element) -> Iterator[Finding]:
    written = root.get("schemaVersion") or ""
    version = codes.meant(written)
    if version != written and version in codes.RELEASES:
        words = f"版本写成“{written}”，按 {version} 检查", f"the version is written {written!r}; checked as {version}"
        yield finding(root, "version_written", "error", words, version)
    if version in codes.RELEASES:
        if version != codes.LATEST:
            words = f"版本 {version} 不是最新的 {codes.LATEST}", f"version {version} is not the latest, {codes.LATEST}"
            yield finding(root, "version_old", "info", words)
        return
    known = ", ".join(v for v in codes.RELEASES if v >= "2.3")
    if not version:
        words = "没有写版本（schemaVersion）", "no version is stated (schemaVersion)"
        yield finding(root, "version_missing", "error", words, known)
    elif (codes.version_of(version) or ()) > (codes.version_of(codes.LATEST) or ()):
        words = (
            f"版本 {version} 比本软件认识的 {codes.LATEST} 新：内容照读，架构须另给",
            f"the version {version} is newer than {codes.LATEST}, the latest known here; give its schema",
        )
        yield finding(root, "version_unknown", "warning", words, f"--schema-dir DIR (DIR/v{version}/dcc.xsd)")
    else:
        words = f"版本“{version}”未曾发布", f"the version {version!r} was never released"
        yield finding(root, "version_unknown", "warning", words, known)


def _software(admin: etree._Element) -> Iterator[Finding]:
    for release in selected(_RELEASES, admin):
        if not _RELEASE.search(text(release)):
            words = f"软件版本“{text(release)}”里没有数字", f"the software release {text(release)!r} has no number"
            yield finding(release, "software_release", "info", words, "1.2.3")


def _core(tree: Tree, admin: etree._Element) -> Iterator[Finding]:
    core = tree.core
    if core is None:
        yield finding(admin, "core_missing", "error", ("没有核心数据", "there are no core data"))
        return
    if not value(core, "uniqueIdentifier"):
        yield finding(core, "number_missing", "error", ("没有证书编号", "the certificate has no unique identifier"))
    for element in (*children(core, "countryCodeISO3166_1"), *tree.dcc("countryCode")):
        if element.text in codes.COUNTRIES:
            continue
        code = text(element)
        if code not in codes.COUNTRIES:
            words = f"“{code}”不是 ISO 3166-1 国家代码", f"{code!r} is no ISO 3166-1 country code"
            upper = {"UK": "GB"}.get(code.upper(), code.upper())
            yield finding(element, "country_code", "error", words, upper if upper in codes.COUNTRIES else "")


def _contact(admin: etree._Element, label: str, zh: str, element: etree._Element | None) -> Iterator[Finding]:
    if element is None:
        yield finding(admin, f"{label}_missing", "error", (f"没有{zh}", f"there is no {label}"))
        return
    if not _WORDS(element):
        yield finding(element, f"{label}_empty", "error", (f"{zh}信息为空", f"the {label} is empty"))
        return
    if not _NAME(element):
        yield finding(element, f"{label}_name", "error", (f"{zh}没有名称", f"the {label} has no name"))
    if not _PLACE(element):
        yield finding(
            element, f"{label}_address", "warning", (f"{zh}没有地址", f"the {label} has no address"), "location"
        )
    elif not _COUNTRY(element):
        words = f"{zh}地址没有国家代码", f"the address of the {label} has no country code"
        yield finding(element, f"{label}_country", "info", words, "countryCode")


def _items(admin: etree._Element) -> Iterator[Finding]:
    found = list(children(child(admin, "items"), "item"))
    if not found:
        yield finding(admin, "item_missing", "error", ("没有被测件", "there is no item"))
    for item in found:
        if not _NAME(item):
            yield finding(item, "item_name", "error", ("被测件没有名称", "the item has no name"))
        if not any(value(i, "value") for i in children(child(item, "identifications"), "identification")):
            words = "被测件没有任何编号", "the item carries no identification"
            remedy = ("至少写出厂编号或委托方编号", "give the serial number or the customer's number")
            yield finding(item, "item_identification", "warning", words, remedy)


def _people(admin: etree._Element) -> Iterator[Finding]:
    people = list(children(child(admin, "respPersons"), "respPerson"))
    box = child(admin, "respPersons")
    for person in people:
        if not _PERSON(person):
            yield finding(person, "person_name", "error", ("负责人没有姓名", "the responsible person has no name"))
    if people and box is not None and not any(flag(p, "mainSigner") for p in people):
        words = "没有指明主签发人", "no responsible person is named as main signer"
        yield finding(box, "main_signer", "info", words, "mainSigner = true")
