"""The installed schemas: taken from a folder, recognised by their pinned hashes, linked among themselves.

The schemas are LGPL-3.0 files of PTB and are not shipped. A file is recognised by the SHA-256 of its canonical form
without comments and ``schemaLocation``, because the addresses in there differ between copies of the same schema.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lxml import etree

from quanheng.errors import InputError
from quanheng.evidence.dcc import codes, names
from quanheng.evidence.dcc.schema_pins import PINS

_XS = "{http://www.w3.org/2001/XMLSchema}"
_QUDT = "http://qudt.org/vocab/"
_MAX = 4 * 1024 * 1024


@dataclass(frozen=True)
class Added:
    """What became of one file: ``role`` is its place in the store, empty where no pin knows it."""

    file: str
    role: str
    sha256: str


def default_folder() -> Path:
    """Where ``quanheng dcc schemas add`` installs."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "quanheng" / "dcc-schemas"


def add(folder: Path, store: Path | None = None) -> tuple[Added, ...]:
    """Install every schema of a folder that a pin knows; the others are named and left out."""
    store = store or default_folder()
    files = sorted(p for p in folder.rglob("*.xsd") if p.is_file())
    if not files:
        raise InputError("schema_dir", "the folder holds no .xsd file", str(folder))
    added: list[Added] = []
    for file in files:
        root = _parse(file)
        digest = fingerprint(root)
        role = PINS.get(digest, "")
        added.append(Added(str(file), role, digest))
        if role:
            _install(root, role, store)
    return tuple(added)


def installed(store: Path | None = None) -> tuple[str, ...]:
    """Roles that are present and still what they were."""
    store = store or default_folder()
    return tuple(
        role for role in sorted(set(PINS.values())) if (store / role).is_file() and _pinned(store / role, role)
    )


def is_official(path: Path, folder: Path) -> bool:
    """Whether a schema and everything it imports carry pinned hashes."""
    return all(_pinned(file) for file in _reached(path, folder))


def fingerprint(root: etree._Element) -> str:
    """SHA-256 of the C14N form without comments and ``schemaLocation``."""
    copy = etree.fromstring(etree.tostring(root))
    for element in copy.iter(etree.Element):
        element.attrib.pop("schemaLocation", "")
    canonical = etree.tostring(copy, method="c14n", with_comments=False)
    return hashlib.sha256(canonical).hexdigest()


@lru_cache(maxsize=128)
def _pinned(path: Path, role: str | None = None) -> bool:
    found = PINS.get(fingerprint(_parse(path)))
    return found is not None and (role is None or found == role)


@lru_cache(maxsize=64)
def _reached(path: Path, folder: Path) -> tuple[Path, ...]:
    waiting, seen = [path], {path}
    while waiting:
        current = waiting.pop()
        for location in _locations(_parse(current)):
            target = (current.parent / location).resolve()
            if target not in seen and target.is_relative_to(folder) and target.is_file():
                seen.add(target)
                waiting.append(target)
    return tuple(sorted(seen))


def _locations(root: etree._Element) -> Iterator[str]:
    for element in root.iter(f"{_XS}import", f"{_XS}include", f"{_XS}redefine"):
        location = element.get("schemaLocation")
        if location:
            yield location


def _parse(path: Path) -> etree._Element:
    try:
        if path.stat().st_size > _MAX:
            raise InputError("too_large", "the file is too large for a schema", str(path))
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
        return etree.fromstring(path.read_bytes(), parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise InputError(
            "schema_unusable", f"the schema cannot be used: {str(error).splitlines()[0]}", str(path)
        ) from None


def _install(root: etree._Element, role: str, store: Path) -> None:
    """Written whole or not at all, with the addresses of what it imports inside the store."""
    up = "../" if "/" in role else ""
    version = role.split("/")[0].removeprefix("v")
    for element in root.iter(f"{_XS}import"):
        target = {
            names.SI: f"dsi/v{codes.RELEASES.get(version, '')}.xsd",
            names.DS: "xmldsig-core-schema.xsd",
            _QUDT: "qudt/v2.2.1.xsd",
        }.get(element.get("namespace") or "")
        if target:
            element.set("schemaLocation", up + target)
    path = store / role
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    part.replace(path)
