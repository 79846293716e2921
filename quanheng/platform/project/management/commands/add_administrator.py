"""``add_administrator``: the first administrators of an installation, by whoever holds its console."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quanheng.errors import InputError
from quanheng.platform.kernel.actors import system
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.people import organisation_named
from quanheng.platform.kernel.roles import Role
from quanheng.platform.project.accounts import services

ROLES = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


class Command(BaseCommand):
    help = (
        "Give a person a role of administration and print their one-time link. Needed for the first of each role, and "
        "where the only security administrator lost the second factor (--reset)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=[str(r) for r in ROLES], required=True)
        parser.add_argument("--name", default="", help="printed name of a new person")
        parser.add_argument(
            "--organisation", default="", help="credit code or name; may be left out where there is one"
        )
        parser.add_argument("--reset", default="", metavar="REASON", help="also take away a lost second factor")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = system("quanheng manage add_administrator")
        try:
            place = organisation_named(options["organisation"])
            user = User.objects.filter(username=options["username"]).first() or services.add_person(
                actor=actor, organisation=place, username=options["username"], name=options["name"]
            )
            services.give_role(
                actor=actor, user=user, role=options["role"], organisation=place, valid_from=None, valid_until=None
            )
            if options["reset"]:
                services.reset_second_factor(actor=actor, user=user, reason=options["reset"])
            link, _sent = services.invite(actor=actor, user=user)
        except InputError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        self.stdout.write(link)
