"""Docs are executed, so that they stay true.

``console``: each line ``$ command`` runs in an empty folder of the page's own, and must end with exit code 0, or with
the one in a trailing ``# exits N``. Lines after it are expected output, in order; ``…`` stands for anything.
``python run``: the blocks of a page run together as one script.
``python``: a fragment; it must parse, and what it imports must exist.
``sh`` and ``text`` are left alone.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from scripts.shell import ROOT, Missing

FENCE = re.compile(r"^```(\w*)[ ]*(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
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


def imports_of(fragment: str) -> str:
    """A script of nothing but the imports of a fragment, with the platform ready for them."""
    found = [node for node in ast.parse(fragment).body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = [ast.unparse(node) for node in found]
    if any("quanheng.platform" in line for line in lines):
        lines.insert(0, "import django; django.setup()")
    return "\n".join(lines)


def check_page(page: Path, env: dict[str, str]) -> list[str]:
    """What is wrong on one page; empty when all of it runs."""
    wrong: list[str] = []
    script: list[str] = []
    with tempfile.TemporaryDirectory(prefix="quanheng-docs-") as folder:
        env = env | {"QUANHENG_DATA": folder, "DJANGO_SETTINGS_MODULE": "quanheng.platform.project.settings"}
        for kind, mode, block in FENCE.findall(page.read_text("utf-8")):
            if kind == "console":
                wrong += [line for command in commands_of(block) if (line := _check(command, folder, env))]
            elif kind == "python" and mode == "run":
                script.append(block)
            elif kind == "python":
                try:
                    script.append(imports_of(block))
                except SyntaxError as error:
                    wrong.append(f"a python block does not parse (mark it `text` if it is not meant to): {error}")
        if any(script):
            words = [env.get("PYTHON", sys.executable), "-c", "\n".join(script)]
            done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode:
                wrong.append(f"its Python failed: {done.stderr}")
    return wrong


def _check(command: Command, folder: str, env: dict[str, str]) -> str | None:
    done = _sh(command.words, folder, env)
    if done.returncode != command.code:
        return f"`{command.words}` ended with {done.returncode}, not {command.code}: {done.stderr}"
    absent = missing_line(command.expected, done.stdout)
    return None if absent is None else f"`{command.words}` did not print {absent!r}"


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
