"""Reads the library into items, and says what is wrong with it, file and line by file and line."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quanheng.library.kinds import BODIES, NOT_LAW

MAX_BYTES = 8_000_000
REGION = re.compile(r"^(CN|EU|OIML|\d{6})$")
VERIFIED = ("yes", "once", "no")
DATE_BASES = ("stated", "recall", "approximate", "unknown")
HEAD = ("code", "edition", "region", "title", "effective_from", "effective_to", "date_basis", "source", "verified")
LONGEST = {"code": 160, "edition": 80, "title": 300}
FOREIGN_FOLDERS = frozenset({"procedures", "schemes", "campaigns", "fleets", "surveillance", "words"})


@dataclass(frozen=True)
class Item:
    """One effective-dated item. ``effective_from`` None: the day is not known, it counts as always before."""

    kind: str
    code: str
    edition: str
    region: str
    title: str
    effective_from: dt.date | None
    effective_to: dt.date | None
    date_basis: str
    source: str
    verified: str
    body: dict[str, Any]
    place: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.kind, self.code, self.edition, self.region)

    @property
    def body_sha256(self) -> str:
        return body_digest(self.body)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the library."""

    code: str
    message: str
    place: str

    def line(self) -> str:
        return f"{self.code}: {self.message} ({self.place})"


@dataclass
class Library:
    """Everything read, good and bad."""

    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def law(self) -> list[Item]:
        """The items the product loads."""
        return [item for item in self.items if item.kind not in NOT_LAW]


class Manifest(BaseModel):
    """The YAML file that describes a table."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    title: Annotated[str, Field(min_length=1)]
    defaults: dict[str, str] = {}
    group_by: Literal["", "year"] = ""
    notes: str = ""
    corrections: list[str] = []
    items: list[dict[str, Any]] = []


def body_digest(body: dict[str, Any]) -> str:
    """SHA-256 of a body in one fixed spelling."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_library(root: Path) -> Library:
    """Read every manifest below ``root``; never raises for bad content."""
    library = Library()
    for path in sorted(root.rglob("*.yaml")):
        if path.relative_to(root).parts[0] not in FOREIGN_FOLDERS:
            _read_table(root, path, library)
    _find_orphans(root, library)
    _find_duplicates(library)
    _find_overlaps(library)
    return library


def read_kinds(root: Path, kinds: Collection[str]) -> list[Item]:
    """Items of these kinds alone; other manifests are not parsed, so that one table costs one table."""
    library = Library()
    for path in sorted(root.rglob("*.yaml")):
        if path.relative_to(root).parts[0] in FOREIGN_FOLDERS:
            continue
        with path.open(encoding="utf-8-sig") as stream:
            first = stream.readline().split("#")[0]
        if not first.startswith("kind:") or first.removeprefix("kind:").strip().strip("'\"") in kinds:
            _read_table(root, path, library)
    return [item for item in library.items if item.kind in kinds]


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"the file is larger than {MAX_BYTES} bytes")
    return path.read_text(encoding="utf-8-sig")


def _read_table(root: Path, path: Path, library: Library) -> None:
    place = path.relative_to(root).as_posix()
    try:
        manifest = Manifest.model_validate(yaml.safe_load(_text(path)))
        if manifest.kind not in BODIES:
            raise ValueError(f"kind {manifest.kind!r} is not one of {', '.join(sorted(BODIES))}")
        unknown = set(manifest.defaults) - set(HEAD)
        if unknown:
            raise ValueError(f"defaults has unknown fields {sorted(unknown)}")
        rows = [(f"{place}:items[{n}]", row) for n, row in enumerate(manifest.items)]
        table = path.with_suffix(".csv")
        if table.exists():
            rows += _csv_rows(_text(table), table.relative_to(root).as_posix())
    except (ValueError, yaml.YAMLError, OSError, csv.Error) as error:
        library.problems.append(Problem("unreadable", " ".join(str(error).split()), place))
        return
    if not rows:
        library.problems.append(Problem("empty", "the manifest has neither items nor a CSV file beside it", place))
    if manifest.group_by == "year":
        rows = _by_year(rows, library)
    for row_place, row in rows:
        _read_row(manifest, row, row_place, library)


def _csv_rows(text: str, place: str) -> list[tuple[str, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(reader, [])
    if len(set(header)) != len(header) or "" in header:
        raise ValueError(f"{place}: the header repeats a column or has an empty one")
    rows: list[tuple[str, dict[str, Any]]] = []
    for cells in reader:
        line = f"{place}:{reader.line_num}"
        if len(cells) != len(header):
            raise ValueError(f"{line}: {len(cells)} cells under {len(header)} columns")
        if "\x00" in "".join(cells):
            raise ValueError(f"{line}: a NUL character")
        rows.append((line, {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}))
    return rows


def _by_year(rows: list[tuple[str, dict[str, Any]]], library: Library) -> list[tuple[str, dict[str, Any]]]:
    """Days of one year form one item, whose edition is the year."""
    years: dict[str, list[dict[str, Any]]] = defaultdict(list)
    places: dict[str, str] = {}
    for place, row in rows:
        year = str(row.get("date", ""))[:4]
        years[year].append(row)
        places.setdefault(year, place)
    grouped: list[tuple[str, dict[str, Any]]] = []
    for year, days in years.items():
        dates = [day.get("date", "") for day in days]
        if dates != sorted(set(dates)):
            library.problems.append(Problem("duplicate", f"days of {year} repeat or are not in order", places[year]))
        head = {"edition": year, "effective_from": f"{year}-01-01", "effective_to": f"{year}-12-31"}
        grouped.append((places[year], {**head, "days": days}))
    return grouped


def _read_row(manifest: Manifest, row: dict[str, Any], place: str, library: Library) -> None:
    head = {name: str(row.get(name) or manifest.defaults.get(name, "")) for name in HEAD}
    body = {name: value for name, value in row.items() if name not in HEAD}
    problems = list(_head_problems(head, place))
    try:
        clean = BODIES[manifest.kind].model_validate(body).model_dump(exclude_defaults=True)
    except ValidationError as error:
        for detail in error.errors():
            where = ".".join(str(part) for part in detail["loc"]) or "row"
            problems.append(Problem("schema", f"{where}: {detail['msg']}", place))
        clean = {}
    library.problems += problems
    if problems:
        return
    library.items.append(
        Item(
            kind=manifest.kind,
            code=head["code"],
            edition=head["edition"],
            region=head["region"] or "CN",
            title=head["title"] or manifest.title,
            effective_from=_date(head["effective_from"]),
            effective_to=_date(head["effective_to"]),
            date_basis=head["date_basis"] or ("stated" if head["effective_from"] else "unknown"),
            source=head["source"],
            verified=head["verified"],
            body=clean,
            place=place,
        )
    )


def _date(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _head_problems(head: dict[str, str], place: str) -> Iterator[Problem]:
    for name, limit in LONGEST.items():
        if not head[name] and name != "title":
            yield Problem("missing", f"{name} is empty", place)
        elif len(head[name]) > limit:
            yield Problem("schema", f"{name} is longer than {limit} characters", place)
    if not head["source"]:
        yield Problem("no_source", "every value needs its source", place)
    if head["verified"] not in VERIFIED:
        yield Problem("schema", f"verified is {head['verified']!r}, not one of {', '.join(VERIFIED)}", place)
    if not REGION.match(head["region"] or "CN"):
        yield Problem("schema", f"region {head['region']!r} is none of CN, EU, OIML and six digits", place)
    if head["date_basis"] and head["date_basis"] not in DATE_BASES:
        yield Problem("schema", f"date_basis is not one of {', '.join(DATE_BASES)}", place)
    try:
        start, end = _date(head["effective_from"]), _date(head["effective_to"])
    except ValueError as error:
        yield Problem("schema", f"effective date: {error}", place)
        return
    if start and end and end < start:
        yield Problem("schema", "effective_to is before effective_from", place)


def _find_orphans(root: Path, library: Library) -> None:
    for path in sorted(root.rglob("*.csv")):
        inside = path.relative_to(root)
        if inside.parts[0] in FOREIGN_FOLDERS or inside.as_posix() == "coverage.csv":
            continue
        if not path.with_suffix(".yaml").exists():
            library.problems.append(Problem("no_manifest", "a table needs a manifest beside it", inside.as_posix()))


def _find_duplicates(library: Library) -> None:
    seen: dict[tuple[str, str, str, str], str] = {}
    for item in library.items:
        if item.key in seen:
            first = f"{'/'.join(item.key)} stands already at {seen[item.key]}"
            library.problems.append(Problem("duplicate", first, item.place))
        seen.setdefault(item.key, item.place)


def _find_overlaps(library: Library) -> None:
    """Two editions of one thing in one region must not be in force on the same day."""
    editions: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
    for item in library.items:
        editions[(item.kind, item.code, item.region)].append(item)
    for group in editions.values():
        group.sort(key=lambda item: item.effective_from or dt.date.min)
        for earlier, later in itertools.pairwise(group):
            if earlier.edition == later.edition:
                continue
            if earlier.effective_to is None or earlier.effective_to >= (later.effective_from or dt.date.min):
                text = f"{earlier.kind} {earlier.code}: editions {earlier.edition} and {later.edition} overlap"
                library.problems.append(Problem("overlap", text, later.place))
