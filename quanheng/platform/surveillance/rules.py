"""Rules of surveillance as the library keeps them: one file for each subject, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from quanheng.library import LIBRARY_ROOT


@cache
def rules_of(subject: str) -> Mapping[str, Any]:
    """The file of the library about ``subject``, such as ``device-events``."""
    path = LIBRARY_ROOT / "surveillance" / f"{subject}.yaml"
    data: Mapping[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return data
