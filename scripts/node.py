"""Node and npm: the machine's own where new enough, else a copy from the Python package index."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from scripts import environment
from scripts.shell import ROOT, TOOLS, Failed, Missing, fingerprint, quiet, read_stamp, write_stamp

OLDEST = 20


def _version(node: str) -> int:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
        return int(said.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError):
        return 0


def path_with_npm() -> str:
    """A PATH on which ``node`` and ``npm`` are found."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST:
        return os.environ.get("PATH", "")
    python = environment.ensure_tools("tools", "node")
    return f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"


def install(*, with_browser: bool) -> Path:
    """``npm ci`` from the lock file; the browser for tests (67 MB) only when asked for."""
    folder, stamp = ROOT / "node_modules", TOOLS / "npm.json"
    key = fingerprint(ROOT / "package.json", ROOT / "package-lock.json", str(ROOT))
    found = read_stamp(stamp)
    if folder.is_dir() and found.get("key") == key and (found.get("browser") or not with_browser):
        return folder
    stamp.unlink(missing_ok=True)
    path = path_with_npm()
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise Missing("npm is not on this machine and could not be installed", "install Node 20 or newer, run again.")
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        quiet([*words, *([] if with_browser else ["--omit=dev"])], env=dict(os.environ) | {"PATH": path})
    except Failed as failure:
        raise Missing(
            f"npm could not install the browser assets:\n{failure.tail}",
            "let npm reach a package registry (npm config set registry …) and run again.",
        ) from failure
    write_stamp(stamp, {"key": key, "browser": with_browser})
    return folder
