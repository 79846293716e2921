"""A router whose operations cannot forget their scope, and whose writes are done once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

import ninja
from django.http import HttpRequest, HttpResponse
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback
from pydantic import BaseModel

from quanheng.platform.kernel import idempotency
from quanheng.platform.kernel.idempotency import Answer
from quanheng.platform.kernel.tokens import Scope
from quanheng.platform.web.api.access import Session, Token, caller
from quanheng.platform.web.api.problems import MEDIA, Stop

F = TypeVar("F", bound=Callable[..., Any])
ALWAYS = frozenset({"lang"})
KEY_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "A fresh key for every write; a repeat under the same key does nothing and gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY},
}
PROBLEM = {
    "description": "Problem (RFC 9457)",
    "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Router(ninja.Router):
    """``read`` and ``write`` take the scope first."""

    def read(self, path: str, scope: Scope, *, method: str = "GET", **how: Any) -> Callable[[F], F]:
        """An operation that changes nothing."""

        def decorate(view: F) -> F:
            return self._add(path, scope, method, _strict(view), {}, how)

        return decorate

    def write(
        self, path: str, scope: Scope, *, method: str = "POST", status: int = 200, response: Any, **how: Any
    ) -> Callable[[F], F]:
        """An operation that is done once per Idempotency-Key."""

        def decorate(view: F) -> F:
            extra = {"parameters": [KEY_PARAMETER]}
            return self._add(
                path, scope, method, _strict(_once(view, status)), extra, {"response": {status: response}, **how}
            )

        return decorate

    def _add(self, path: str, scope: Scope, method: str, view: Any, extra: dict[str, Any], how: dict[str, Any]) -> Any:
        described = {"x-scope": scope.name, "responses": {"default": PROBLEM}, **extra}
        return self.api_operation([method], path, auth=_checks(scope), openapi_extra=described, **how)(view)


def _checks(scope: Scope) -> list[Any]:
    return [Token(scope.name), Session()]


def _strict(view: Any) -> Any:
    """Refuse parameters nobody knows: a filter with a slip of the pen must not answer with everything."""
    known: set[str] = set(ALWAYS)

    def learn(operation: Operation) -> None:
        for model in operation.models:
            if model.__ninja_param_source__ == "query":
                known.update(getattr(model, "__ninja_flatten_map__", {}))

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        unknown = sorted(set(request.GET) - known)
        if unknown:
            raise Stop("unknown_parameter", "this parameter is not known; see the documentation", unknown[0][:60])
        return view(request, *args, **kwargs)

    contribute_operation_callback(wrapper, learn)
    return wrapper


def _once(view: Any, status: int) -> Any:
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = idempotency.fingerprint(str(request.method), request.get_full_path(), request.body)
        act = partial(_answer, view, status, request, args, kwargs)
        key = idempotency.checked(request.headers.get("Idempotency-Key", "").strip())
        answer = idempotency.once(caller(request).owner, key, asked, act)
        response = ninja.responses.Response(answer.body, status=answer.status)
        if answer.replayed:
            response["Idempotency-Replayed"] = "true"
        return response

    return wrapper


def _answer(view: Any, status: int, request: HttpRequest, args: Any, kwargs: Any) -> Answer:
    made = view(request, *args, **kwargs)
    return Answer(status, made.model_dump(mode="json") if isinstance(made, BaseModel) else made)
