"""``python -m quanheng.library.check [FOLDER]``: is the library sound? One line per problem, exit code 1 if any."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from quanheng.library import LIBRARY_ROOT
from quanheng.library.coverage import COVERAGE_FILE, read_coverage
from quanheng.library.reader import Item, Library, Problem, read_library


def check(root: Path = LIBRARY_ROOT) -> list[Problem]:
    """All problems of a library folder, an empty list when it is sound."""
    if not root.is_dir():
        return [Problem("unreadable", "there is no such folder", str(root))]
    return problems_of(read_library(root), root)


def problems_of(library: Library, root: Path) -> list[Problem]:
    """All problems of a library that was read from ``root``."""
    problems = list(library.problems)
    known = library.items if root == LIBRARY_ROOT else [*library.items, *read_library(LIBRARY_ROOT).items]
    problems += _dangling_norms(library, known)
    problems += _map_problems(root, library)
    if (root / COVERAGE_FILE).exists():
        problems += read_coverage(root)[1]
    return problems


def _dangling_norms(library: Library, known: list[Item]) -> list[Problem]:
    """Catalogue lines and periods must point at norms that stand in the same library or in ours."""
    codes = {item.code for item in known if item.kind == "norm"}
    numbers = {item.body["number"] for item in known if item.kind == "norm"}
    problems = []
    for item in library.items:
        if item.kind == "catalogue_item":
            missing = [norm for norm in item.body.get("norms", []) if norm not in codes]
        elif item.kind == "verification_period":
            missing = [item.body["norm"]] if item.body["norm"] not in numbers else []
        else:
            continue
        problems += [Problem("dangling", f"norm {norm} is not in the library", item.place) for norm in missing]
    return problems


def _map_problems(root: Path, library: Library) -> list[Problem]:
    """Every division has its outline and its parent."""
    divisions = {item.code: item for item in library.items if item.kind == "region"}
    problems = []
    for item in divisions.values():
        parent = item.body.get("parent", "")
        if parent and parent not in divisions:
            problems.append(Problem("dangling", f"parent {parent} of {item.code} is not in the library", item.place))
    for path in sorted((root / "regions").glob("*.geojson")):
        place = path.relative_to(root).as_posix()
        try:
            features = json.loads(path.read_text(encoding="utf-8"))["features"]
            drawn = {feature["properties"]["code"] for feature in features}
        except (ValueError, KeyError, TypeError) as error:
            problems.append(Problem("unreadable", f"not a feature collection with codes: {error}", place))
            continue
        counties = {code for code, item in divisions.items() if item.body["level"] == "county"}
        if drawn != counties:
            problems.append(Problem("map", f"outlines and counties differ: {sorted(drawn ^ counties)}", place))
    return problems


def main(argv: Sequence[str] | None = None) -> int:
    """Print the problems and return the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    problems = check(Path(arguments[0]) if arguments else LIBRARY_ROOT)
    for problem in problems:
        sys.stderr.write(problem.line() + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
