"""The report of a calculation as PDF: task, document, inputs, answer, figures, and how to compute it again."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from quanheng import __version__
from quanheng.evidence.rendering.fonts import missing_glyphs
from quanheng.evidence.rendering.plot import svg
from quanheng.evidence.rendering.typeset import qr_svg, typeset
from quanheng.metrology.tasks import Figure, Task
from quanheng.metrology.tasks.formulas import formulas
from quanheng.platform.compute import kinds
from quanheng.platform.compute.answers import Answer
from quanheng.platform.compute.chinese import figure
from quanheng.platform.compute.typed import shown
from quanheng.platform.compute.typography import runs
from quanheng.platform.compute.words import word

_LONGEST = 4000  # characters of one input as printed
_WORDS = {
    "zh": {
        "report": "计算报告",
        "inputs": "输入",
        "formulas": "公式",
        "answer": "结果",
        "again": "复现",
        "page": "第",
        "made": "计算软件",
    },
    "en": {
        "report": "Calculation report",
        "inputs": "Inputs",
        "formulas": "Formulas",
        "answer": "Result",
        "again": "Compute again",
        "page": "Page",
        "made": "Software",
    },
}


def pdf(
    task: Task,
    request: Mapping[str, Any],
    answer: Answer,
    figures: Sequence[Figure],
    *,
    link: str,
    language: str,
    at: datetime,
) -> bytes:
    """The report as PDF/A-3b; the request itself is printed with its SHA-256, so that anyone can compute it again."""
    canonical = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    data = {
        "language": language,
        "words": _WORDS[language],
        "title": task.title[0 if language == "zh" else 1],
        "document": task.document,
        "formulas": [runs(line) for line in formulas(task.name, request)],
        "inputs": [[word(name), _printed(task, name, value)] for name, value in request.items()],
        "warnings": answer.warnings,
        "values": [list(pair) for pair in answer.values],
        "tables": [
            {"title": t.title, "columns": list(t.columns), "rows": [list(r) for r in t.rows]} for t in answer.tables
        ],
        "figures": [
            {"title": f.title[0 if language == "zh" else 1], "svg": svg(figure(f), language=language, paper=True)}
            for f in figures
        ],
        "link": link,
        "qr": qr_svg(link) if 0 < len(link) < 1200 else "",
        "command": f"quanheng compute {task.name} REQUEST.json",
        "sha256": hashlib.sha256(canonical.encode()).hexdigest(),
        "software": f"Quanheng {__version__}",
    }
    return typeset("calculation", _printable(data), at)


def _printable(value: Any) -> Any:
    """The same data with characters no font prints in their plain form (CO₂ as CO2); a report is no legal document."""
    if isinstance(value, str):
        lacking = {ord(c): unicodedata.normalize("NFKC", c) for c in missing_glyphs(value)}
        return value.translate(lacking) if lacking else value
    if isinstance(value, Mapping):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value


def _printed(task: Task, name: str, value: Any) -> str:
    prop = task.schema.get("properties", {}).get(name, {})
    text = shown(kinds.kind_of(prop, task.schema), value, kinds.columns(prop, task.schema))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
