"""The neighbour's part in the public log: follow it, cosign what only ever grew, and refuse anything else.

This package may open network connections; ``quanheng-verify`` never imports it.
"""

from quanheng.evidence.witness.collect import collect, cosigned, keep
from quanheng.evidence.witness.monitor import Doubt, examine
from quanheng.evidence.witness.source import open_source, read_checkpoint
from quanheng.evidence.witness.state import Doubtful, Refusal, Witness

__all__ = [
    "Doubt",
    "Doubtful",
    "Refusal",
    "Witness",
    "collect",
    "cosigned",
    "examine",
    "keep",
    "open_source",
    "read_checkpoint",
]
