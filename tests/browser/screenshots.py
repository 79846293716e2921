"""Pictures of the main pages of a running demo, in both languages, wide and on a phone, for people to look at.

``python -m tests.browser.screenshots DATA/demo.json OUT [--url http://127.0.0.1:8000] [--only login,queue]``
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from scripts import chromium

ROOT = Path(__file__).resolve().parents[2]
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{fonts}</dir></fontconfig>
"""
WIDTHS = {"wide": 1440, "phone": 390}
LANGUAGES = {"zh": "zh-hans", "en": "en"}
LOCALES = {"zh-hans": "zh-CN", "en": "en-GB"}


@dataclass(frozen=True)
class Shot:
    """A page as somebody sees it: its address, or the links to follow to it from there."""

    name: str
    who: str
    path: str
    follow: str = ""


SHOTS = (
    Shot("login", "", "/accounts/login/"),
    Shot("landing", "", "/"),
    Shot("public", "", "/v/{instrument}/"),
    Shot("public-certificate", "enterprise", "/certificates/", "main tbody a"),
    Shot("queue-enterprise", "enterprise", "/"),
    Shot("queue-regulator", "regulator", "/"),
    Shot("queue-verifier", "verifier", "/"),
    Shot("instruments", "regulator", "/instruments/"),
    Shot("instrument", "enterprise", "/instruments/?status=in_use", "main tbody a"),
    Shot("import", "enterprise", "/instruments/imports/instruments/new/"),
    Shot("districts", "regulator", "/instruments/districts/"),
    Shot("record", "verifier", "/certificates/records/?state=draft", "main tbody a"),
    Shot("review", "checker", "/certificates/records/?state=checking", "main tbody a"),
    Shot("schedule", "receptionist", "/verification/schedule/"),
    Shot("task", "receptionist", "/verification/tasks/?state=waiting", "main tbody a"),
    Shot("standards", "verifier", "/standards/"),
    Shot("fleet", "power", "/surveillance/"),
    Shot("fleet-area", "power", "/surveillance/areas/", "main tbody a"),
    Shot("standard", "verifier", "/standards/", "main tbody a"),
    Shot("chain", "enterprise", "/trace/", "main tbody a"),
    Shot("law", "enterprise", "/law/"),
    Shot("coverage", "enterprise", "/law/coverage/"),
    Shot("people", "lab_manager", "/administration/people/"),
    Shot("norms", "enterprise", "/catalog/norms/"),
)


def code(secret: str) -> str:
    """What the authenticator shows now (RFC 6238)."""
    key = base64.b32decode(secret)
    digest = hmac.digest(key, (int(time.time()) // 30).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def launch(playwright: Playwright) -> Browser:
    """The browser of the tests, with our own font for Chinese where the machine has none."""
    settings = Path(tempfile.mkdtemp()) / "fonts.conf"
    settings.write_text(FONTS.format(fonts=ROOT / "quanheng" / "evidence" / "fonts"), "utf-8")
    env: Any = {**os.environ, "FONTCONFIG_FILE": str(settings)}
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=chromium.ensure(), args=flags, env=env)


@contextmanager
def person(browser: Browser, url: str, login: dict[str, Any] | None, language: str, width: int) -> Iterator[Page]:
    """A window in which the person is signed in."""
    size: Any = {"width": width, "height": 844 if width < 600 else 900}
    context = browser.new_context(viewport=size, has_touch=width < 600, color_scheme="light", locale=LOCALES[language])
    context.add_cookies([{"name": "django_language", "value": language, "url": url}])
    page = context.new_page()
    if login:
        page.goto(f"{url}/accounts/login/")
        page.fill("#id_login", login["user"])
        page.fill("#id_password", login["password"])
        page.click("main form[action='/accounts/login/'] button")
        page.wait_for_load_state("networkidle")
        if "/2fa/" in page.url:
            page.fill("#id_code", code(login["totp"]))
            page.keyboard.press("Enter")
            page.wait_for_load_state("networkidle")
    yield page
    context.close()


def take(page: Page, shot: Shot, url: str, samples: dict[str, str], out: Path) -> str:
    """One picture; says what is wrong with the page at first sight."""
    answer = page.goto(url + shot.path.format(**samples))
    page.wait_for_load_state("networkidle")
    if shot.follow:
        links = page.locator(shot.follow)
        if not links.count():
            return "nothing to follow"
        links.first.click()
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    page.screenshot(path=out, full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    status = answer.status if answer else 0
    return "; ".join([f"answers {status}"] * (status >= 400) + [f"{wide} px too wide"] * (wide > 0))


def main() -> None:
    """Sign in as each once per language and width, and take their pages."""
    parser = argparse.ArgumentParser()
    parser.add_argument("demo", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    demo = json.loads(options.demo.read_text("utf-8"))
    url, only = options.url or demo["url"], {name for name in options.only.split(",") if name}
    logins: dict[str, dict[str, Any]] = {}
    for login in demo["logins"]:
        logins[login["user"]] = login
        if login["user"] != "power":
            logins[login["role"]] = login
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for language, width in ((a, b) for a in LANGUAGES for b in WIDTHS):
            for who in dict.fromkeys(shot.who for shot in SHOTS):
                wanted = [s for s in SHOTS if s.who == who and (not only or s.name in only)]
                if not wanted:
                    continue
                with person(browser, url, logins.get(who), LANGUAGES[language], WIDTHS[width]) as page:
                    for shot in wanted:
                        name = f"{shot.name}-{language}-{width}"
                        print(name, take(page, shot, url, demo["samples"], options.out / f"{name}.png"))
        browser.close()


if __name__ == "__main__":
    main()
