"""The KEYS file: what the checker trusts. PEM certificates, C2SP verifier-key lines and the lines of a C2SP
tlog-policy, comments with ``#``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from quanheng.errors import InputError
from quanheng.evidence.ledger.note import Verifier
from quanheng.evidence.ledger.policy import WORDS, Policy, PolicyReader

MAX_KEYS = 4 * 1024 * 1024
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Keys:
    """Trust anchors for signatures on documents, verifier keys for the log and its witnesses, and whom a checkpoint
    must be cosigned by.
    """

    anchors: tuple[x509.Certificate, ...] = ()
    verifiers: tuple[Verifier, ...] = ()
    policy: Policy = field(default_factory=Policy)

    def __bool__(self) -> bool:
        return bool(self.anchors or self.verifiers)


def read_keys(data: bytes, *, place: str = "keys") -> Keys:
    """Parse a KEYS file; one unreadable line refuses the file, so that no trust is lost unnoticed."""
    try:
        text = data.decode("utf-8-sig") if len(data) <= MAX_KEYS else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise InputError("keys", "The keys file is not text; take it from its publisher again.", place)
    anchors = [_anchor(block, f"{place}, certificate {at}") for at, block in enumerate(_PEM.findall(text), 1)]
    verifiers, reader = [], PolicyReader()
    for number, line in enumerate(_PEM.sub(_blank, text).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.split(maxsplit=1)[0] in WORDS:
            reader.line(line, place=f"{place}, line {number}")
        else:
            verifiers.append(Verifier.parse(line, place=f"{place}, line {number}"))
    policy = reader.done()
    known = dict.fromkeys([*verifiers, *reader.logs, *policy.verifiers])
    return Keys(tuple(anchors), tuple(known), policy)


def write_keys(keys: Keys) -> str:
    """The text of a KEYS file."""
    policy = keys.policy
    lines = [f"{verifier.line}\n" for verifier in keys.verifiers if verifier not in policy.verifiers]
    lines += [f"witness {item.name} {item.verifier.line} {item.url}".rstrip() + "\n" for item in policy.witnesses]
    lines += [f"group {item.name} {item.threshold} {' '.join(item.members)}\n" for item in policy.groups]
    lines += [f"quorum {policy.quorum}\n"] if policy.quorum else []
    return "".join(lines + [anchor.public_bytes(Encoding.PEM).decode() for anchor in keys.anchors])


def _anchor(block: str, place: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block.encode())
    except ValueError:
        raise InputError("keys", "This certificate cannot be read; take it from its publisher again.", place) from None


def _blank(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")
