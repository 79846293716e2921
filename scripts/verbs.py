"""The verbs of the Makefile. Each does its own set-up, so that any of them can be the first on a bare machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from scripts import assets, chromium, docs, environment, testing
from scripts.shell import ROOT, Failed, Missing, Progress, loud

Verb = Callable[[list[str]], int]


def _dev() -> Path:
    with Progress(1).step("environment"):
        return environment.ensure("dev")


def demo(words: list[str]) -> int:
    """A demo region in a running product; prints its address and one login for each role."""
    progress = Progress(3)
    with progress.step("environment"):
        python = environment.ensure("platform")
    with progress.step("browser assets and fonts"):
        assets.build()
    progress.done += 1
    print(f"[{progress.done}/{progress.total}] demo region and server", flush=True)
    return loud([python, "-m", "quanheng.cli", "demo", *words])


def _tests(marker: str, words: list[str], profile: str = "dev") -> int:
    progress = Progress(4)
    with progress.step("environment"):
        python = environment.ensure(profile)
    with progress.step("browser assets and fonts"):
        assets.build()
    with progress.step("browser for tests"):
        browser = chromium.ensure()
    testing.announce(progress)
    return testing.suite(python, browser, marker=marker, extra=words)


def test(words: list[str]) -> int:
    """The whole suite on SQLite, and on PostgreSQL where a server answers."""
    return _tests("not long", words)


def test_long(words: list[str]) -> int:
    """The long forms of soak, kill, fuzz, growth and cluster tests."""
    if shutil.which("java") or os.environ.get("JAVA_HOME"):
        return _tests("long", words, "spark")
    print("No Java on this machine: the cluster tests will be skipped.", flush=True)
    return _tests("long", words)


def lint(words: list[str]) -> int:
    """Ruff: rules and layout."""
    python = _dev()
    found = loud([python, "-m", "ruff", "check", ".", *words])
    return loud([python, "-m", "ruff", "format", "--check", "."]) or found


def types(words: list[str]) -> int:
    """Mypy, strict, with Django's own types."""
    return loud([_dev(), "-m", "mypy", *words])


def imports(words: list[str]) -> int:
    """Import-linter: a floor imports only from floors below it."""
    return loud([_dev().parent / "lint-imports", *words])


def build_assets(words: list[str]) -> int:
    """Scripts, styles, icons and fonts, copied into the two git-ignored folders."""
    with Progress(1).step("browser assets and fonts"):
        assets.build()
    return 0


def bench(words: list[str]) -> int:
    """Every benchmark, or the ones named: `make bench ARGS=import`."""
    python, folder = _dev(), ROOT / "benchmarks"
    chosen = [
        path for path in sorted(folder.glob("bench_*.py")) if not words or any(word in path.name for word in words)
    ]
    if not chosen:
        raise Missing(
            f"no benchmark matches {' '.join(words) or 'benchmarks/bench_*.py'}", "see the folder benchmarks/."
        )
    worst = 0
    for path in chosen:
        print(f"── {path.name} ──", flush=True)
        worst = loud([python, "-m", f"benchmarks.{path.stem}"]) or worst
    return worst


def run_docs(words: list[str]) -> int:
    """Runs the commands and the Python of every page in docs/ and of the README."""
    return docs.run(_dev(), words)


def lock(words: list[str]) -> int:
    """Resolves the dependencies anew and writes requirements/*.txt."""
    with Progress(1).step("lock files"):
        environment.lock()
    return 0


def list_untranslated(words: list[str]) -> int:
    """Lists the strings that lack an English translation."""
    return loud([_dev(), "-m", "scripts.catalogue"])


VERBS: dict[str, Verb] = {
    "english": list_untranslated,
    "demo": demo,
    "test": test,
    "test-long": test_long,
    "lint": lint,
    "types": types,
    "imports": imports,
    "assets": build_assets,
    "bench": bench,
    "docs": run_docs,
    "lock": lock,
}


def main(arguments: list[str]) -> int:
    """Run one verb; what is missing is named with its remedy."""
    if not arguments or arguments[0] not in VERBS:
        print(f"usage: python3 -m scripts {'|'.join(VERBS)}", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    try:
        return VERBS[arguments[0]](arguments[1:])
    except Missing as missing:
        print(f"\nMissing: {missing.what}\n  Remedy: {missing.remedy}", file=sys.stderr)
        return 2
    except Failed as failed:
        print(f"\n{failed}\n{failed.tail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
