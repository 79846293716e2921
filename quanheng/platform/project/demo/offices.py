"""Regions, bureaus, institutes and the people who work there."""

from __future__ import annotations

import csv
import datetime as dt

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from quanheng.library import LIBRARY_ROOT
from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import actors, clock
from quanheng.platform.kernel import people as kernel_people
from quanheng.platform.kernel.models import Organisation, OrganisationKind, User
from quanheng.platform.kernel.roles import SECOND_FACTOR_ROLES, Role
from quanheng.platform.parties import services as parties
from quanheng.platform.parties.models import Duty
from quanheng.platform.project.accounts import services as accounts
from quanheng.platform.project.demo import days, names
from quanheng.platform.project.demo.world import (
    CITY,
    CITY_INSTITUTE,
    COUNTY_INSTITUTES,
    NATIONAL_INSTITUTE,
    PROCEDURES,
    PROVINCE,
    PROVINCIAL_INSTITUTE,
    SEAT,
    Login,
    Staff,
    World,
)
from quanheng.platform.web import second_factor

BUILDER = actors.system("quanheng demo")
DUTY_ROLES = {Duty.VERIFY: Role.VERIFIER, Duty.CHECK: Role.CHECKER, Duty.SIGN: Role.SIGNATORY}
COUNTY_NORMS = ("JJG 539-2016", "JJG 52-2013", "JJG 692-2010", "JJG 270-2008")
MORE_NORMS = ("JJG 692-2010", "JJG 270-2008", "JJG 517-2016", "JJG 693-2011", "JJG 580-2005", "JJG 688-2017")


def regions(world: World) -> None:
    """The fictional province, city and counties of ``library/regions``."""
    with (LIBRARY_ROOT / "regions" / "demo.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            world.regions[row["code"]] = kernel_people.add_region(
                actor=BUILDER, code=row["code"], name=row["title"], parent=world.regions.get(row["parent"])
            )
    world.norms = {n.number: n for n in Norm.objects.filter(number__in=[*PROCEDURES, *COUNTY_NORMS, *MORE_NORMS])}


def person(world: World, organisation: Organisation, username: str, *roles: str, name: str = "") -> User:
    """Somebody with roles on their organisation; without a password until given one."""
    actor = world.administrator or BUILDER
    user = accounts.add_person(actor=actor, organisation=organisation, username=username, name=name or world.name())
    for role in roles:
        accounts.give_role(
            actor=actor, user=user, role=role, organisation=organisation, valid_from=None, valid_until=None
        )
    if SECOND_FACTOR_ROLES & set(roles):
        enrol(world, user)
    return user


def enrol(world: World, user: User) -> None:
    """Give a person an authenticator whose secret the demo knows."""
    if not second_factor.is_set_up(user):
        world.secrets[user.pk] = generate_totp_secret()
        TOTP.activate(user, world.secrets[user.pk])


def login(world: World, user: User, role: str, title: str) -> User:
    """Let a person sign in and list them for the visitor."""
    accounts.accept_invitation(user=user, password=world.password)
    office = user.organisation.name if user.organisation else ""
    secret = world.secrets.get(user.pk, "")
    world.logins.append(Login(role, title, user.username, user.name, office, secret))
    return user


def bureaus(world: World) -> None:
    """A bureau for each region, its regulator, and the three administrators at the city's."""
    parent: dict[str, Organisation] = {}
    for code, region in world.regions.items():
        above = parent.get(region.parent_id or "")
        parent[code] = world.bureaus[code] = kernel_people.add_organisation(
            actor=BUILDER,
            parent=above,
            name=f"{region.name}市场监督管理局",
            name_en="",
            kind=OrganisationKind.REGULATOR,
            credit_code=names.credit_code(world.rng, code, "11"),
            region=region,
            address=names.address(world.rng, region.name),
            phone=names.phone(world.rng),
        )
    city = world.bureaus[CITY]
    admin = person(world, city, "system", Role.SYSTEM_ADMIN)
    world.administrator = kernel_people.actor_of(admin)
    login(world, admin, Role.SYSTEM_ADMIN, "系统管理员")
    for role, username, title in (
        (Role.SECURITY_ADMIN, "security", "安全管理员"),
        (Role.AUDIT_ADMIN, "audit", "审计管理员"),
    ):
        login(world, person(world, city, username, role), role, title)
    _regulators(world)


def _regulators(world: World) -> None:
    shown = {PROVINCE: ("province", "省局"), CITY: ("city", "市局"), SEAT: ("county", "县(区)局")}
    for code, bureau in world.bureaus.items():
        scope, title = shown.get(code, (code, ""))
        user = person(world, bureau, f"regulator-{scope}", Role.REGULATOR)
        world.regulators[code] = user
        if title:
            login(world, user, Role.REGULATOR, f"{title}监管人员")


def institutes(world: World) -> None:
    """National, provincial, city and county institutes with staff, licences and authorised items."""
    plans = [
        (NATIONAL_INSTITUTE, "示范国家计量科学研究院", PROVINCE, "HN0001", ""),
        (PROVINCIAL_INSTITUTE, "示范省计量科学研究院", PROVINCE, "SP990000", "Demo Province Institute of Metrology"),
        (CITY_INSTITUTE, "衡川市计量测试所", CITY, "HC990100", "Hengchuan Institute of Metrology and Testing"),
    ]
    for code in COUNTY_INSTITUTES:
        plans.append((code, f"{world.regions[code].name}计量检定所", code, f"HC{code}", ""))
    for key, name, code, authorisation, english in plans:
        region = world.regions[code]
        world.institutes[key] = kernel_people.add_organisation(
            actor=world.admin,
            parent=None,
            name=name,
            name_en=english,
            kind=OrganisationKind.INSTITUTE,
            credit_code=names.credit_code(world.rng, code, "12"),
            region=region,
            address=names.address(world.rng, region.name),
            phone=names.phone(world.rng),
            authorisation=f"（示）法计 {authorisation}",
        )
        _staff(world, key)


def _staff(world: World, key: str) -> None:
    office = world.institutes[key]
    city = key == CITY_INSTITUTE
    stem = "" if city else f"{key}-"
    manager = person(world, office, f"{stem}manager", Role.LAB_MANAGER)
    desk = person(world, office, f"{stem}receptionist", Role.RECEPTIONIST)
    counts = {Duty.VERIFY: 6, Duty.CHECK: 3, Duty.SIGN: 2} if city else {Duty.VERIFY: 2, Duty.CHECK: 1, Duty.SIGN: 1}
    found: dict[str, tuple[User, ...]] = {}
    for duty, count in counts.items():
        role = DUTY_ROLES[duty]
        found[duty] = tuple(person(world, office, f"{stem}{role}{'' if n == 0 else n + 1}", role) for n in range(count))
    world.staff[key] = Staff(manager, desk, found[Duty.VERIFY], found[Duty.CHECK], found[Duty.SIGN])
    _licence(world, key)
    if city:
        login(world, desk, Role.RECEPTIONIST, "受理员")
        for duty, title in ((Duty.VERIFY, "检定员"), (Duty.CHECK, "核验员"), (Duty.SIGN, "授权签字人")):
            login(world, found[duty][0], DUTY_ROLES[duty], title)
        login(world, manager, Role.LAB_MANAGER, "机构管理员")


def _licence(world: World, key: str) -> None:
    """Authorised items of the institute, and licences of its people for all of them."""
    numbers = (*PROCEDURES, *MORE_NORMS) if key not in COUNTY_INSTITUTES else COUNTY_NORMS
    norms = [world.norms[n] for n in dict.fromkeys(numbers) if n in world.norms]
    office, staff = world.institutes[key], world.staff[key]
    start, end = world.today - dt.timedelta(days=900), world.today + dt.timedelta(days=900)
    regulator = kernel_people.actor_of(world.regulators[PROVINCE])
    for norm in norms:
        parties.authorise(
            actor=regulator,
            organisation=office,
            norm=norm,
            number=office.authorisation,
            valid_from=start,
            valid_until=end,
            capacity_per_day=60 if norm.number == PROCEDURES[0] else 25,
        )
    groups = ((Duty.VERIFY, staff.verifiers), (Duty.CHECK, staff.checkers), (Duty.SIGN, staff.signatories))
    serial = 0
    for duty, users in groups:
        for user in users:
            serial += 1
            parties.add_licences(
                actor=world.admin,
                user=user,
                organisation=office,
                duty=duty,
                norms=norms,
                number=f"示检员 {office.region_id}-{serial:03d}" if duty != Duty.SIGN else f"授权签字 {serial:04d}",
                valid_from=start,
                valid_until=end,
            )


def build(world: World) -> None:
    """Everything official, dated a working day before the first import."""
    with clock.at(days.moment(days.ago(world.today, 420), 9)):
        regions(world)
        bureaus(world)
        institutes(world)
