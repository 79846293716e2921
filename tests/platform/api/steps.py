"""Callers of the API, and the operations it has."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.models import ApiToken, Organisation
from quanheng.platform.project.api.root import api
from tests.platform.cast import Cast

BASE = "/api/v1"
_keys = itertools.count(1)
NOWHERE = "00000000-0000-4000-8000-000000000000"


def make_token(
    cast: Cast, part: str, *scopes: str, organisation: Organisation | None = None, days: int = 30
) -> tuple[ApiToken, str]:
    """A token of the person who plays the part, by the service; all the scopes they may have unless some are named."""
    actor, user = cast.actor(part), getattr(cast, part)
    organisation = organisation or user.organisation
    chosen = scopes or [s.name for s in tokens.offered(actor, organisation, user)]
    return tokens.issue(
        actor=actor,
        organisation=organisation,
        user=user,
        name=f"{part} 接口",
        scopes=chosen,
        expires_at=clock.now() + dt.timedelta(days=days),
    )


@dataclass
class Caller:
    """A program with a token; every write carries a fresh key unless one is given."""

    text: str = ""

    def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, raw: bytes | None = None
    ) -> Any:
        """The response."""
        headers = {"Authorization": f"Bearer {self.text}"} if self.text else {}
        if method not in {"get", "head"}:
            headers["Idempotency-Key"] = f"key-{next(_keys)}" if key is None else key
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else b"")
        return Client().generic(method.upper(), BASE + path, data, content_type="application/json", headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        """Read."""
        from urllib.parse import urlencode

        return self.send("get", path + (f"?{urlencode(query, doseq=True)}" if query else ""))

    def post(self, path: str, body: Any = None, **how: Any) -> Any:
        """Write."""
        return self.send("post", path, {} if body is None else body, **how)


def caller(cast: Cast, part: str, *scopes: str, **how: Any) -> Caller:
    """The part as a program."""
    return Caller(make_token(cast, part, *scopes, **how)[1])


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem, after its form was checked."""
    assert response.status_code == status, response.content.decode()
    assert response["Content-Type"] == "application/problem+json"
    found = response.json()
    assert found["status"] == status
    assert found["code"] == code, found
    assert found["type"] == f"urn:quanheng:problem:{code}"
    assert found["title"]
    assert found["detail"]
    return dict(found)


@dataclass(frozen=True)
class Operation:
    """One operation as the description has it."""

    method: str
    path: str
    name: str
    scope: str

    def address(self, known: dict[str, str] | None = None) -> str:
        """The path with its parameters filled in; unknown ids lead nowhere."""
        values = known or {}
        filled = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], NOWHERE), self.path)
        query = {
            "recall": "?since=2026-01-01&until=2026-12-31",
            "get_proof": f"?number={values.get('number', 'nothing')}",
            "list_institutes": f"?instrument={values.get('instrument_id', NOWHERE)}",
        }
        return filled.removeprefix(BASE) + query.get(self.name, "")

    @property
    def writes(self) -> bool:
        """Whether it asks for an Idempotency-Key."""
        return self.method != "get" and self.name not in {"evaluate", "push_readings"}  # a push has a batch of its own


def operations() -> list[Operation]:
    """Every operation of the API, from its own description: a new one is in every test that asks here."""
    paths = api.get_openapi_schema(path_prefix=f"{BASE}/")["paths"]
    return [
        Operation(method, path, found["operationId"], found["x-scope"])
        for path, methods in paths.items()
        for method, found in methods.items()
    ]
