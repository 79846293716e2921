"""The JSON of PTB's dcc-json-toolkit, both ways: the same converter over the same schemas, without the network.

Numbers become JSON numbers there, so trailing zeros are lost; our own JSON (``dcc show --json``) keeps the text.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import xmlschema
from lxml import etree

from quanheng.errors import InputError
from quanheng.evidence.dcc import names, safe
from quanheng.evidence.dcc.schema import path_of

_PREFIXES = {"dcc": names.DCC, "si": names.SI, "ds": names.DS, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
_MAX_JSON = 64 * 1024 * 1024


def to_dict(data: bytes, schema_dir: Path | None, place: str = "") -> dict[str, Any]:
    """The certificate as the toolkit's dictionary; what the schema does not cover is converted as far as it goes."""
    root = safe.parse(data, place)
    schema = _schema((root.get("schemaVersion") or "").strip(), schema_dir, place)
    # UTF-8 whatever the file's own encoding, and no address that could be followed
    source = xmlschema.XMLResource(etree.tostring(root, encoding="UTF-8"), allow="none", defuse="always")
    found, _ = schema.to_dict(source, validation="lax")
    if not isinstance(found, dict):
        raise InputError("not_dcc", "the file cannot be converted by its schema", place)
    return found


def from_json(data: bytes, schema_dir: Path | None, place: str = "") -> bytes:
    """XML from the toolkit's JSON; InputError names the first thing that does not fit the schema."""
    if len(data) > _MAX_JSON:
        raise InputError("too_large", "the JSON is too large", place)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError("unreadable", "the file is not JSON", place) from None
    if not isinstance(found, dict) or not isinstance(found.get("@schemaVersion"), str):
        raise InputError("not_dcc", "the JSON has no @schemaVersion: it is not the form of dcc-json-toolkit", place)
    schema = _schema(found["@schemaVersion"], schema_dir, place)
    # numbers were rewritten on the way, so that no signature could still fit
    found = {key: value for key, value in found.items() if key != "ds:Signature"}
    for prefix, uri in _PREFIXES.items():
        ElementTree.register_namespace(prefix, uri)
    try:
        element = schema.encode(found, validation="strict", namespaces=_PREFIXES)
    except (xmlschema.XMLSchemaException, ValueError, TypeError, KeyError) as error:
        reason = str(getattr(error, "reason", "") or error).splitlines()[0][:200]
        raise InputError("not_dcc", f"the JSON does not fit the schema: {reason}", place) from None
    return bytes(ElementTree.tostring(element, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _schema(version: str, schema_dir: Path | None, place: str) -> Any:
    path = path_of(version, schema_dir)
    if path is None:
        message = f"there is no schema of version {version!r}: --schema-dir, or `quanheng dcc schemas add DIR`"
        raise InputError("schema_missing", message, place)
    return _loaded(path)


@lru_cache(maxsize=8)
def _loaded(path: Path) -> Any:
    try:
        return xmlschema.XMLSchema(str(path), allow="local", defuse="always")
    except (xmlschema.XMLSchemaException, OSError, ValueError) as error:
        raise InputError(
            "schema_unusable", f"the schema cannot be used: {str(error).splitlines()[0]}", str(path)
        ) from None
