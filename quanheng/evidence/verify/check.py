"""The judgement: which statements about a file hold for somebody who has the keys and nothing else.

The order matters. Bytes are compared with the logged hash before any parser sees them, and a contradiction
ends the check: nothing in a file that was altered is worth reading.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

from quanheng.errors import InputError
from quanheng.evidence.attachment import attached_xml
from quanheng.evidence.bundle import Bundle, read_bundle
from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint, parse_text
from quanheng.evidence.ledger.leaf import (
    CERTIFICATE_ISSUED,
    CERTIFICATE_REPLACED,
    CERTIFICATE_REVOKED,
    Leaf,
    format_time,
    parse_leaf,
    parse_time,
    salted_sha256,
)
from quanheng.evidence.ledger.merkle import ProofError, leaf_hash, verify_inclusion
from quanheng.evidence.ledger.note import COSIGNATURE, split
from quanheng.evidence.ledger.status import Status, open_status
from quanheng.evidence.sealed import RESULTS_SEALED, SealedBundle, is_sealed, read_sealed
from quanheng.evidence.signing.pades import verify_pdf
from quanheng.evidence.signing.report import SKEW, SignatureReport
from quanheng.evidence.signing.xmlverify import verify_xml
from quanheng.evidence.verify.changed import where
from quanheng.evidence.verify.claims import claims
from quanheng.evidence.verify.keys import Keys
from quanheng.evidence.verify.words import Statement


@dataclass
class Outcome:
    """The answer. ``contradictions`` make it tampered, ``gaps`` leave it not proven."""

    proven: list[Statement] = field(default_factory=list)
    claimed: list[Statement] = field(default_factory=list)
    unchecked: list[Statement] = field(default_factory=list)
    contradictions: list[Statement] = field(default_factory=list)
    gaps: list[Statement] = field(default_factory=list)

    @property
    def result(self) -> str:
        if self.contradictions:
            return "tampered"
        return "not_proven" if self.gaps or not self.proven else "proven"

    def as_json(self, lang: str) -> dict[str, Any]:
        def said(statements: list[Statement]) -> list[dict[str, str]]:
            return [{"code": item.code, "text": item.text(lang), **item.values} for item in statements]

        return {
            "result": self.result,
            "proven": said(self.proven),
            "claimed": said(self.claimed),
            "unchecked": said(self.unchecked),
            "problems": said(self.contradictions + self.gaps),
        }


def verify_file(data: bytes, bundle: Bundle | None, keys: Keys) -> Outcome:
    """Check a DCC, a PDF, or (with ``bundle`` None) a bundle."""
    kind = sniff(data)
    if kind == "bundle":
        if bundle is not None:
            raise InputError("usage", "FILE is a bundle already; give it alone.", "--bundle")
        if is_sealed(data):
            return _SealedCheck(keys, read_sealed(data)).run()
        return _Check(keys, read_bundle(data), None, None).run()
    xml, pdf = (data, None) if kind == "xml" else (None, data)
    return _Check(keys, bundle, xml, pdf).run()


def sniff(data: bytes) -> str:
    """xml, pdf or bundle, from the first bytes."""
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"{"):
        return "bundle"
    if head.startswith(b"<") or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "xml"
    if data.startswith(b"PK\x03\x04"):
        raise InputError("unreadable", "This is a ZIP: unpack it and check each file in it.", "FILE")
    raise InputError("unreadable", "This is neither a DCC (XML), a PDF nor a proof bundle.", "FILE")


class _Check:
    def __init__(self, keys: Keys, bundle: Bundle | None, xml: bytes | None, pdf: bytes | None) -> None:
        self.keys, self.bundle, self.out = keys, bundle, Outcome()
        # a bundle given alone vouches for both of its documents
        alone = bundle if bundle is not None and xml is None and pdf is None else None
        self.xml = alone.xml if alone else xml
        self.pdf = alone.pdf if alone else pdf
        self.logged_at: dt.datetime | None = None
        self.state_at: dt.datetime | None = None

    def run(self) -> Outcome:
        out = self.out
        if not self.keys:
            out.gaps.append(Statement("no_keys"))
        witnessed = False
        if self.bundle is None:
            out.gaps.append(Statement("no_bundle"))
        else:
            leaf = parse_leaf(self.bundle.leaf, place="bundle.leaf")
            if not self._bytes(self.bundle, leaf):
                return self._finish(witnessed)
            head = self._inclusion(self.bundle, leaf)
            witnessed = head is not None and self._witnesses(head, leaf)
            self._status(self.bundle, leaf, head)
        if not out.contradictions:
            self._documents()
        return self._finish(witnessed)

    def _bytes(self, bundle: Bundle, leaf: Leaf) -> bool:
        expected = {"XML": leaf.xml_sha256, "PDF": leaf.pdf_sha256}
        inside = {"XML": bundle.xml, "PDF": bundle.pdf or b""}
        fits = {name: hashlib.sha256(data).hexdigest() == expected[name] for name, data in inside.items()}
        for name, data in (("XML", self.xml), ("PDF", self.pdf)):
            if data is not None and hashlib.sha256(data).hexdigest() != expected[name]:
                self.out.contradictions.append(Statement("bytes_differ", {"file": name}))
                if fits[name]:
                    self.out.contradictions.append(Statement(*where(name, data, inside[name])))
        self.out.contradictions += [Statement("bundle_copy_differs", {"file": n}) for n, ok in fits.items() if not ok]
        if bundle.replay is not None:
            for name, data in (("record", bundle.replay.record), ("procedure", bundle.replay.procedure)):
                if hashlib.sha256(data).hexdigest().encode() not in bundle.xml:
                    self.out.contradictions.append(Statement("replay_differs", {"part": name}))
        return not self.out.contradictions

    def _inclusion(self, bundle: Bundle | SealedBundle, leaf: Leaf) -> Checkpoint | None:
        """The trusted checkpoint that covers the leaf. Without a trusted key the arithmetic is still checked."""
        trusted: Checkpoint | None = None
        try:
            head = parse_text(split(bundle.checkpoint, place="bundle.checkpoint")[0], place="bundle.checkpoint")
            trusted = open_checkpoint(bundle.checkpoint, self.keys.verifiers, place="bundle.checkpoint")
        except InputError as error:
            if error.code != "unknown_key":
                self.out.contradictions.append(Statement("checkpoint_bad", {"why": error.message}))
                return None
            self.out.gaps.append(Statement("checkpoint_untrusted"))
        try:
            verify_inclusion(bundle.index, head.size, leaf_hash(leaf.data), bundle.proof, head.root)
        except ProofError as error:
            self.out.contradictions.append(Statement("not_in_log", {"why": str(error)}))
            return None
        if trusted is None:
            return None
        for name, data in (("XML", self.xml), ("PDF", self.pdf)):
            if data is not None:
                self.out.proven.append(Statement("bytes_logged", {"file": name}))
        signer = next(key for key in trusted.signed_by if key.kind != COSIGNATURE)
        place = {"origin": trusted.origin, "index": str(bundle.index), "size": str(trusted.size)}
        self.out.proven.append(Statement("in_log", {**place, "key": f"{signer.name}+{signer.id.hex()}"}))
        self.logged_at = parse_time(leaf.at)
        self._leaf_says(leaf)
        return trusted

    def _witnesses(self, head: Checkpoint, leaf: Leaf) -> bool:
        """Whether a witness cosigned, and whether those did whom KEYS demand."""
        for key, stamp in head.stamps:
            at = format_time(dt.datetime.fromtimestamp(stamp, dt.UTC))
            self.out.proven.append(Statement("witnessed", {"key": f"{key.name}+{key.id.hex()}", "at": at}))
        if not self.keys.policy.satisfied(head.signed_by):
            self.out.gaps.append(Statement("not_witnessed", {"rule": self.keys.policy.text}))
        seen = head.witnessed_at
        if seen is not None and parse_time(leaf.at) > seen + SKEW:
            times = {"at": leaf.at, "seen": format_time(seen)}
            self.out.contradictions.append(Statement("seen_before_made", times))
        return bool(head.stamps)

    def _leaf_says(self, leaf: Leaf) -> None:
        self.out.claimed.append(Statement("claim_logged_at", {"at": leaf.at}))
        if leaf.type == CERTIFICATE_REPLACED:
            self.out.claimed.append(Statement("claim_replaces", {"prev": leaf.prev or ""}))
        elif leaf.type == CERTIFICATE_REVOKED:
            self.out.gaps.append(Statement("revoked_leaf"))
        elif leaf.type != CERTIFICATE_ISSUED:
            self.out.gaps.append(Statement("not_a_certificate", {"type": leaf.type}))

    def _status(self, bundle: Bundle, leaf: Leaf, head: Checkpoint | None) -> None:
        try:
            status = open_status(bundle.status, self.keys.verifiers, place="bundle.status")
        except InputError as error:
            if error.code == "unknown_key":
                self.out.gaps.append(Statement("status_untrusted"))
            else:
                self.out.contradictions.append(Statement("status_bad", {"why": error.message}))
            return
        if status.leaf_hash != leaf_hash(leaf.data) or (head is not None and status.origin != head.origin):
            self.out.contradictions.append(Statement("status_other"))
            return
        if status.at < parse_time(leaf.at):
            why = "it is older than the entry it speaks of"
            self.out.contradictions.append(Statement("status_bad", {"why": why}))
            return
        self.state_at = status.at
        self.out.proven.append(Statement("status", {"state": status.state, "at": format_time(status.at)}))
        self._state(status)

    def _state(self, status: Status) -> None:
        if status.state == "revoked":
            self.out.gaps.append(Statement("revoked", {"void_from": str(status.void_from)}))
        elif status.state == "replaced":
            self.out.gaps.append(Statement("replaced"))

    def _documents(self) -> None:
        xml = self.xml
        if self.pdf is not None:
            self._signature("pdf", verify_pdf(self.pdf, self.keys.anchors, self.logged_at))
            inside = attached_xml(self.pdf)
            if inside is None:
                self.out.unchecked.append(Statement("pdf_without_xml"))
            elif self.bundle is not None and hashlib.sha256(inside).hexdigest() != self.bundle.xml_sha256:
                self.out.contradictions.append(Statement("pdf_attachment_differs"))
                return
            elif self.logged_at is not None:
                self.out.proven.append(Statement("pdf_attachment"))
            self.out.unchecked.append(Statement("pdf_says_the_same"))
            xml = xml or (self.bundle.xml if self.bundle else inside)
        if xml is not None:
            report = verify_xml(xml, self.keys.anchors, self.logged_at)
            self._signature("xml", report)
            if report.signed_root is not None:
                self.out.claimed.extend(claims(report.signed_root))

    def _signature(self, kind: str, report: SignatureReport) -> None:
        if report.ahead and report.signing_time is not None:
            self.out.claimed.append(Statement("claim_ahead", {"at": format_time(report.signing_time)}))
        if report.good:
            self.out.proven.append(Statement(f"{kind}_signature", {"signer": report.signer}))
        elif report.state == "tampered":
            self.out.contradictions.append(Statement(f"{kind}_signature_bad", {"why": report.reason}))
        else:
            why = {"state": report.state, "why": report.reason}
            self.out.gaps.append(Statement(f"{kind}_signature_unproven", why))

    def _finish(self, witnessed: bool) -> Outcome:
        out = self.out
        out.claimed.append(Statement("claim_content"))
        if self.state_at is None:
            out.unchecked.append(Statement("revocation_unknown"))
        else:
            out.unchecked.append(Statement("revocation_after", {"at": format_time(self.state_at)}))
        out.unchecked.append(Statement("time_before" if witnessed else "time"))
        if not witnessed:
            out.unchecked.append(Statement("one_view"))
        out.unchecked += [Statement("key_revocation"), Statement("measurement")]
        if not self.keys or out.contradictions:
            # what was shown along the way rests on nothing once keys are missing or a contradiction stands
            out.proven.clear()
        return out


class _SealedCheck(_Check):
    """Sealed results: data and salt give the hash that the log holds. Nobody signed them, nobody revokes them."""

    def __init__(self, keys: Keys, sealed: SealedBundle) -> None:
        super().__init__(keys, None, None, None)
        self.sealed = sealed

    def run(self) -> Outcome:
        out, sealed = self.out, self.sealed
        if not self.keys:
            out.gaps.append(Statement("no_keys"))
        leaf = parse_leaf(sealed.leaf, place="bundle.leaf")
        witnessed = False
        if salted_sha256(sealed.data, sealed.salt) != leaf.xml_sha256:
            out.contradictions.append(Statement("sealed_differs"))
        else:
            head = self._inclusion(sealed, leaf)
            if head is not None:
                out.proven.insert(0, Statement("sealed_logged", {"size": str(len(sealed.data))}))
                witnessed = self._witnesses(head, leaf)
        out.claimed.append(Statement("claim_content"))
        out.unchecked.append(Statement("time_before" if witnessed else "time"))
        if not witnessed:
            out.unchecked.append(Statement("one_view"))
        out.unchecked.append(Statement("measurement"))
        if not self.keys or out.contradictions:
            out.proven.clear()
        return out

    def _leaf_says(self, leaf: Leaf) -> None:
        self.out.claimed.append(Statement("claim_logged_at", {"at": leaf.at}))
        if leaf.type != RESULTS_SEALED:
            self.out.gaps.append(Statement("not_sealed_results", {"type": leaf.type}))
