"""Random draws that anybody can recompute: committed before the randomness exists, derived by rule afterwards."""

from quanheng.evidence.draw.plan import Plan, commitment_hash, commitment_of, read_plan
from quanheng.evidence.draw.sample import derive
from quanheng.evidence.draw.transcript import Check, commit, reveal_hash, run, verify

__all__ = [
    "Check",
    "Plan",
    "commit",
    "commitment_hash",
    "commitment_of",
    "derive",
    "read_plan",
    "reveal_hash",
    "run",
    "verify",
]
