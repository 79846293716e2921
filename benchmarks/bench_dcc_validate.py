"""Checking third-party certificates: ours against PTB's dcclib on the same files in one run.

``python benchmarks/bench_dcc_validate.py FILES… --schema-dir DIR [--dcclib PYTHON] [--many N]``

``--dcclib`` names the Python of an environment with ``pip install dcclib==0.4.0``. dcclib does safe parsing, XSD and
Schematron, no units and no signature here; we do all four layers. Both are given the schemas from disk, since dcclib would
fetch them, and both are measured warm, in one process, schemas and stylesheet compiled beforehand. Times are those of the
processor (all threads), the least within two seconds a file on both sides, since anything above it tells who else uses the machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SECONDS = 2.0
THEIRS = """
import json, sys, time
from lxml import etree
from dcclib.validation.xsd import XsdValidator
from dcclib.validation.schematron import SchematronValidator
files, folder = json.loads(sys.stdin.read())
started = time.perf_counter()
rules = SchematronValidator.for_dcc()
xsd = {}
def one(path):
    tree = etree.parse(path)
    version = tree.getroot().get("schemaVersion")
    if version not in xsd:
        xsd[version] = XsdValidator.from_file(f"{folder}/v{version}/dcc.xsd")
    xsd[version].validate_file(path)
    try:
        rules.validate_file(path)
    except Exception as error:
        return type(error).__name__
    return "ok"
outcome = {path: one(path) for path in files}
first = time.perf_counter() - started
times = {}
for path in files:
    runs = []
    until = time.perf_counter() + %f
    while time.perf_counter() < until:
        begin = time.process_time()
        one(path)
        runs.append((time.process_time() - begin) * 1e3)
    times[path] = min(runs)
print(json.dumps({"first": first, "times": times, "outcome": outcome}))
"""


def ours(files: list[str], folder: Path) -> dict[str, float]:
    """Least milliseconds for each file, all layers."""
    from quanheng.evidence.dcc.validate import validate

    def one(path: str) -> None:
        validate(Path(path).read_bytes(), folder, place=path)

    for path in files:
        one(path)
    return {path: min(_runs(one, path)) for path in files}


def _runs(one: Callable[[str], None], path: str) -> Iterator[float]:
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        yield _timed(one, path)


def _timed(one: Callable[[str], None], path: str) -> float:
    begin = time.process_time()
    one(path)
    return (time.process_time() - begin) * 1e3


def many(files: list[str], folder: Path, count: int) -> None:
    """A folder of that many certificates through the command, in parallel processes."""
    with tempfile.TemporaryDirectory() as box:
        for number in range(count):
            shutil.copy(files[number % len(files)], Path(box) / f"{number:05d}.xml")
        for jobs in (1, 2):
            begin = time.perf_counter()
            command = [sys.executable, "-m", "quanheng.cli", "dcc", "validate", box, "--schema-dir", str(folder)]
            subprocess.run([*command, "--jobs", str(jobs)], check=False, stdout=subprocess.DEVNULL)
            took = time.perf_counter() - begin
            print(f"{count} certificates, {jobs} process(es): {took:.1f} s, {count / took:.0f} per second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--schema-dir", type=Path, required=True)
    parser.add_argument("--dcclib", metavar="PYTHON")
    parser.add_argument("--many", type=int, default=1000)
    args = parser.parse_args()
    mine = ours(args.files, args.schema_dir)
    theirs: dict[str, float] = {}
    if args.dcclib:
        asked = json.dumps([args.files, str(args.schema_dir)])
        done = subprocess.run(
            [args.dcclib, "-c", THEIRS % SECONDS], input=asked, capture_output=True, text=True, check=True
        )
        answer = json.loads(done.stdout.splitlines()[-1])
        theirs = answer["times"]
        crashed = [Path(p).name for p, o in answer["outcome"].items() if o != "ok"]
        print(
            f"dcclib, compiling its rules and the first pass: {answer['first']:.1f} s; failed on: {crashed or 'none'}"
        )
    for path, took in mine.items():
        other = f"   dcclib {theirs[path]:7.1f} ms   ratio {theirs[path] / took:5.1f}" if path in theirs else ""
        print(f"{Path(path).name:52} {took:6.1f} ms{other}")
    if theirs:
        ratios = [theirs[p] / mine[p] for p in mine]
        print(f"ratio: median {statistics.median(ratios):.1f}, least {min(ratios):.1f}")
    many(args.files, args.schema_dir, args.many)


if __name__ == "__main__":
    main()
