"""The public log: Merkle tree, tiles on disk, signed checkpoints, leaves and status notes."""

from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint
from quanheng.evidence.ledger.fsck import Finding, Report, fsck
from quanheng.evidence.ledger.leaf import (
    CERTIFICATE_ISSUED,
    CERTIFICATE_REPLACED,
    CERTIFICATE_REVOKED,
    LEAF_TYPES,
    Leaf,
    leaf,
    parse_leaf,
    salted_sha256,
)
from quanheng.evidence.ledger.log import Log
from quanheng.evidence.ledger.merkle import ProofError, leaf_hash, verify_consistency, verify_inclusion
from quanheng.evidence.ledger.note import Signer, Verifier, load_or_create_signer, load_signer, open_note
from quanheng.evidence.ledger.status import Status, open_status, write_status

__all__ = [
    "CERTIFICATE_ISSUED",
    "CERTIFICATE_REPLACED",
    "CERTIFICATE_REVOKED",
    "LEAF_TYPES",
    "Checkpoint",
    "Finding",
    "Leaf",
    "Log",
    "ProofError",
    "Report",
    "Signer",
    "Status",
    "Verifier",
    "fsck",
    "leaf",
    "leaf_hash",
    "load_or_create_signer",
    "load_signer",
    "open_checkpoint",
    "open_note",
    "open_status",
    "parse_leaf",
    "salted_sha256",
    "verify_consistency",
    "verify_inclusion",
    "write_status",
]
