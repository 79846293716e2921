"""Checking third-party certificates: ours against PTB's dcclib on the same files in one run.

``python benchmarks/bench_dcc_validate.py FILES… --schema-dir DIR [--dcclib PYTHON] [--rounds N] [--many N]``

``--dcclib`` names the Python of an environment with ``pip install dcclib==0.4.0``. dcclib does safe parsing, XSD and
Schematron, no units and no signature here; we do all four layers. Both are given the schemas from disk, since dcclib would
fetch them; both are warm, each in a process of its own, schemas and stylesheet compiled beforehand. The two take turns on
each file, a few runs each, until the rounds are over, so that whoever else uses the machine disturbs both alike. Times are
those of the processor, all threads; the figure of a file is the least of all its runs on either side.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

RUNS = 10
TURNS = 4
# that many processes, each as much work: whether the machine has a second core to give at all
SPIN = """
from multiprocessing import Pool
if __name__ == "__main__":
    with Pool({0}) as pool:
        pool.map(sum, [range(20_000_000)] * {0})
"""
THEIRS = """
import json, sys, time
from lxml import etree
from dcclib.validation.xsd import XsdValidator
from dcclib.validation.schematron import SchematronValidator
folder, runs = sys.argv[1], int(sys.argv[2])
started = time.process_time()
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
def timed(path):
    begin = time.process_time()
    outcome = one(path)
    return (time.process_time() - begin) * 1e3, outcome
print(json.dumps((time.process_time() - started) * 1e3), flush=True)
for line in sys.stdin:
    times, outcomes = zip(*(timed(json.loads(line)) for _ in range(runs)))
    print(json.dumps([min(times), outcomes[0]]), flush=True)
"""


class Dcclib:
    """dcclib in its own interpreter, answering one file at a time."""

    def __init__(self, python: str, folder: Path) -> None:
        command = [python, "-c", THEIRS, str(folder), str(RUNS)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.compiling: float = json.loads(self._line())
        self.failed: set[str] = set()

    def __call__(self, path: str) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(path) + "\n")
        self._process.stdin.flush()
        took, outcome = json.loads(self._line())
        if outcome != "ok":
            self.failed.add(f"{Path(path).name} ({outcome})")
        return float(took)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line
        raise SystemExit("dcclib ended without an answer")


def ours(folder: Path) -> Callable[[str], float]:
    """Least milliseconds of a few runs on one file, all layers."""
    from quanheng.evidence.dcc.validate import validate

    def timed(path: str) -> float:
        begin = time.process_time()
        with open(path, "rb") as file:
            validate(file.read(), folder, place=path)
        return (time.process_time() - begin) * 1e3

    return lambda path: min(timed(path) for _ in range(RUNS))


def compare(files: list[str], folder: Path, python: str | None, rounds: int) -> None:
    """Each file's least times, the two sides taking turns."""
    mine, other = ours(folder), Dcclib(python, folder) if python else None
    sides: list[Callable[[str], float]] = [mine] if other is None else [mine, other]
    least = {path: [float("inf")] * len(sides) for path in files}
    for path in files:  # warms both
        for side in sides:
            side(path)
    for _ in range(rounds):
        for path in files:
            least[path] = [min(best, side(path)) for best, side in zip(least[path], sides, strict=True)]
    for path, times in least.items():
        told = f"{Path(path).name:52} {times[0]:6.2f} ms"
        if other is not None:
            told += f"   dcclib {times[1]:7.2f} ms   ratio {times[1] / times[0]:5.1f}"
        print(told)
    if other is not None:
        ratios = [theirs / own for own, theirs in least.values()]
        print(f"ratio: median {statistics.median(ratios):.1f}, least {min(ratios):.1f}, most {max(ratios):.1f}")
        failed = ", ".join(sorted(other.failed)) or "none"
        print(
            f"dcclib compiles its rules in {other.compiling:.0f} ms of processor time beforehand; it failed on: {failed}"
        )
        other.close()


def many(files: list[str], folder: Path, count: int) -> None:
    """A folder of that many certificates through the command, with one process and with two, which take turns."""
    with tempfile.TemporaryDirectory() as box:
        for number in range(count):
            shutil.copy(files[number % len(files)], Path(box) / f"{number:05d}.xml")
        command = [sys.executable, "-m", "quanheng.cli", "dcc", "validate", box, "--schema-dir", str(folder), "--jobs"]
        runs = [(jobs, *spent([*command, str(jobs)])) for _ in range(TURNS) for jobs in (1, 2)]
        spinning = [spent([sys.executable, "-c", SPIN.format(jobs)])[0] for jobs in (1, 2)]
    for jobs in (1, 2):
        wall, used = min((wall, used) for mine, wall, used in runs if mine == jobs)
        print(
            f"{count} certificates, {jobs} process(es): {wall:.2f} s, {used:.2f} s of processor, {count / wall:.0f}/s"
        )
    print(f"meanwhile a bare sum gained {2 * spinning[0] / spinning[1]:.2f} times by a second process")


def spent(command: list[str]) -> tuple[float, float]:
    """Seconds on the wall and of the processor, all processes that the command started counted."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--schema-dir", type=Path, required=True)
    parser.add_argument("--dcclib", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--many", type=int, default=1000)
    args = parser.parse_args()
    compare(args.files, args.schema_dir, args.dcclib, args.rounds)
    if args.many:
        many(args.files, args.schema_dir, args.many)


if __name__ == "__main__":
    main()
