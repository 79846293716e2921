"""The test suite: once on SQLite, then what touches the database once more on PostgreSQL."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from scripts.shell import ROOT, TOOLS, Aside, Missing, Progress, loud, quiet

NO_TESTS = 5  # pytest's exit code when it collected nothing
ON_POSTGRES = ("tests/platform", "tests/stories")  # the only folders that touch the database; browser tests ride on one
IN_THE_BROWSER = ("tests/browser", "tests/**/test_*_browser.py")  # where tests/conftest.py lets a browser be driven
# Two processes work side by side: threads of their libraries would only spin on the same cores.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
PROBE = """
import sys, psycopg
for url in sys.argv[1:]:
    try:
        with psycopg.connect(url, dbname="postgres", connect_timeout=3) as link:
            row = link.execute("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    except psycopg.Error:
        continue
    if row and row[0]:
        print(url)
        break
"""


def candidates() -> list[str]:
    """Where a PostgreSQL server may answer: the one named, else this machine's, as the likely users."""
    named = os.environ.get("QUANHENG_TEST_POSTGRES")
    if named:
        return [named]
    host, port = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGPORT", "5432")
    password = f":{quote(os.environ['PGPASSWORD'])}" if os.environ.get("PGPASSWORD") else ""
    users = [os.environ.get("PGUSER"), os.environ.get("USER"), "postgres"]
    place = f"/quanheng?host={quote(host)}&port={port}" if host.startswith("/") else f"{host}:{port}/quanheng"
    return [f"postgresql://{quote(user)}{password}@{place}" for user in dict.fromkeys(users) if user]


def find_postgres(python: Path) -> str | None:
    """The address of a server that lets us create databases."""
    return quiet([python, "-c", PROBE, *candidates()]).strip() or None


def environment_for(chromium: Path | None, database_url: str | None) -> dict[str, str]:
    """Variables of one pass; where the shell forbids bytecode beside the sources, it goes to ``.tools``."""
    env = {key: value for key, value in os.environ.items() if key not in {"QUANHENG_DATABASE_URL", "QUANHENG_DATA"}}
    env["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in the thread of the tests: a pass apart
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        env.setdefault("PYTHONPYCACHEPREFIX", str(TOOLS / "bytecode"))
    env = dict.fromkeys(THREADS, "1") | env
    if chromium:
        env["QUANHENG_CHROMIUM"] = str(chromium)
    if database_url:
        env["QUANHENG_DATABASE_URL"] = database_url
    return env


def pytest(python: Path, words: Sequence[str], env: dict[str, str]) -> int:
    """One run of pytest; its closing lines stay the last thing printed."""
    return loud([python, "-m", "pytest", *words], env=env)


def pytest_aside(python: Path, words: Sequence[str], env: dict[str, str]) -> Aside:
    """One run of pytest, in one process beside another run."""
    return Aside([python, "-m", "pytest", "-n", "0", *words], env=env)


def folders_with_tests(folders: Sequence[str]) -> list[str]:
    """Those that exist and hold a test file."""
    return [name for name in folders if any((ROOT / name).rglob("test_*.py"))]


def suite(python: Path, chromium: Path | None, *, marker: str, extra: Sequence[str]) -> int:
    """Both passes; the first failing exit code, else 0."""
    postgres = find_postgres(python)
    in_ci = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
    if postgres is None and in_ci:
        raise Missing(
            "CI is set but no PostgreSQL server answers (tried " + ", ".join(_shown(url) for url in candidates()) + ")",
            "start PostgreSQL, or name one with QUANHENG_TEST_POSTGRES=postgresql://user@host/name whose user may"
            " create databases.",
        )
    named = [word for word in extra if (ROOT / word.split("::")[0]).exists()]  # make test ARGS="tests/evidence -x"
    given = [word for word in extra if word not in named]
    options = ["-n", "2", "--dist", "worksteal", *given]
    quick, drawn = f"{marker} and not browser", f"{marker} and browser"
    other = "(long or postgres_long) and not browser" if marker == "long" else f"{quick} and not postgres_long"
    again = [name for name in named if name.startswith(ON_POSTGRES)] if named else folders_with_tests(ON_POSTGRES)
    again = again if postgres else []
    if postgres is None:
        print("No PostgreSQL server answers on this machine: the suite runs on SQLite only.", flush=True)
    windows = named or [str(path.relative_to(ROOT)) for way in IN_THE_BROWSER for path in sorted(ROOT.glob(way))]
    # A browser makes its test wait more than work, so that pass runs beside the first instead of after it.
    drawing = pytest_aside(python, ["-m", drawn, *given, *windows], environment_for(chromium, None))
    try:
        print(f"── SQLite: {' '.join(named) or 'everything'} ──", flush=True)
        first = _some(pytest(python, ["-m", quick, *options, *named], environment_for(chromium, None)), marker)
        print("── SQLite, in the browser ──", flush=True)
        drew = drawing.wait()
    finally:
        drawing.stop()
    first = first or (0 if drew == NO_TESTS and (named or marker == "long") else drew)
    if not again or postgres is None:
        return first
    print(f"── PostgreSQL ({_shown(postgres)}): {' '.join(again)} ──", flush=True)
    second = pytest(python, ["-m", other, *options, *again], environment_for(chromium, postgres))
    if second == NO_TESTS:
        second = 0
    if first:
        print(f"The pass on SQLite above failed (pytest exit code {first}).", file=sys.stderr, flush=True)
    return first or second


def _some(code: int, marker: str) -> int:
    """The exit code; long forms come with the features they stretch, so having none of them is no failure."""
    return 0 if code == NO_TESTS and marker == "long" else code


def _shown(url: str) -> str:
    """An address without its password."""
    head, _, tail = url.rpartition("@")
    user = head.removeprefix("postgresql://").split(":")[0]
    return f"postgresql://{user}@{tail}"


def announce(progress: Progress) -> None:
    """The line of the step whose output follows."""
    progress.done += 1
    print(f"[{progress.done}/{progress.total}] tests", flush=True)
