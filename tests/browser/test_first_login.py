"""An invited person sets the first password in a real browser: the browser, not only the server, accepts the form."""

from __future__ import annotations

from urllib.parse import urlsplit

from quanheng.platform.kernel.models import User
from quanheng.platform.project.accounts import invitations
from tests.browser.conftest import PASSWORD, Open
from tests.platform.cast import Cast


def test_the_link_of_an_invitation_leads_to_a_password_and_in(stage: Cast, visit: Open) -> None:
    person = User(username="newcomer", name="新同事", organisation=stage.institute)
    person.set_unusable_password()
    person.save()
    window = visit()
    window.go(urlsplit(invitations.link(person)).path)
    for box in window.page.query_selector_all("input[type=password]"):
        box.fill(PASSWORD)
    window.page.get_by_role("button", name="设置密码").click()
    window.page.wait_for_url("**/accounts/login/**")
    window.sign_in("newcomer")
    assert "新同事" in window.page.inner_text("header")


def test_a_signatory_sets_up_a_passkey_and_comes_in_with_it(stage: Cast, visit: Open) -> None:
    window = visit()
    page = window.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    able = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, **able}})
    window.sign_in(stage.signatory.username)
    page.get_by_role("link", name="用通行密钥或安全密钥").click()
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="确认", exact=True).click()
    page.get_by_label("通行密钥的名称").fill("办公室电脑")
    page.check("#id_passwordless")
    page.get_by_role("button", name="添加", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/2fa/" in url and "/add/" not in url)
    window.go("/accounts/logout/")
    page.click("main form button")
    window.go("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(f"{window.base}/")
    assert stage.signatory.name in page.inner_text("header")
