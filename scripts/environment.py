"""The Python environments: ``.venv`` for the project, ``.tools/venv`` for what only the set-up needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.shell import ROOT, TOOLS, Failed, Missing, fingerprint, quiet, read_stamp, write_stamp

VENV = ROOT / ".venv"
LOCKS = ROOT / "requirements"
PROFILES = ("platform", "dev", "spark")  # each holds everything of the one before, at the same versions


def bin_of(venv: Path, name: str = "python") -> Path:
    """A command inside an environment."""
    return venv / "bin" / name


def works(venv: Path) -> bool:
    """Whether the environment's interpreter starts and is of our version (a moved folder breaks it)."""
    python = bin_of(venv)
    if not python.exists():
        return False
    asked = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix, *sys.version_info[:2], sep=chr(10))"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return asked.stdout.splitlines() == [str(venv), *map(str, sys.version_info[:2])]


def create(venv: Path) -> None:
    """Make an environment with uv in it, by whichever way this machine allows."""
    shutil.rmtree(venv, ignore_errors=True)
    try:
        quiet([sys.executable, "-m", "venv", venv])
        quiet([bin_of(venv), "-m", "pip", "install", "--quiet", "uv"])
        return
    except Failed as failure:
        first = failure
    if bin_of(venv).exists() and bin_of(venv, "pip").exists():  # pip is there but could not fetch uv
        raise Missing(
            f"uv could not be installed by pip:\n{first.tail}",
            "let pip reach a package index (pip config set global.index-url …, or PIP_INDEX_URL) and run again.",
        )
    shutil.rmtree(venv, ignore_errors=True)
    if not _without_ensurepip(venv):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Missing(
            f"this Python {version} cannot make an environment with pip (no ensurepip), and neither pip nor uv is"
            " installed beside it",
            f"install Debian's package python{version}-venv (as root), or a Python that carries ensurepip and run"
            " `make PYTHON=/path/to/it …`, or put the command `uv` on PATH.",
        )


def _without_ensurepip(venv: Path) -> bool:
    """A bare environment filled by the system's pip or an installed uv, where ensurepip is missing."""
    uv = shutil.which("uv")
    fillers: list[list[str | Path]] = [[sys.executable, "-m", "pip", "--python", bin_of(venv), "install", "-q", "uv"]]
    if uv:
        fillers.insert(0, [uv, "pip", "install", "--quiet", "--python", bin_of(venv), "uv"])
    for fill in fillers:
        try:
            quiet([sys.executable, "-m", "venv", "--without-pip", "--clear", venv])
            quiet(fill)
        except Failed:
            continue
        if bin_of(venv, "uv").exists():
            return True
    return False


def uv_environment(venv: Path) -> dict[str, str]:
    """Our variables for uv. It ignores pip's configuration, so an index or authority set there is handed on."""
    env = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    try:
        listed = quiet([bin_of(venv), "-m", "pip", "config", "list"])
    except Failed:
        return env
    found = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)

    def of_pip(name: str) -> str:
        ways = (f":env:.{name}", f"install.{name}", f"global.{name}")
        return next((found[way].strip("'\"") for way in ways if way in found), "")

    if of_pip("index-url") and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & env.keys():
        env["UV_DEFAULT_INDEX"] = of_pip("index-url")
    if of_pip("cert"):
        env.setdefault("SSL_CERT_FILE", of_pip("cert"))
    return env


def uv(venv: Path, *words: str | Path) -> None:
    """Run the environment's own uv."""
    try:
        quiet([bin_of(venv, "uv"), *words], env=uv_environment(venv) | {"VIRTUAL_ENV": str(venv)})
    except Failed as failure:
        raise Missing(
            f"uv could not install what the lock files name:\n{failure.tail}",
            "let it reach a package index (pip config set global.index-url …, or UV_DEFAULT_INDEX) and run again.",
        ) from failure


def _key(profile: str) -> str:
    python = f"{sys.version_info[:3]} {ROOT}"
    return fingerprint(LOCKS / f"{profile}.txt", ROOT / "pyproject.toml", python)


def ensure(profile: str) -> Path:
    """The project's environment with at least ``profile`` in it; returns its interpreter."""
    stamp = VENV / "quanheng.json"
    found = read_stamp(stamp)
    enough = PROFILES[PROFILES.index(profile) :]
    if works(VENV) and any(found.get("key") == _key(name) for name in enough if found.get("profile") == name):
        return bin_of(VENV)
    if not works(VENV) or not bin_of(VENV, "uv").exists():
        create(VENV)
    uv(VENV, "pip", "sync", "--quiet", LOCKS / f"{profile}.txt")
    uv(VENV, "pip", "install", "--quiet", "--no-deps", "--editable", ROOT)
    write_stamp(stamp, {"profile": profile, "key": _key(profile)})
    return bin_of(VENV)


def ensure_tools(*locks: str) -> Path:
    """The set-up's own environment with at least the packages of ``locks``; returns its interpreter."""
    venv = TOOLS / "venv"
    stamp = venv / "quanheng.json"
    held = read_stamp(stamp)
    wanted = {lock: fingerprint(LOCKS / f"{lock}.txt", str(ROOT)) for lock in locks}
    known = held.get("locks")
    have = {str(k): str(v) for k, v in known.items()} if isinstance(known, dict) and works(venv) else {}
    if all(have.get(lock) == mark for lock, mark in wanted.items()):
        return bin_of(venv)
    if not works(venv) or not bin_of(venv, "uv").exists():
        create(venv)
    for lock in locks:
        uv(venv, "pip", "install", "--quiet", "--require-hashes", "-r", LOCKS / f"{lock}.txt")
    write_stamp(stamp, {"locks": have | wanted})
    return bin_of(venv)


def lock() -> None:
    """Resolve again and write the lock files; they name no host, so any index can serve them."""
    ensure("dev")
    base: list[str | Path] = ["pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-header"]
    out = "--output-file"
    dev, product = "requirements/dev.txt", ["pyproject.toml", "--extra", "platform"]
    uv(VENV, *base, *product, "--group", "dev", out, dev)
    uv(VENV, *base, *product, "-c", dev, out, "requirements/platform.txt")
    uv(VENV, *base, *product, "--extra", "spark", "--group", "dev", "-c", dev, out, "requirements/spark.txt")
    for group in ("tools", "node"):
        uv(VENV, *base, "--group", group, out, f"requirements/{group}.txt")
