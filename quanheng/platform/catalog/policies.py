"""The catalogue is open to anyone signed in."""

from __future__ import annotations

from quanheng.platform.law.policies import may_read

__all__ = ["may_read"]
