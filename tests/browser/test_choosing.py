"""Searchable lists: who types and presses Enter at once gets what was typed."""

from __future__ import annotations

from quanheng.platform.kernel.models import User
from quanheng.platform.parties.models import Duty
from quanheng.platform.verification import services
from tests.browser.conftest import Open
from tests.platform import makers
from tests.platform.cast import Cast


def test_enter_right_after_the_last_letter_takes_the_person_that_was_typed(stage: Cast, visit: Open) -> None:
    item = makers.make_instrument(stage.shop)
    made = services.create_application(
        actor=stage.actor("keeper"), organisation=stage.shop, institute=stage.institute, instruments=[item],
        delivery="sent_in",
    )  # fmt: skip
    services.submit_application(actor=stage.actor("keeper"), application=made)
    services.accept_application(actor=stage.actor("receptionist"), application=made)
    task = made.tasks.select_related("norm").get()
    assert task.norm is not None
    wanted: User | None = None
    for name in ("阿一", "陈二", "赵钱"):
        wanted = makers.make_user(name, stage.institute, "verifier")
        makers.make_licence(wanted, Duty.VERIFY, task.norm)
    window = visit()
    window.sign_in(stage.receptionist.username)
    window.go(f"/verification/tasks/assign/?t={task.pk}")
    window.page.click("#id_verifier-ts-control")
    window.page.keyboard.type("赵钱")
    window.page.keyboard.press("Enter")
    assert wanted is not None
    assert window.page.input_value("#id_verifier") == str(wanted.pk)
