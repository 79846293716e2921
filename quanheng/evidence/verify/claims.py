"""What a signed DCC says about itself: claims, read only from the subtree that was verified."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.verify.words import Statement

_DCC = {"dcc": "https://ptb.de/dcc"}
_PATHS = (
    ("number", "dcc:administrativeData/dcc:coreData/dcc:uniqueIdentifier"),
    ("issuer", "dcc:administrativeData/dcc:calibrationLaboratory/dcc:contact/dcc:name/dcc:content"),
    ("issued_on", "dcc:administrativeData/dcc:coreData/dcc:issueDate"),
    ("performed_on", "dcc:administrativeData/dcc:coreData/dcc:endPerformanceDate"),
    ("customer", "dcc:administrativeData/dcc:customer/dcc:name/dcc:content"),
)
_LISTS = (
    ("item", "dcc:administrativeData/dcc:items/dcc:item/dcc:name"),
    (
        "standard",
        "dcc:measurementResults/dcc:measurementResult/dcc:measuringEquipments/dcc:measuringEquipment/dcc:name",
    ),
)
_MOST = 20


def claims(root: etree._Element) -> Iterator[Statement]:
    """One statement for each thing that the certificate names."""
    for name, path in _PATHS:
        element = root.find(path, _DCC)
        if element is not None and (element.text or "").strip():
            yield Statement("claim", {"name": name, "value": element.text or ""})
    for name, path in _LISTS:
        for element in root.findall(path, _DCC)[:_MOST]:
            content = element.find("dcc:content", _DCC)
            if content is not None and (content.text or "").strip():
                yield Statement("claim", {"name": name, "value": content.text or ""})
