"""Docs are executed: ``console`` blocks run line by line, ``python`` blocks as one script a page.

A block that is not meant to run is marked ``sh`` or ``text``. In a ``console`` block a line ``$ command`` runs in an
empty folder of the page's own, and must end with exit code 0, or with the one in a trailing ``# exits N``. Lines after
it are the expected output: each must appear in order; ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from scripts.shell import ROOT, Missing

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
EXITS = re.compile(r"\s+#\s*exits\s+(\d+)\s*$")


@dataclass
class Command:
    """One line to run and what it must print."""

    words: str
    code: int = 0
    expected: list[str] = field(default_factory=list)


def commands_of(block: str) -> list[Command]:
    """The commands of one console block; a trailing backslash continues the line."""
    found: list[Command] = []
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            ends = EXITS.search(line)
            found.append(Command(EXITS.sub("", line[2:]), int(ends[1]) if ends else 0))
        elif found and line.strip():
            found[-1].expected.append(line.strip())
    return found


def missing_line(expected: list[str], printed: str) -> str | None:
    """The first expected line that does not appear, in order."""
    lines = iter([line.strip() for line in printed.splitlines()])
    for want in expected:
        pattern = re.compile(".*?".join(re.escape(part) for part in want.split("…")))
        if not any(pattern.fullmatch(line) for line in lines):
            return want
    return None


def check_page(page: Path, env: dict[str, str]) -> list[str]:
    """What is wrong on one page; empty when all of it runs."""
    wrong, python = [], []
    with tempfile.TemporaryDirectory(prefix="quanheng-docs-") as folder:
        for kind, block in FENCE.findall(page.read_text("utf-8")):
            if kind == "python":
                python.append(block)
            for command in commands_of(block) if kind == "console" else []:
                done = _sh(command.words, folder, env)
                if done.returncode != command.code:
                    wrong.append(f"`{command.words}` ended with {done.returncode}, not {command.code}: {done.stderr}")
                elif (absent := missing_line(command.expected, done.stdout)) is not None:
                    wrong.append(f"`{command.words}` did not print {absent!r}")
        if python:
            done = subprocess.run(
                [env.get("PYTHON", sys.executable), "-c", "\n".join(python)],
                cwd=folder,
                env=env,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                wrong.append(f"its Python failed: {done.stderr}")
    return wrong


def _sh(words: str, folder: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", words], cwd=folder, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def pages() -> list[Path]:
    """Every page of docs/, and the READMEs."""
    return [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("README*.md"))]


def run(python: Path, words: list[str]) -> int:
    """Every page, or those whose name holds one of the words."""
    chosen = [page for page in pages() if not words or any(word in page.name for word in words)]
    if not chosen:
        raise Missing(f"no page matches {' '.join(words)}", "see the folder docs/.")
    env = dict(os.environ) | {"PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHON": str(python)}
    worst = 0
    for page in chosen:
        wrong = check_page(page, env)
        print(f"{'FAILED' if wrong else 'ok'}  {page.relative_to(ROOT)}", flush=True)
        for line in wrong:
            print(f"    {line.strip()}", flush=True)
        worst = worst or bool(wrong)
    return int(worst)
