"""``load_library``: bring the law as data into the database; safe to repeat."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from quanheng.library import LIBRARY_ROOT
from quanheng.platform.kernel.actors import system
from quanheng.platform.law.services import load_library


class Command(BaseCommand):
    help = "Load the catalogues, norms, factors and limits of a library folder; a second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--path", type=Path, default=LIBRARY_ROOT, help="folder of another content pack")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        result = load_library(actor=system("load_library"), root=options["path"])
        counts = vars(result)
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()))
