"""All layers of checking one file, reported apart: safe XML, official schema, content rules, signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from lxml import etree

from quanheng.evidence.attachment import certificate_xml
from quanheng.evidence.dcc import names, nearly, rules, safe, schema
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.signing.pades import verify_pdf
from quanheng.evidence.signing.report import SignatureReport
from quanheng.evidence.signing.xmlverify import verify_signatures

LONGEST_VERSION = 40


@dataclass(frozen=True)
class Validation:
    """``problems`` says why a file is not well-formed; its schema is then not applied."""

    version: str
    schema: schema.SchemaResult
    findings: tuple[rules.Finding, ...]
    signatures: tuple[SignatureReport, ...] = ()
    problems: tuple[safe.Problem, ...] = field(default=())
    # taken from a PDF, whose own signature is then the last of ``signatures``
    attached: bool = False

    @property
    def well_formed(self) -> bool:
        return not self.problems

    def negative(self, fail_on: str) -> bool:
        """Whether anything at or above the severity was found; a schema that could not be applied counts."""
        if not self.well_formed or self.schema.state != "found" or not self.schema.valid:
            return True
        if any(s.state == "tampered" for s in self.signatures):
            return True
        bar = rules.ORDER.index(fail_on)
        if bar <= 1 and self.schema.errors:
            return True
        return any(rules.ORDER.index(f.severity) >= bar for f in self.findings)

    def count(self, severity: str) -> int:
        return sum(f.severity == severity for f in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {
            "well_formed": self.well_formed,
            "problems": [p.as_json() for p in self.problems],
            "attached": self.attached,
            "version": self.version,
            "schema": self.schema.as_json(),
            "content": {"findings": [f.as_json() for f in self.findings]},
            "signatures": [s.as_json() for s in self.signatures],
        }


def validate(
    data: bytes,
    schema_dir: Path | None,
    *,
    anchors: Sequence[x509.Certificate] = (),
    at: datetime | None = None,
    place: str = "",
    now: datetime | None = None,
) -> Validation:
    """Every layer's answer on an XML, or a PDF that carries one; InputError where it is unsafe, no XML or no DCC."""
    now = now or datetime.now(UTC)
    if data.startswith(b"%PDF-"):
        inside = validate(certificate_xml(data, place), schema_dir, anchors=anchors, at=at, place=place, now=now)
        seal = verify_pdf(data, anchors, at, now=now, house=False)
        signatures = inside.signatures if seal.state == "absent" else (*inside.signatures, seal)
        return replace(inside, signatures=signatures, attached=True)
    parsed = safe.parse_damaged(data, place, indents=False)
    root = parsed.root
    misses = nearly.mend(root, place)
    version = (root.get("schemaVersion") or "").strip()[:LONGEST_VERSION]
    tree = Tree(root)
    if parsed.well_formed:
        # what has other names than the schema's is not valid by it, and the mended copy is not the file
        verdict = schema.SchemaResult("not_applied", version, None) if misses else schema.check(tree, schema_dir)
        signatures = verify_signatures(data, anchors, at, now=now) if tree.has(names.SIGNATURE) else ()
    else:
        verdict = schema.SchemaResult("not_applied", version, None)
        signatures = _broken(root)
    # a civil date is that of the place with the earliest clock; a day of grace keeps other zones out of trouble
    tomorrow = datetime.fromtimestamp(now.timestamp() + 86_400, UTC).date()
    findings = (*map(_misspelled, misses), *rules.check(tree, tomorrow))
    return Validation(version, verdict, findings, signatures, parsed.problems)


def _misspelled(miss: nearly.Miss) -> rules.Finding:
    by_hand = (f"写成 {miss.right}；或 quanheng dcc export --to xml", f"{miss.right}, or quanheng dcc export --to xml")
    return rules.placed(rules.finding(miss.element, "namespace", "error", miss.words, by_hand))


def _broken(root: etree._Element) -> tuple[SignatureReport, ...]:
    reason = "the file is not well-formed, so that no signature can fit it"
    return tuple(SignatureReport("tampered", reason) for _ in root.iter(names.SIGNATURE))
