"""The trace graph of a region, so that anybody can recompute what it proves."""

from quanheng.evidence.trace.columns import CODES, EDGE_COLUMNS, NODE_COLUMNS
from quanheng.evidence.trace.files import audit_files, load_files
from quanheng.evidence.trace.graph import Graph

__all__ = ["CODES", "EDGE_COLUMNS", "NODE_COLUMNS", "Graph", "audit_files", "load_files"]
