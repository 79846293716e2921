"""Our own certificate computed again from its raw record and procedure, and compared with what was signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from quanheng.errors import InputError
from quanheng.evidence.bundle import Bundle
from quanheng.evidence.dcc.build_results import MISSING
from quanheng.evidence.dcc.certificate import Certificate, Quantity
from quanheng.evidence.dcc.read import read
from quanheng.evidence.ledger import parse_leaf
from quanheng.procedures import load_content, run, tables
from quanheng.procedures.hashing import software
from quanheng.procedures.records import shaped

_VERDICTS = {"pass": "pass", "reject": "fail"}
# verdicts of single rows are printed in both languages
_WORDS = {"pass": "合格 pass", "fail": "不合格 fail"}


def replay_bundle(bundle: Bundle) -> dict[str, Any]:
    """``{same, number, verdict, differences: [{path, stored, recomputed}], procedure, record, software, certificate}``.

    The record and procedure must be those whose hashes the certificate states; every column of every result table, U, k
    and the verdict are compared as text. ``same`` says that they all agree. That the certificate is ours and unaltered
    is shown by ``quanheng-verify``, not here.
    """
    if bundle.replay is None:
        message = "the bundle carries no raw record; export one that does, or replay by number"
        raise InputError("not_replayable", message, "bundle.replay")
    certificate = read(bundle.xml, "bundle.xml")
    hashes = _hashes(bundle, certificate)
    differences: list[dict[str, Any]] = []
    verdict = ""
    if hashes["record"]["same"] and hashes["procedure"]["same"]:
        record = _json(bundle.replay.record, "bundle.replay.record")
        shaped(record)
        loaded = load_content(_json(bundle.replay.procedure, "bundle.replay.procedure"), "bundle.replay.procedure")
        verdict = run(loaded, record).to_json()["verdict"]
        stated = certificate.conformity[0] if certificate.conformity else ""
        if _VERDICTS.get(verdict, verdict) != stated:
            differences.append({"path": "verdict", "stored": stated, "recomputed": verdict})
        differences += _tables(certificate, tables(loaded, record))
    sound = all(hashes[name]["same"] for name in ("record", "procedure", "certificate"))
    return {
        "same": sound and not differences,
        "number": certificate.core.unique_identifier,
        "verdict": verdict,
        "differences": differences,
        **hashes,
    }


def _hashes(bundle: Bundle, certificate: Certificate) -> dict[str, Any]:
    assert bundle.replay is not None  # noqa: S101 the caller looked
    stated = next(
        (
            reference.removeprefix("sha256:")
            for m in certificate.measurements
            for method in m.methods
            for reference in method.references
            if reference.startswith("sha256:")
        ),
        None,
    )
    issuing = next((s.description for s in certificate.software if "qh_issuingSoftware" in s.ref_types), {})
    version = next(iter(issuing.values()), "").removeprefix("sha256:")
    return {
        "record": _pair(certificate.identification("qh_recordSha256"), _sha256(bundle.replay.record)),
        "procedure": _pair(stated, _sha256(bundle.replay.procedure)),
        "software": _pair(version, software().partition("+sha256.")[2]),
        "certificate": _pair(parse_leaf(bundle.leaf, place="bundle.leaf").xml_sha256, bundle.xml_sha256),
    }


def _pair(stored: Any, again: Any) -> dict[str, Any]:
    return {"stored": stored, "recomputed": again, "same": stored == again}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(data: bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError("unreadable", "this part of the bundle is not JSON", place) from None
    if not isinstance(found, dict):
        raise InputError("unreadable", "this part of the bundle is not a JSON object", place)
    return found


def _tables(certificate: Certificate, computed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    signed = [table for m in certificate.measurements for result in m.results for table in result.tables]
    if len(signed) != len(computed):
        yield {"path": "tables.length", "stored": len(signed), "recomputed": len(computed)}
    for number, (table, again) in enumerate(zip(signed, computed, strict=False)):
        by_key = {_key(q): q for q in table.columns}
        for column in again["columns"]:
            path = f"tables[{number}].{column['key']}"
            q = by_key.get(column["key"].replace(" ", "_"))
            if q is None:
                yield {"path": path, "stored": None, "recomputed": column["values"]}
                continue
            yield from _column(path, q, column)


def _key(q: Quantity) -> str:
    return next((r.removeprefix("qh_column_") for r in q.ref_types if r.startswith("qh_column_")), "")


def _column(path: str, q: Quantity, column: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Text against text; an empty cell was written as not-a-number, or as a blank among words."""
    values = [_text(v) for v in column["values"]]
    if column["ref_type"] == "basic_conformity":
        values = [_WORDS.get(v, v) for v in values]
    if list(map(_cell, q.values)) != list(map(_cell, values)):
        yield {"path": f"{path}.values", "stored": list(q.values), "recomputed": values}
    if column.get("U") is None:
        return
    u = q.uncertainty
    stated = list(u.values) if u is not None else []
    again = [_text(v) for v in column["U"]]
    if list(map(_cell, stated)) != list(map(_cell, again)):
        yield {"path": f"{path}.U", "stored": stated, "recomputed": again}
    k = (u.k or ("",))[0] if u is not None else ""
    if _cell(k) != _cell(_text(column.get("k"))):
        yield {"path": f"{path}.k", "stored": k, "recomputed": column.get("k")}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _cell(text: str) -> str:
    shown = " ".join(text.replace("\u00a0", " ").split())
    return "" if shown == MISSING else shown
