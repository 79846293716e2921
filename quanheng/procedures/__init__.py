"""The procedure engine: one norm edition as data → record sheet, results, uncertainty, verdict, tables."""

from quanheng.procedures.engine import evaluate, run
from quanheng.procedures.form import form
from quanheng.procedures.loader import Loaded, load, load_content, load_file, load_text, procedure_ids
from quanheng.procedures.periods import period_months
from quanheng.procedures.records import read_record, read_record_file
from quanheng.procedures.replay import replay, store
from quanheng.procedures.results import Evaluation, RunResult
from quanheng.procedures.tables import tables

__all__ = [
    "Evaluation",
    "Loaded",
    "RunResult",
    "evaluate",
    "form",
    "load",
    "load_content",
    "load_file",
    "load_text",
    "period_months",
    "procedure_ids",
    "read_record",
    "read_record_file",
    "replay",
    "run",
    "store",
    "tables",
]
