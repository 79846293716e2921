"""A browser for the tests: the machine's own Chromium, else the one inside an npm package, unpacked without root."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

from scripts import environment, node
from scripts.shell import TOOLS, Missing, quiet

POINTER = TOOLS / "chromium.path"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def starts(program: str | Path, env: dict[str, str] | None = None) -> bool:
    """Whether the program runs at all on this machine (its libraries are found)."""
    try:
        asked = subprocess.run(
            [program, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, env=env
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def ensure() -> Path:
    """The browser's path, also left in ``.tools/chromium.path`` for the test suite."""
    given = os.environ.get("QUANHENG_CHROMIUM")
    if given and not starts(given):
        raise Missing(f"QUANHENG_CHROMIUM names {given}, which does not start", "correct or unset the variable.")
    here = [found for name in NAMES if (found := shutil.which(name))]
    chosen = given or next((path for path in here if starts(path)), None) or str(_unpacked())
    TOOLS.mkdir(exist_ok=True)
    POINTER.write_text(chosen + "\n", "utf-8")
    return Path(chosen)


def _unpacked() -> Path:
    package = node.install(with_browser=True) / "@sparticuz" / "chromium"
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    folder = TOOLS / f"chromium-{version}"
    launcher = folder / "launch"
    if launcher.exists() and starts(launcher):
        return launcher
    shutil.rmtree(folder, ignore_errors=True)
    python = environment.ensure_tools("tools")
    quiet([python, Path(__file__).parent / "unpack_chromium.py", package / "bin", folder])
    _write_launcher(launcher, folder)
    if not starts(launcher):
        raise Missing(
            f"the unpacked Chromium {version} does not start here: {_complaint(launcher)}",
            "install the named library, or a Chromium of the system, or set QUANHENG_CHROMIUM to one that starts.",
        )
    return launcher


def _write_launcher(launcher: Path, folder: Path) -> None:
    """A start script: the package's own libraries only where the machine lacks them, its fonts likewise."""
    program, lines = folder / "chromium", ["#!/bin/sh"]
    if not starts(program):
        libraries = sorted({str(path.parent) for path in folder.rglob("*.so*")})
        lines.append(f'export LD_LIBRARY_PATH="{":".join(libraries)}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"')
    fonts = next(folder.rglob("fonts.conf"), None)
    if fonts and not Path("/etc/fonts/fonts.conf").exists():
        lines.append(f'export FONTCONFIG_PATH="{fonts.parent}"')
    launcher.write_text("\n".join([*lines, f'exec "{program}" "$@"', ""]), "utf-8")
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _complaint(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return (said.stderr or said.stdout).strip().splitlines()[-1:][0] if said.stderr or said.stdout else "no message"
