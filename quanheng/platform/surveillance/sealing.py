"""The evidence of an evaluation, sealed in the public log: what it judged by, and what it found of every meter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quanheng.errors import InputError
from quanheng.evidence.canonical import dumps
from quanheng.platform.documents import ledger
from quanheng.platform.documents.services import merge_soon
from quanheng.platform.kernel import files
from quanheng.platform.surveillance.models import Evaluation, MeterVerdict


def content(evaluation: Evaluation, verdicts: Sequence[MeterVerdict]) -> dict[str, Any]:
    """What is sealed: hashes of readings, list and verdicts, profile, priors, software, and each meter's figures.

    Numbers are texts, as records write them; a missing one is null.
    """
    return {
        "kind": "fleet-evaluation",
        "v": 1,
        "area": evaluation.area.code,
        "version": evaluation.version,
        "since": evaluation.since.isoformat(),
        "until": evaluation.until.isoformat(),
        "fit": evaluation.fit,
        "cause": evaluation.cause,
        "limit": repr(evaluation.limit),
        "rows_used": evaluation.rows_used,
        "evidence": _texts(evaluation.evidence),
        "evidence_sha256": evaluation.evidence_sha256,
        "verdicts": [
            {
                "meter": v.meter.meter_id, "verdict": v.verdict, "error": _text(v.error), "u": _text(v.u),
                "p_exceed": _text(v.p_exceed), "informativeness": _text(v.informativeness),
            }
            for v in sorted(verdicts, key=lambda v: v.meter.meter_id)
        ],
    }  # fmt: skip


def seal(evaluation: Evaluation, verdicts: Sequence[MeterVerdict]) -> None:
    """Keep the content and put its salted hash into the log, in the caller's transaction."""
    data = dumps(content(evaluation, verdicts))
    evaluation.sealed_sha256 = files.put(data)
    evaluation.seal, salt = ledger.seal_results(data, at=evaluation.made_at)
    evaluation.seal_salt = salt.hex()
    evaluation.save(update_fields=["sealed_sha256", "seal", "seal_salt"])
    merge_soon()


def bundle(evaluation: Evaluation) -> bytes:
    """The sealed file with its proof, for ``quanheng-verify``."""
    if evaluation.seal is None:
        raise InputError("no_leaf", "this evaluation was made before evidence was sealed", str(evaluation.pk))
    data = files.get(evaluation.sealed_sha256)
    return ledger.sealed_bundle(evaluation.seal, data, bytes.fromhex(evaluation.seal_salt))


def _text(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _texts(value: Any) -> Any:
    """Floats as texts: JSON numbers lose what other programs would write otherwise."""
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return repr(value) if isinstance(value, float) else value
