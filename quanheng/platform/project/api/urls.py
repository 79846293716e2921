"""Addresses of the API; whatever is not one of them is answered as a problem, not as a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from quanheng.platform.project.api.root import api
from quanheng.platform.web.api.problems import problem


@csrf_exempt
def unknown(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Nothing lives here."""
    return problem(404, "not_found", _("没有这个接口,或地址中的标识写法不对(标识是 UUID)"))


def _speaking(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view, with a wrong method told as a problem."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = response.headers.get("Allow", "")
        return problem(405, "method_not_allowed", _("此地址不支持该方法"), headers={"Allow": allowed})

    return wrapper


def _patterns() -> list[URLPattern | URLResolver]:
    found, app, namespace = api.urls
    for pattern in found:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = _speaking(pattern.callback)
    inside = [p for p in found if getattr(p, "name", "") != "api-root"]
    root = path("", unknown, name="api-root")
    return [path("", ([*inside, root], app, namespace)), re_path(r"^(?P<rest>.*)$", unknown)]


urlpatterns = _patterns()
