"""The frame in a real browser: keyboard, palette, theme, language, phone, no outside request, no violated policy."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import caches

from quanheng.platform.kernel.models import Notice, User
from tests.browser.conftest import PASSWORD, Open
from tests.platform.cast import Cast

PEOPLE = "/administration/people/"


def staff(stage: Cast, count: int = 40) -> None:
    """Enough people for two pages."""
    User.objects.bulk_create(
        User(username=f"staff{n}", name=f"员工{n:02}", organisation=stage.institute, password="!") for n in range(count)
    )


def test_the_keyboard_goes_through_a_list(stage: Cast, visit: Open) -> None:
    staff(stage)
    window = visit()
    window.sign_in(stage.manager.username)
    window.go(f"{PEOPLE}?q=员工&sort=name")
    page = window.page
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    assert "员工01" in page.inner_text("tr.cursor")
    page.keyboard.press("]")
    page.wait_for_url("**page=2**")
    page.go_back()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('员工00')")


def test_the_palette_finds_pages_and_the_letters_go_there(stage: Cast, visit: Open) -> None:
    window = visit()
    window.sign_in(stage.manager.username)
    page = window.page
    page.keyboard.press("Control+k")
    page.keyboard.type("机构")
    page.wait_for_selector("#hits a[aria-selected=true]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/administration/organisations/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(f"{window.base}/")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"


def test_a_filter_is_applied_at_once_and_stands_in_the_address(stage: Cast, visit: Open) -> None:
    staff(stage)
    window = visit()
    window.sign_in(stage.manager.username)
    window.go(PEOPLE)
    page = window.page
    page.fill("#id_q", "员工07")
    page.wait_for_url("**q=**")
    page.wait_for_function("document.querySelectorAll('#list tbody tr').length === 1")
    page.reload()
    assert "员工07" in window.text("#list")
    page.click("#list a[href*=sort]")
    page.wait_for_url("**sort=**")
    assert "员工07" in window.text("#list")


def test_theme_and_language_are_remembered(stage: Cast, visit: Open) -> None:
    window = visit()
    window.sign_in(stage.manager.username)
    page = window.page
    page.click("[data-theme-toggle]")
    window.go(PEOPLE)
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    page.click("button[name=language]")
    page.wait_for_load_state("networkidle")
    assert page.get_attribute("html", "lang") == "en"
    assert page.url.endswith(PEOPLE)


@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_their_window(stage: Cast, visit: Open, width: int) -> None:
    staff(stage)
    Notice.objects.create(user=stage.manager, kind="due", key="1", text="三台标准器将在 30 天内到期", url="/")
    window = visit(width=width)
    for path in ("/", "/accounts/login/", "/v/"):
        window.go(path)
        assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    window.sign_in(stage.manager.username)
    paths = (
        "/",
        PEOPLE,
        f"{PEOPLE}new/",
        f"{PEOPLE}{stage.checker.pk}/",
        "/administration/organisations/",
        "/accounts/profile/",
        "/notices/",
    )
    for path in paths:
        window.go(path)
        assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_the_menu_of_the_phone_opens_and_closes(stage: Cast, visit: Open) -> None:
    window = visit(width=390)
    window.sign_in(stage.manager.username)
    page = window.page
    assert not page.is_visible("#side")
    page.click("[data-nav-open]")
    page.wait_for_selector("#side", state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector("#side", state="hidden")


def test_everything_that_acts_has_a_name_and_every_field_a_label(stage: Cast, visit: Open) -> None:
    window = visit()
    window.sign_in(stage.manager.username)
    unnamed = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea')].filter(el => {
      if (el.closest('dialog:not([open])')) return false;
      const label = el.labels && el.labels.length ? el.labels[0].textContent : '';
      return !(label + (el.getAttribute('aria-label') || '') + (el.title || '') + (el.textContent || '')).trim();
    }).map(el => el.outerHTML.slice(0, 120))"""
    for path in ("/", PEOPLE, f"{PEOPLE}new/", "/accounts/profile/", "/notices/"):
        window.go(path)
        assert window.page.evaluate(unnamed) == [], path
        assert window.page.evaluate("document.querySelectorAll('h1').length") == 1, path
        assert window.page.evaluate("document.querySelector('main') !== null")


def test_the_skip_link_is_the_first_stop_and_focus_shows(stage: Cast, visit: Open) -> None:
    window = visit()
    window.sign_in(stage.manager.username)
    window.go(PEOPLE)
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement.className") == "qh-skip"
    window.page.keyboard.press("Enter")
    assert window.page.evaluate("document.activeElement.id") == "content"
    assert window.page.evaluate("getComputedStyle(document.querySelector('.qh-skip')).position") == "absolute"


def test_signing_in_works_without_script_and_so_does_the_landing_page(stage: Cast, visit: Open) -> None:
    window = visit(script=False)
    window.go("/")
    assert "查证书" in window.text()
    window.sign_in(stage.manager.username)
    window.go(f"{PEOPLE}?q=周检定")
    assert "周检定" in window.text("#list")


def test_a_signatory_sets_up_the_second_factor_and_signs_in_with_it(stage: Cast, visit: Open) -> None:
    window = visit()
    window.sign_in(stage.signatory.username)
    page = window.page
    assert page.url.endswith("/accounts/second-factor/")
    page.click("a[href*='totp/activate']")
    page.wait_for_load_state("networkidle")
    page.fill("#id_password", PASSWORD)  # asked again before a credential is added
    page.click("main form button.btn-primary")
    page.wait_for_load_state("networkidle")
    secret = page.input_value("#authenticator_secret")

    def code(shift: int) -> str:
        return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + shift))

    assert page.evaluate("document.querySelector('.qh-qr').naturalWidth") > 0
    page.fill("#id_code", code(0))
    page.click("main form button.btn-primary")
    page.wait_for_load_state("networkidle")
    assert Authenticator.objects.filter(user=stage.signatory, type="totp").exists()
    window.go("/")
    assert "我的工作" in window.text("h1")

    caches["default"].clear()
    second = visit()
    second.sign_in(stage.signatory.username)
    assert "/accounts/2fa/authenticate/" in second.page.url
    second.page.fill("#id_code", code(0))
    second.page.click("main form[action='/accounts/2fa/authenticate/'] button.btn-primary")
    second.page.wait_for_load_state("networkidle")
    assert "我的工作" in second.text("h1")


def test_a_passkey_is_registered_and_opens_the_door(stage: Cast, visit: Open) -> None:
    window = visit()
    page = window.page
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    window.sign_in(stage.verifier.username)
    window.go("/accounts/2fa/webauthn/add/")
    if page.locator("#id_password").count():
        page.fill("#id_password", PASSWORD)
        page.click("main form button.btn-primary")
        page.wait_for_load_state("networkidle")
    page.check("#id_passwordless")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(lambda url: not url.endswith("/add/"))  # the click itself only asks the authenticator
    page.wait_for_load_state("networkidle")
    assert Authenticator.objects.filter(user=stage.verifier, type="webauthn").exists()
    page.context.clear_cookies(name="qh_session")
    window.go("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(f"{window.base}/")
    assert "我的工作" in window.text("h1")
