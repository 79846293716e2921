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
