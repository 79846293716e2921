"""Who is acting, with which roles, for which organisations and region."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from quanheng.platform.kernel.roles import Role

NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True)
class Grant:
    """One role within an organisation's subtree and a region."""

    role: str
    organisation_id: uuid.UUID
    organisation_path: str
    region_prefix: str


@dataclass(frozen=True)
class Actor:
    """The one on whose account something is read or done. Built once per request or job."""

    user_id: uuid.UUID | None
    name: str
    grants: tuple[Grant, ...] = ()
    system: bool = False
    on_behalf_of: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)

    @property
    def person(self) -> uuid.UUID:
        """The user's id; of the system and of strangers, an id that nobody has."""
        return self.user_id or NOBODY

    def has(self, *roles: str) -> bool:
        """Whether the actor holds at least one of the roles anywhere."""
        return self.system or any(g.role in roles for g in self.grants)

    def acts_for(self, organisation_path: str, *roles: str) -> bool:
        """Whether one of the roles was granted on the organisation or one above it."""
        return self.system or any(
            g.role in roles and organisation_path.startswith(g.organisation_path) for g in self.grants
        )

    def supervises(self, region_code: str) -> bool:
        """Whether the actor is a regulator of a region that contains this one."""
        prefix = region_prefix(region_code)
        return self.system or any(
            g.role == Role.REGULATOR and g.region_prefix and prefix.startswith(g.region_prefix) for g in self.grants
        )

    def paths(self, *roles: str) -> list[str]:
        """Paths of the organisations on which the roles (all, if none named) were granted."""
        known = set(Role.values)
        return sorted({g.organisation_path for g in self.grants if g.role in (roles or known)})

    def organisation_ids(self, *roles: str) -> list[uuid.UUID]:
        """Organisations on which the roles were granted directly."""
        return list(dict.fromkeys(g.organisation_id for g in self.grants if not roles or g.role in roles))

    def regions(self) -> list[str]:
        """Region prefixes the actor supervises."""
        return sorted({g.region_prefix for g in self.grants if g.role == Role.REGULATOR and g.region_prefix})


ANONYMOUS = Actor(user_id=None, name="anonymous")


def system(name: str) -> Actor:
    """The actor of a job or of the command line, named in the audit trail."""
    return Actor(user_id=None, name=name, system=True)


def region_prefix(code: str) -> str:
    """The significant part of a GB/T 2260 code: ``990100`` → ``9901``; a subtree shares its prefix."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code
