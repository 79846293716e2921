"""``remind``: write today's reminders and send what waits by e-mail now, as the worker does every day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from quanheng.platform.instruments.reminders import remind
from quanheng.platform.kernel.notices import email_pending


class Command(BaseCommand):
    help = "Remind keepers of instruments whose validity ends soon; a second run adds nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each of the two."""
        self.stdout.write(remind())
        self.stdout.write(email_pending())
