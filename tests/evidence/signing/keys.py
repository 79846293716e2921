"""One authority and one seal for all signing tests, made once."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from quanheng.evidence.signing.authority import Authority, Seal

AT = datetime(2026, 10, 12, 8, 30, tzinfo=UTC)
OFFICE = "临州市计量测试所"


@cache
def authority() -> Authority:
    return Authority.create(_folder(), "测试根证书", at=AT)


@cache
def seal() -> Seal:
    return authority().issue_seal(_folder(), OFFICE, at=AT, credit_code="12150000MB0000001X")


def _folder() -> Path:
    return Path(tempfile.mkdtemp()) / "keys"
