"""The trace graph of a region, so that anybody can recompute what it proves."""

from quanheng.evidence.trace.columns import CODES
from quanheng.evidence.trace.graph import Graph

__all__ = ["CODES", "Graph"]
