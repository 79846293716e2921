"""The kernel's jobs by the clock: sealing events, sending e-mail."""

from __future__ import annotations

from quanheng.platform.kernel import idempotency, notices, sealing
from quanheng.platform.kernel.periodic import PERIODIC, Periodic


def seal_events() -> str:
    """Seal everything that settled, batch after batch."""
    count = 0
    while made := sealing.seal():
        count += made.count
        if made.count < 50_000:
            break
    return f"{count} events sealed"


def register() -> None:
    """Called once when the app is ready."""
    PERIODIC.register("kernel.seal", Periodic(300, seal_events))
    PERIODIC.register("kernel.email", Periodic(60, notices.email_pending))
    PERIODIC.register("kernel.idempotency", Periodic(3600, idempotency.forget_old))
