"""``locks``: whom wrong passwords or codes locked out, and how to let somebody in again from the console."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quanheng.errors import InputError
from quanheng.platform.kernel.actors import system
from quanheng.platform.kernel.models import User
from quanheng.platform.project.accounts import locks


class Command(BaseCommand):
    help = "List the people whom wrong passwords or codes locked out, with the time it ends, or release one of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--release", default="", metavar="USER", help="user name or e-mail of who may try again")
        parser.add_argument("--reason", default="", help="why, for the audit trail; needed with --release")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["release"]:
            for one in locks.locked(User.objects.order_by("username")):
                until = locks.locked_until(one)
                self.stdout.write(f"{one.username}\t{one.name}\t{until.isoformat() if until else ''}")
            return
        user = locks.person_of(options["release"])
        if user is None:
            raise CommandError("unknown_person: no account has this user name or e-mail")
        if not options["reason"].strip():
            raise CommandError("reason: say why, with --reason")
        try:
            locks.release(actor=system("quanheng manage locks"), user=user, reason=options["reason"].strip())
        except InputError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        self.stdout.write(f"{user.username} may try again")
