"""All layers of checking one file, reported apart: safe XML, official schema, content rules, signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from quanheng.errors import InputError
from quanheng.evidence.dcc import findings as rules
from quanheng.evidence.dcc import names, safe, schema
from quanheng.evidence.signing.report import SignatureReport
from quanheng.evidence.signing.xades import verify_xml


@dataclass(frozen=True)
class Validation:
    version: str
    schema: schema.SchemaResult
    findings: tuple[rules.Finding, ...]
    signature: SignatureReport

    def negative(self, fail_on: str) -> bool:
        """Whether anything at or above the severity was found; a schema that could not be applied counts."""
        if self.schema.state != "found" or not self.schema.valid or self.signature.state == "tampered":
            return True
        bar = rules.ORDER.index(fail_on)
        if bar <= 1 and self.schema.errors:
            return True
        return any(rules.ORDER.index(f.severity) >= bar for f in self.findings)

    def as_json(self) -> dict[str, Any]:
        signed = [] if self.signature.state == "absent" else [self.signature.as_json()]
        return {
            "well_formed": True,
            "version": self.version,
            "schema": {
                "state": self.schema.state,
                "valid": self.schema.valid,
                "errors": [asdict(e) for e in self.schema.errors],
            },
            "content": {"findings": [f.as_json() for f in self.findings]},
            "signatures": signed,
        }


def validate(
    data: bytes,
    schema_dir: Path | None,
    *,
    anchors: Sequence[x509.Certificate] = (),
    at: datetime | None = None,
    place: str = "",
) -> Validation:
    """Every layer's answer; InputError where the file is unsafe, no XML or no DCC."""
    root = safe.parse(data, place)
    if root.tag != names.ROOT:
        raise InputError("not_dcc", f"the root element is {names.local(root.tag)!r}, not a DCC of {names.DCC}", place)
    return Validation(
        version=(root.get("schemaVersion") or "").strip(),
        schema=schema.check(root, schema_dir),
        findings=rules.check(root),
        signature=verify_xml(data, anchors, at),
    )
