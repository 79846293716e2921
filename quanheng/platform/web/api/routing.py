"""A router whose operations cannot forget their scope, and whose writes are done once."""

from __future__ import annotations

import inspect
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

        return self._adding(path, scope, method, _typed, {}, how)

    def write(
        self, path: str, scope: Scope, *, method: str = "POST", status: int = 200, response: Any, **how: Any
    ) -> Callable[[F], F]:
        """An operation that is done once per Idempotency-Key."""

        extra = {"parameters": [KEY_PARAMETER]}
        return self._adding(
            path,
            scope,
            method,
            lambda view: _once(_typed(view), status),
            extra,
            {"response": {status: response}, **how},
        )

    def _adding(
        self,
        path: str,
        scope: Scope,
        method: str,
        prepare: Callable[[Any], Any],
        extra: dict[str, Any],
        how: dict[str, Any],
    ) -> Callable[[F], F]:
        described = {"x-scope": scope.name, "responses": {"default": PROBLEM}, **extra}

        def decorate(view: F) -> F:
            add = self.api_operation(
                [method], path, auth=[Token(scope.name), Session()], openapi_extra=described, **how
            )
            add(_strict(prepare(view)))
            return view

        return decorate


def _typed(view: Any) -> Any:
    """The view with its annotations read where it was written: a wrapper elsewhere could not resolve them."""
    view.__signature__ = inspect.signature(view, eval_str=True)
    return view


def _strict(view: Any) -> Any:
    """Refuse parameters nobody knows: a filter with a slip of the pen must not answer with everything."""
    known: set[str] = set(ALWAYS)

    def learn(operation: Operation) -> None:
        for model in operation.models:
            if model.__ninja_param_source__ == "query":
                known.update(getattr(model, "__ninja_flatten_map__", {}))

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if "\x00" in request.path:  # PostgreSQL holds no such text: nothing can be called so
            raise Stop("not_found", "nothing lives at this address")
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
