"""A session that ends while a form is filled in: after signing in again, what was typed is there, for the same person only."""

from __future__ import annotations

from django.contrib.sessions.models import Session

from quanheng.platform.kernel.models import User
from tests.browser.conftest import PASSWORD, Open, Visit
from tests.platform import makers
from tests.platform.cast import Cast


def fill_after_the_end(window: Visit, address: str, user: User, again: User) -> None:
    """Sign in, fill in, lose the session, send, sign in again."""
    window.sign_in(user.username)
    window.go(address)
    window.page.fill("#id_contact", "夜班 𠮷老师")
    window.page.select_option("#id_delivery", "on_site")
    Session.objects.all().delete()
    window.page.locator(".qh-form-actions .btn-primary").click()
    window.page.wait_for_url("**/accounts/login/**")
    window.page.fill("#id_login", again.username)
    window.page.fill("#id_password", PASSWORD)
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector("#id_contact")


def test_what_was_typed_is_back_after_signing_in_again(stage: Cast, visit: Open) -> None:
    item = makers.make_instrument(stage.shop)
    window = visit()
    fill_after_the_end(window, f"/verification/applications/new/?i={item.pk}", stage.keeper, stage.keeper)
    assert window.page.input_value("#id_contact") == "夜班 𠮷老师"
    assert window.page.input_value("#id_delivery") == "on_site"
    assert "刚才填写的内容已经恢复" in window.page.inner_text("[role=status].alert-info")
    window.page.reload()
    assert window.page.input_value("#id_contact") == stage.keeper.name


def test_somebody_else_at_the_same_screen_sees_nothing_of_it(stage: Cast, visit: Open) -> None:
    item = makers.make_instrument(stage.shop)
    other = makers.make_user("另一人", stage.shop, "enterprise")
    other.set_password(PASSWORD)
    other.save()
    window = visit()
    fill_after_the_end(window, f"/verification/applications/new/?i={item.pk}", stage.keeper, other)
    assert window.page.input_value("#id_contact") == "另一人"
    assert window.page.evaluate("sessionStorage.getItem('qh:kept')") is None
