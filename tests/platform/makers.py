"""Plain makers of records: each takes what matters to the test and fills in the rest."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from quanheng.platform.catalog.models import InstrumentCategory, Norm
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import actors, clock, people
from quanheng.platform.kernel.models import Organisation, Region, RoleGrant, User
from quanheng.platform.parties.models import Authorisation, Licence
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.services import add_standard

SYSTEM = actors.system("tests")
_serial = itertools.count(1)


def make_region(code: str = "990101", name: str = "东陵县") -> Region:
    """A region with the regions above it."""
    parent = None
    for above, title in ((code[:2] + "0000", "示范省"), (code[:4] + "00", "衡川市"), (code, name)):
        parent, _ = Region.objects.get_or_create(
            code=above, defaults={"name": title, "prefix": actors.region_prefix(above), "parent": parent}
        )
    assert parent is not None
    return parent


def make_organisation(name: str = "东陵商贸有限公司", kind: str = "enterprise", **fields: Any) -> Organisation:
    """An organisation in the county unless a region is given."""
    fields.setdefault("region", make_region())
    return people.add_organisation(actor=SYSTEM, name=name, kind=kind, **fields)


def make_user(name: str, organisation: Organisation, *roles: str) -> User:
    """A person with roles on their organisation."""
    user = User.objects.create_user(
        username=f"user{next(_serial)}", password="correct horse 7", name=name, organisation=organisation
    )
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, organisation=organisation)
    return user


def make_norm(number: str = "JJG 539-2016", **fields: Any) -> Norm:
    """A norm in force since 2017 with its procedure."""
    fields = {
        "title": "数字指示秤",
        "in_force_from": dt.date(2017, 5, 30),
        "period_months": 12,
        "procedure_id": number.replace(" ", "-"),
        **fields,
    }
    return Norm.objects.get_or_create(number=number, defaults=fields)[0]


def make_category(code: str = "digital-scale", norm: Norm | None = None, **fields: Any) -> InstrumentCategory:
    """A category under periodic mandatory verification."""
    fields = {"name": "非自动衡器", "item": "电子秤", "mode": "periodic", "mandatory": True, "uses": "trade", **fields}
    category, _ = InstrumentCategory.objects.get_or_create(code=code, edition="2020", defaults=fields)
    category.norms.add(norm or make_norm())
    return category


def make_instrument(organisation: Organisation, **fields: Any) -> Instrument:
    """A price scale in use."""
    n = next(_serial)
    fields.setdefault("category", make_category())
    values: dict[str, Any] = {
        "code": f"T{n:07d}",
        "name": "电子计价秤",
        "specification": "ACS-30",
        "measuring_range": "(0~30) kg",
        "accuracy_class": "III",
        "serial_number": f"S{n:05d}",
        "manufacturer": "衡川衡器厂",
        "region": organisation.region,
        "use": "trade",
        "state": "in_use",
        "mandatory": True,
        "parameters": {"accuracy_class": "III", "max": "30", "e": "0.01", "min": "0.2"},
        **fields,
    }
    return Instrument.objects.create(organisation=organisation, **values)


def make_authorisation(organisation: Organisation, norm: Norm, **fields: Any) -> Authorisation:
    """An authorised item valid for the years around now."""
    dates = {
        "valid_from": dt.date(2024, 1, 1),
        "valid_until": dt.date(2029, 12, 31),
        "number": "法计(2024)01号",
        "confirmed_at": clock.now(),
        **fields,
    }
    return Authorisation.objects.create(organisation=organisation, norm=norm, **dates)


def make_licence(user: User, duty: str, norm: Norm, **fields: Any) -> Licence:
    """A licence of the person at their own organisation."""
    values = {
        "valid_from": dt.date(2024, 1, 1),
        "valid_until": dt.date(2029, 12, 31),
        "number": f"ZJ{user.pk.hex[:6]}",
        **fields,
    }
    return Licence.objects.create(user=user, organisation=user.organisation, duty=duty, norm=norm, **values)


def make_standard(organisation: Organisation, norm: Norm, **fields: Any) -> MeasurementStandard:
    """A weight set assessed for the norm, entered through the service."""
    n = next(_serial)
    values: dict[str, Any] = {
        "name": "M1级砝码标准装置",
        "code": f"BZ{n:04d}",
        "level": "public",
        "role": "weights",
        "accuracy": "M1级",
        "range_text": "(1~30000) g",
        "range_low": 1.0,
        "range_high": 30000.0,
        "unit": r"\gram",
        "assessment_number": f"社标证{n:04d}",
        "assessed_from": dt.date(2024, 1, 1),
        "assessed_until": dt.date(2029, 12, 31),
        **fields,
    }
    return add_standard(actor=SYSTEM, organisation=organisation, norms=[norm], **values)
