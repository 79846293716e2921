"""What demo.json says: where it is, who may sign in, and what to look at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from quanheng.platform.certificates.models import Record
from quanheng.platform.project.demo.world import World
from quanheng.platform.trace.queries import prove


@dataclass(frozen=True)
class Description:
    """The content of demo.json."""

    data: dict[str, Any]


def describe(world: World) -> Description:
    """Logins, samples whose chain holds today, and the place of KEYS."""
    return Description(
        {
            "url": settings.QUANHENG.base_url,
            "logins": [
                {
                    "role": x.role,
                    "title": x.title,
                    "user": x.user,
                    "password": world.password,
                    "name": x.name,
                    "organisation": x.organisation,
                    **({"totp": x.secret} if x.secret else {}),
                }
                for x in world.logins
            ],
            "samples": samples(world),
            "keys": "KEYS",
        }
    )


def samples(world: World) -> dict[str, str]:
    """A scale with a certificate issued here, the standard used for it, the certificate's number."""
    issued = (
        Record.objects.filter(state="issued", verdict="pass", document__state="issued", instrument__state="in_use")
        .filter(instrument__invalidated_on=None, document__valid_until__gte=world.today)
        .select_related("instrument", "document")
        .order_by("procedure_id", "-performed_on", "instrument__serial_number")
    )
    scales = issued.filter(procedure_id="JJG-539-2016")
    for record in [*scales[:20], *issued[:20]]:
        standard = record.standards.select_related("standard").first()
        if standard is not None and record.document and prove(record.instrument_id, world.today)["holds"]:
            return {
                "instrument": record.instrument.code,
                "standard": standard.standard.code,
                "certificate": record.document.number,
            }
    return {}
