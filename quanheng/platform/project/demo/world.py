"""What the steps of the build hand to one another."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from numpy.random import Generator

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import clock, imports
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ImportBatch, Organisation, Region, User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.sheets import write_csv
from quanheng.platform.project.demo import names
from quanheng.platform.standards.models import MeasurementStandard

T = TypeVar("T")
PROVINCE, CITY = "990000", "990100"
CITY_INSTITUTE, PROVINCIAL_INSTITUTE, NATIONAL_INSTITUTE = "city", "province", "national"
COUNTY_INSTITUTES = ("990101", "990122", "990181")
SEAT = "990102"  # the district of the visitor's own firm
PROCEDURES = (
    "JJG 539-2016",
    "JJG 52-2013",
    "JJG 443-2023",
    "JJG 162-2019",
    "JJG 596-2012",
    "JJG 1148-2022",
    "JJG 1149-2022",
    "JJG 99-2022",
)


@dataclass(frozen=True)
class Login:
    """One way into the demo."""

    role: str
    title: str
    user: str
    name: str
    organisation: str
    secret: str = ""


@dataclass(frozen=True)
class Staff:
    """The people of one institute by duty."""

    manager: User
    desk: User
    verifiers: tuple[User, ...]
    checkers: tuple[User, ...]
    signatories: tuple[User, ...]


@dataclass
class World:
    """The region as built so far. ``size`` is the share of the full region, for tests and slow machines."""

    rng: Generator
    today: dt.date
    size: float
    password: str
    people: Iterator[str]
    regions: dict[str, Region] = field(default_factory=dict)
    norms: dict[str, Norm] = field(default_factory=dict)
    administrator: Actor | None = None
    bureaus: dict[str, Organisation] = field(default_factory=dict)
    regulators: dict[str, User] = field(default_factory=dict)
    institutes: dict[str, Organisation] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    firms: dict[str, list[Organisation]] = field(default_factory=dict)
    keepers: dict[uuid.UUID, User] = field(default_factory=dict)
    standards: dict[str, MeasurementStandard] = field(default_factory=dict)
    secrets: dict[uuid.UUID, str] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=list)
    actors: dict[uuid.UUID, Actor] = field(default_factory=dict)

    @property
    def admin(self) -> Actor:
        """The system administrator, once there is one."""
        return there(self.administrator)

    def actor(self, user: User) -> Actor:
        """The actor of a person; nobody's roles change while the region is built."""
        if user.pk not in self.actors:
            self.actors[user.pk] = actor_of(user)
        return self.actors[user.pk]

    def keeper_of(self, firm: Organisation) -> Actor:
        """Who keeps the ledger of a firm: its own person or that of the firm above it."""
        found = self.keepers.get(firm.pk) or self.keepers[firm.parent_id or firm.pk]
        return self.actor(found)

    def county_keeper(self, region: Region) -> Actor:
        """The regulator who reviews filings of a county."""
        return self.actor(self.regulators[region.pk])

    def name(self) -> str:
        """The next person's name."""
        return next(self.people)

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return bool(self.rng.random() < share)

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def count(self, full: int, least: int = 1) -> int:
        """A number of the full region at this size."""
        return max(least, round(full * self.size))

    def pick(self, options: list[str] | tuple[str, ...]) -> str:
        """One of several texts."""
        return names.pick(self.rng, options)


def there(value: T | None) -> T:
    """What an earlier step of the build must have made."""
    if value is None:
        raise RuntimeError("the demo region was built in the wrong order")
    return value


def import_whole(
    actor: Actor, kind: str, organisation: Organisation, headers: list[str], rows: list[list[str]], name: str
) -> ImportBatch:
    """Import a list by the service for lists; every row has to go in."""
    data = write_csv(headers, rows)
    batch, _found = imports.bring_in(
        actor=actor, kind=kind, organisation=organisation, data=data, name=name, all_or_nothing=True
    )
    if batch.rejected:
        raise RuntimeError(f"{name}: {batch.errors[:3]}")
    return batch


def code_of(secret: str, moment: dt.datetime | None = None) -> str:
    """What an authenticator with that secret shows at a moment (RFC 6238), now unless told otherwise."""
    seconds = int((moment or clock.now()).timestamp())
    shown: str = format_hotp_value(hotp_value(secret, seconds // app_settings.TOTP_PERIOD))
    return shown
