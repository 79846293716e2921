"""``coverage.csv``: which capability of the plans the product has, where, and which test shows it."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from quanheng.library import LIBRARY_ROOT
from quanheng.library.reader import Problem

COVERAGE_FILE = "coverage.csv"
STATES = ("open", "done")
KINDS = ("core", "supporting", "record")


@dataclass(frozen=True)
class Capability:
    """One capability named by the plans. ``documents`` counts the passages that ask for it."""

    capability_key: str
    name_zh: str
    module: str
    kind: str
    documents: int
    status: str
    page_or_command: str
    test: str


def read_coverage(root: Path = LIBRARY_ROOT) -> tuple[list[Capability], list[Problem]]:
    """The capabilities in file order, and what is wrong with the file."""
    capabilities: list[Capability] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    with (root / COVERAGE_FILE).open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        names = [field.name for field in fields(Capability)]
        if reader.fieldnames != names:
            return [], [Problem("schema", f"the columns must be {', '.join(names)}", COVERAGE_FILE)]
        for row in reader:
            place = f"{COVERAGE_FILE}:{reader.line_num}"
            cells = {name: row.get(name) or "" for name in names}
            problem = "too many cells" if len(row) > len(names) else _row_problem(cells, seen)
            if problem:
                problems.append(Problem("schema", problem, place))
                continue
            seen.add(cells["capability_key"])
            documents = int(cells.pop("documents"))
            capabilities.append(Capability(documents=documents, **cells))
    return capabilities, problems


def _row_problem(row: dict[str, str], seen: set[str]) -> str:
    if not row["capability_key"] or row["capability_key"] in seen:
        return f"capability_key {row['capability_key']!r} is empty or repeated"
    if row["status"] not in STATES or row["kind"] not in KINDS:
        return f"status is one of {', '.join(STATES)}, kind one of {', '.join(KINDS)}"
    if not row["documents"].isdecimal() or not row["name_zh"] or not row["module"]:
        return "documents is a whole number, name_zh and module are not empty"
    if row["status"] == "done" and not (row["page_or_command"] and row["test"]):
        return "a done capability names its page or command and its test"
    return ""
