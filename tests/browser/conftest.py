"""A real browser without network: everything but this machine is refused and remembered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from django.db.backends.sqlite3.base import DatabaseOperations
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, Route
from pytest_django.live_server_helper import LiveServer

from tests.platform.cast import Cast, make_cast

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse 7"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHOTS = ROOT / "test-results" / "screens"
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in this thread


def chromium_path() -> str | None:
    """The browser that is named, that the set-up found, or that the machine has."""
    if given := os.environ.get("QUANHENG_CHROMIUM"):
        return given
    pointer = ROOT / ".tools" / "chromium.path"
    if pointer.is_file() and Path(pointer.read_text("utf-8").strip()).exists():
        return pointer.read_text("utf-8").strip()
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _absent(what: str) -> None:
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(what)
    pytest.skip(f"{what}, so this test did not run")


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, with our own font for Chinese where the machine has none."""
    path = chromium_path()
    if path is None:
        _absent("no Chromium was found (`make test` brings one; QUANHENG_CHROMIUM names one)")
    folder = tmp_path_factory.mktemp("fontconfig")
    fonts = ROOT / "quanheng" / "evidence" / "fonts"
    (folder / "fonts.conf").write_text(FONTS.format(fonts=fonts, cache=folder / "cache"), "utf-8")
    env: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], env=env)
    yield browser
    browser.close()


@pytest.fixture(scope="session", autouse=True)
def flush_despite_triggers() -> Iterator[None]:
    """Between two tests the database is emptied, which the triggers that keep the audit trail would forbid on SQLite."""
    original = DatabaseOperations.execute_sql_flush

    def flush(operations: DatabaseOperations, sql_list: list[str]) -> None:
        with operations.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            original(operations, sql_list)
            for _name, sql in triggers:
                cursor.execute(sql)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
        yield


@dataclass
class Visit:
    """One person at one browser window; what went wrong is collected."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open an address of the product and wait until it is quiet."""
        self.page.goto(f"{self.base}{path}")
        self.page.wait_for_load_state("networkidle")

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        """Sign in by the form."""
        self.go("/accounts/login/")
        self.page.fill("#id_login", username)
        self.page.fill("#id_password", password)
        self.page.click("main form[action='/accounts/login/'] button")
        self.page.wait_for_load_state("networkidle")

    def shot(self, name: str) -> Path:
        """A picture for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def text(self, selector: str = "main") -> str:
        """What is written there."""
        return self.page.inner_text(selector)


def _guard(context: BrowserContext, base: str, visit: Visit) -> None:
    host = urlsplit(base).hostname

    def route(handler: Route, request: Request) -> None:
        scheme, name = urlsplit(request.url).scheme, urlsplit(request.url).hostname
        if scheme in {"data", "blob", "about", "chrome", "chrome-extension"} or name in {
            host,
            "localhost",
            "127.0.0.1",
        }:
            handler.continue_()
        else:
            visit.outside.append(request.url)
            handler.abort()

    def console(message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            visit.problems.append(f"{message.text} {message.location.get('url', '')}")

    context.route("**/*", route)
    visit.page.on("console", console)
    visit.page.on("pageerror", lambda error: visit.problems.append(str(error)))


Open = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, live_server: LiveServer) -> Iterator[Open]:
    """Opens windows: ``visit(width=390, theme="dark", language="en")``. Afterwards nothing may have gone outside or wrong."""
    caches["default"].clear()
    caches["memory"].clear()
    made: list[tuple[BrowserContext, Visit]] = []
    base = live_server.url.replace("127.0.0.1", "localhost")  # passkeys take no numeric address

    def open_window(
        *, width: int = 1440, theme: str = "light", language: str = "zh-hans", script: bool = True
    ) -> Visit:
        size: Any = {"width": width, "height": 844 if width < 600 else 900}
        context = chromium.new_context(viewport=size, has_touch=width < 600, java_script_enabled=script)
        cookies: list[Any] = [
            {"name": "qh_theme", "value": theme, "url": base},
            {"name": "django_language", "value": language, "url": base},
        ]
        context.add_cookies(cookies)
        window = Visit(context.new_page(), base)
        _guard(context, base, window)
        made.append((context, window))
        return window

    yield open_window
    for context, _window in made:
        context.close()
    assert [url for _context, window in made for url in window.outside] == []
    assert [text for _context, window in made for text in window.problems] == []


@pytest.fixture
def stage(transactional_db: None) -> Cast:
    """The cast in a database that the server's threads see."""
    return make_cast()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
