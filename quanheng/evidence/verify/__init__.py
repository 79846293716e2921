"""Off-line proof that a certificate is what was issued: the library and the ``quanheng-verify`` command."""

from quanheng.evidence.verify.check import Outcome, verify_file
from quanheng.evidence.verify.cli import main
from quanheng.evidence.verify.keys import Keys, read_keys, write_keys

__all__ = ["Keys", "Outcome", "main", "read_keys", "verify_file", "write_keys"]
