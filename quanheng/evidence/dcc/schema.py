"""The official schemas, read from a folder on this machine and from nowhere else."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from lxml import etree

from quanheng.errors import InputError
from quanheng.evidence.dcc import codes, names
from quanheng.evidence.dcc.in_chinese import chinese
from quanheng.evidence.dcc.schema_store import default_folder, is_official
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import line_of

ENVIRONMENT = "QUANHENG_DCC_SCHEMAS"

# beyond this many a person reads no more, and a hostile file could fill a disk
MOST_ERRORS = 500
LONGEST = 600

State = Literal["found", "missing", "not_applied", "unusable"]


@dataclass(frozen=True)
class SchemaError:
    line: int
    message: str
    # a strict wildcard (MathML, foreign XML) the schema folder has no schema for is no fault of the file
    foreign: bool = False
    path: str = ""

    @property
    def zh(self) -> str:
        return chinese(self.message)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "message_zh": self.zh}


@dataclass(frozen=True)
class SchemaResult:
    """``valid`` is None where no schema could be applied."""

    state: State
    version: str
    valid: bool | None
    errors: tuple[SchemaError, ...] = field(default=())
    # whether the schema files are, byte for meaning, those the publisher released
    official: bool | None = None

    def as_json(self) -> dict[str, Any]:
        errors = [e.as_json() for e in self.errors]
        return {"state": self.state, "valid": self.valid, "official": self.official, "errors": errors}


class _FolderOnly(etree.Resolver):
    """Answers only for files inside the schema folder; anything else is refused instead of fetched."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def resolve(self, system_url: str, public_id: str, context: object = None) -> object:
        path = Path((system_url or "").removeprefix("file://")).resolve()
        if path.is_relative_to(self._folder) and path.is_file():
            return self.resolve_filename(str(path), context)  # type: ignore[attr-defined]
        raise etree.XMLSchemaParseError(f"schema {system_url} lies outside the schema folder")


@lru_cache(maxsize=32)
def _compiled(path: Path, folder: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    parser.resolvers.add(_FolderOnly(folder))
    return etree.XMLSchema(etree.parse(str(path), parser))


class _Unknown(Exception):
    """No schema of this version lies in the folder; kept out of the cache, since it may be installed later."""


@lru_cache(maxsize=64)
def _ready(version: str, schema_dir: Path) -> tuple[etree.XMLSchema, bool]:
    """The compiled schema of a version, and whether it is the publisher's."""
    path = path_of(version, schema_dir)
    if path is None:
        raise _Unknown
    try:
        schema = _compiled(path, schema_dir.resolve())
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError, OSError) as error:
        raise InputError(
            "schema_unusable", f"the schema cannot be used: {str(error).splitlines()[0]}", str(path)
        ) from None
    return schema, is_official(path, schema_dir.resolve())


def check(root: etree._Element | Tree, schema_dir: Path | None) -> SchemaResult:
    """The verdict of the XSD of the version the file declares, and of the IDREF rules libxml2 does not apply."""
    tree = root if isinstance(root, Tree) else Tree(root)
    version = codes.meant(tree.root.get("schemaVersion") or "")
    if version in codes.WITHOUT_USABLE_SCHEMA:
        return SchemaResult("unusable", version, None)
    try:
        if schema_dir is None:
            raise _Unknown
        schema, official = _ready(version, schema_dir)
    except _Unknown:
        return SchemaResult("missing", version, None)
    valid = schema.validate(tree.root)
    errors = [] if valid else [_error(entry) for entry in schema.error_log]  # type: ignore[attr-defined]
    errors += _identifiers(tree, {e.line for e in errors if "xs:ID" in e.message})
    sound = not any(not e.foreign for e in errors)
    if len(errors) > MOST_ERRORS:
        more = f"{len(errors) - MOST_ERRORS} more errors are not listed"
        errors = [*errors[:MOST_ERRORS], SchemaError(0, more, foreign=sound)]
    return SchemaResult("found", version, sound, tuple(errors), official)


def folder_or_default(given: Path | None) -> Path | None:
    """The folder named on the command line, else by the environment, else what ``dcc schemas add`` installed."""
    named = os.environ.get(ENVIRONMENT)
    folder = given or (Path(named) if named else None)
    if folder is not None:
        if not folder.is_dir():
            raise InputError("schema_dir", "the schema folder does not exist", str(folder))
        return folder
    return default_folder() if default_folder().is_dir() else None


def path_of(version: str, schema_dir: Path | None) -> Path | None:
    if schema_dir is None or not re.fullmatch(r"\d+\.\d+\.\d+(-rc\.\d+)?", version):
        return None
    path = schema_dir.resolve() / f"v{version}" / "dcc.xsd"
    return path if path.is_file() else None


def _error(entry: etree._LogEntry) -> SchemaError:
    message = " ".join(entry.message.replace(f"{{{names.DCC}}}", "dcc:").replace(f"{{{names.SI}}}", "si:").split())
    foreign = "No matching global element declaration available, but demanded by the strict wildcard" in message
    message = message if len(message) <= LONGEST else f"{message[:LONGEST]}…"
    return SchemaError(entry.line, message, foreign, str(getattr(entry, "path", "") or ""))


def _identifiers(tree: Tree, told: set[int]) -> list[SchemaError]:
    """Every IDREF answered, which libxml2 leaves unchecked; ID unique, where it has not said so itself."""
    seen = set(tree.ids)
    if len(seen) == len(tree.ids) and tree.pointed <= seen:
        return []
    errors: list[SchemaError] = []
    seen.clear()
    for element in tree.marked("id"):
        own, line = (element.get("id") or "").strip(), line_of(element)
        if own and own in seen and line not in told:
            errors.append(SchemaError(line, f"the id {own!r} is used twice"))
        seen.add(own)
    for element in tree.marked("refId"):
        lost = [ref for ref in (element.get("refId") or "").split() if ref not in seen]
        errors += [SchemaError(line_of(element), f"refId {ref!r} points at no id") for ref in lost]
    return errors
