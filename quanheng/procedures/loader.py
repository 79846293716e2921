"""Reads procedure files as hostile YAML (text only, no aliases, no tags, bounded); checks form, names, formulas."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from quanheng.errors import InputError
from quanheng.procedures.checking import check_names
from quanheng.procedures.hashing import canonical
from quanheng.procedures.schema import Procedure

MAX_BYTES = 512 * 1024
MAX_DEPTH = 24


class _TextLoader(yaml.CSafeLoader):
    """Every scalar is text except null, so that 1.0 keeps its zero and `no` stays a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(set(map(str, keys))) != len(keys):
            raise yaml.YAMLError(f"a key stands twice, line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


_TextLoader.yaml_implicit_resolvers = {}
_TextLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|)$"), ["n", ""])
_TextLoader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag in {f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map", "null")}
}


def _refuse_tricks(text: str) -> None:
    """Aliases, which let few bytes stand for many, and depth."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth >= MAX_DEPTH:
            raise yaml.YAMLError("nested too deeply")


class Loaded:
    """A checked procedure with the canonical bytes of its content and their hash."""

    def __init__(self, procedure: Procedure, content: dict[str, Any]) -> None:
        self.procedure = procedure
        self.content = content
        self.canonical = canonical(content)
        self.sha256 = hashlib.sha256(self.canonical).hexdigest()


def load_text(text: str, place: str = "") -> Loaded:
    """A procedure from YAML text; InputError names the line or the field."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InputError("procedure_too_large", f"a procedure file is at most {MAX_BYTES} bytes", place)
    try:
        _refuse_tricks(text)
        content = yaml.load(text, Loader=_TextLoader)  # noqa: S506 (a SafeLoader with fewer types)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError("procedure_unreadable", f"the file is not plain YAML: {error}", place) from error
    return load_content(content, place)


def load_content(content: Any, place: str = "") -> Loaded:
    """A procedure from a tree of text, as it stands in a stored record."""
    if not isinstance(content, dict):
        raise InputError("procedure_form", "a procedure file is a mapping", place)
    try:
        procedure = Procedure.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        message = f"{error.error_count()} fields do not fit; first {path}: {first['msg']}"
        raise InputError("procedure_form", message, f"{place} {path}".strip()) from error
    check_names(procedure)
    return Loaded(procedure, content)


def load_file(path: Path) -> Loaded:
    """A procedure from a file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("procedure_too_large", f"a procedure file is at most {MAX_BYTES} bytes", str(path))
        return load_text(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("unreadable", f"the file cannot be read: {type(error).__name__}", str(path)) from error


def library_folder() -> Path:
    """Where the procedures of this release lie."""
    return Path(str(resources.files("quanheng"))) / "library" / "procedures"


def procedure_ids() -> list[str]:
    """Identifiers of the procedures of this release."""
    return sorted(path.stem for path in library_folder().glob("*.yaml"))


@functools.cache
def load(identifier: str) -> Loaded:
    """A procedure of the library by its identifier."""
    if identifier not in procedure_ids():
        known: Iterable[str] = procedure_ids()
        raise InputError("procedure_unknown", f"use one of {', '.join(known)}", identifier)
    loaded = load_file(library_folder() / f"{identifier}.yaml")
    if loaded.procedure.id != identifier:
        raise InputError("procedure_form", "file name and id differ", identifier)
    return loaded
