"""Whatever people press in whatever order, a record goes only the permitted way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.platform.certificates import services, signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.kernel import clock
from quanheng.platform.verification.models import Task
from tests.platform.cast import Cast
from tests.platform.certificates import steps

PERMITTED = {
    ("draft", "submit"): "checking",
    ("checking", "check"): "signing",
    ("checking", "return"): "draft",
    ("signing", "return"): "draft",
    ("signing", "sign"): "issued",
    ("draft", "void"): "voided",
}
TASK_STATES = {
    "draft": "working",
    "checking": "checking",
    "signing": "signing",
    "issued": "issued",
    "voided": "working",
}


def actions(cast: Cast) -> dict[str, Callable[[Record], object]]:
    return {
        "submit": lambda r: services.submit(r, actor=cast.actor("verifier")),
        "check": lambda r: services.check(r, actor=cast.actor("checker")),
        "return": lambda r: services.return_record(r, reason="请复核", actor=cast.actor("checker")),
        "void": lambda r: services.void_record(r, reason="作废", actor=cast.actor("verifier")),
        "sign": lambda r: signing.sign(
            r, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory")
        ),
    }


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pressed=st.lists(st.sampled_from(["submit", "check", "return", "void", "sign"]), min_size=1, max_size=7))
def test_only_permitted_steps_are_taken(cast: Cast, pressed: list[str]) -> None:
    with clock.at(steps.TODAY):
        record = steps.filled(cast)
        acts, state, issued = actions(cast), "draft", 0
        before = Document.objects.count()
        for name in pressed:
            fresh = Record.objects.get(pk=record.pk)
            expected = PERMITTED.get((state, name))
            if expected is None:
                with pytest.raises(InputError):
                    acts[name](fresh)
            else:
                acts[name](fresh)
                state = expected
                issued += state == "issued"
            assert Record.objects.get(pk=record.pk).state == state
            assert Task.objects.get(pk=record.task_id).state == TASK_STATES[state]
        assert Document.objects.count() - before == issued
        assert not NumberRecord.objects.filter(state="reserved").exists()
