"""Recomputes a stored result from its raw record and says where the two differ, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.errors import InputError
from quanheng.procedures.engine import run
from quanheng.procedures.loader import Loaded, load, load_content
from quanheng.procedures.records import shaped

COMPARED = ("verdict", "results", "reasons", "findings", "rounding")
# What later releases say besides or in better words: a result stored before has it not or says it otherwise.
ADDED = ("accept_low", "accept_high")
WORDS = ("zh", "en")


def store(procedure: Loaded | str, record: Mapping[str, Any]) -> dict[str, Any]:
    """What a certificate keeps so that it can be recomputed: the procedure's content, the record, the result."""
    loaded = load(procedure) if isinstance(procedure, str) else procedure
    result = run(loaded, record).to_json()
    return {"procedure": loaded.procedure.id, "content": loaded.content, "record": dict(record), "result": result}


def replay(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Recompute a stored result.

    Parameters
    ----------
    stored : mapping
        ``{record, result}``, with ``content`` where the procedure's own content was kept (see :func:`store`). Without
        it the procedure of this release with the same identifier is used.

    Returns
    -------
    dict
        ``{same, verdict, differences: [{path, stored, recomputed}], procedure, record, software}``, the last three as
        ``{stored, recomputed, same}`` hashes. `same` is true where the verdict and every rounded result are the same
        bytes and the record is the one that was hashed.
    """
    record, result = stored.get("record"), stored.get("result")
    if not isinstance(record, dict) or not isinstance(result, dict) or not isinstance(result.get("hashes"), dict):
        raise InputError("stored_form", "a stored result holds record and result with hashes", "")
    shaped(record)
    loaded = _procedure(stored, record)
    again = run(loaded, record).to_json()
    differences: list[dict[str, Any]] = []
    for key in COMPARED:
        _compare(result.get(key), _told(key, result.get(key), _plain(again[key])), key, differences)
    hashes = {name: _hash(result["hashes"], again["hashes"], name) for name in ("procedure", "record", "software")}
    same = not differences and hashes["record"]["same"]
    return {"same": same, "verdict": again["verdict"], "differences": differences, **hashes}


def _procedure(stored: Mapping[str, Any], record: Mapping[str, Any]) -> Loaded:
    if stored.get("content") is not None:
        return load_content(stored["content"], "content")
    return load(str(record.get("procedure", "")))


def _hash(stored: Mapping[str, Any], again: Mapping[str, Any], name: str) -> dict[str, Any]:
    before, now = stored.get(name), again[name]
    return {"stored": before, "recomputed": now, "same": before == now}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _told(key: str, stored: Any, again: Any) -> Any:
    """What was found now, told as far as the stored result tells it and in its words."""
    if key not in ("results", "reasons") or not isinstance(stored, list):
        return again
    told = []
    for index, one in enumerate(again):
        before = stored[index] if index < len(stored) and isinstance(stored[index], dict) else {}
        kept = {k: v for k, v in one.items() if k not in ADDED or k in before}
        told.append({**kept, **{k: before[k] for k in WORDS if k in before}} if key == "reasons" else kept)
    return told


def _compare(stored: Any, again: Any, path: str, differences: list[dict[str, Any]]) -> None:
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in sorted(set(stored) | set(again)):
            _compare(stored.get(key), again.get(key), f"{path}.{key}", differences)
    elif isinstance(stored, list) and isinstance(again, list):
        if len(stored) != len(again):
            differences.append({"path": f"{path}.length", "stored": len(stored), "recomputed": len(again)})
        for index, (before, now) in enumerate(zip(stored, again, strict=False)):
            _compare(before, now, f"{path}[{index}]", differences)
    elif stored != again or type(stored) is not type(again):
        differences.append({"path": path, "stored": stored, "recomputed": again})
