"""Puts the actor on every request."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import ANONYMOUS, Actor
from quanheng.platform.kernel.people import actor_of


def request_actor(request: HttpRequest) -> Actor:
    """The actor of a request; nobody signed in is ``ANONYMOUS``."""
    user = request.user
    return actor_of(user) if user.is_authenticated else ANONYMOUS


class ActorMiddleware:
    """Sets ``request.actor`` and the request id that events carry."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: request_actor(request))  # type: ignore[attr-defined]
        token = events.request_id.set(uuid.uuid4().hex[:16])
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = events.request_id.get()
            return response
        finally:
            events.request_id.reset(token)
