"""Fixtures every floor may use: the shared reference folder, found or skipped aloud."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of references and samples; absent outside the project's workplace, required in CI."""
    folder = Path(os.environ.get("QUANHENG_SHARED", ROOT.parent / "shared"))
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"QUANHENG_SHARED: {folder} is absent")
    pytest.skip(f"QUANHENG_SHARED: {folder} is absent, so this test did not run")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The browser that ``make test`` found or unpacked; as root Chromium needs its sandbox left out."""
    pointer = ROOT / ".tools" / "chromium.path"
    path = os.environ.get("QUANHENG_CHROMIUM") or (pointer.read_text("utf-8").strip() if pointer.exists() else "")
    if not path or not Path(path).exists():
        lacking = "no browser is set up: run `make test` once, or set QUANHENG_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(lacking)
        pytest.skip(lacking)
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": path, "args": flags}


DATABASE = {"db", "transactional_db"}
BROWSER_FILES = ("tests/browser/test_*.py", "test_*_browser.py")  # the pass of the browser collects no others


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what drives a browser: it runs in a pass apart, because Playwright leaves an event loop in its process.

    The pass on PostgreSQL leaves out what asks no database, or asks it nothing that SQLite answers otherwise; what it
    asks in ``make test-long`` only is ``postgres_long``. A short form for PostgreSQL alone is ``postgres_only``.
    """
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("browser") and not any(item.path.match(way) for way in BROWSER_FILES):
            raise pytest.UsageError(f"{item.nodeid} drives a browser: name its file test_…_browser.py")
    kept = [item for item in items if _has_its_place(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def _has_its_place(item: pytest.Item) -> bool:
    if not os.environ.get("QUANHENG_DATABASE_URL"):
        return item.get_closest_marker("postgres_only") is None
    asks = DATABASE & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
    return bool(asks) and item.get_closest_marker("one_database") is None


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """Every test begins in Chinese, whatever language the page of the test before it was asked for in."""
    with translation.override("zh-hans"):
        yield
