"""Bodies read as hostile: JSON only, of a size, no NaN, no key twice, no depth without end."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser
from ninja.types import DictStrAny

from quanheng.errors import InputError

LARGEST = 1024 * 1024


class StrictParser(Parser):
    """The parser of every request."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """A JSON object, or a problem that says what is wrong."""
        if request.content_type != "application/json":
            raise InputError("media_type", _("请求体须为 application/json"), "Content-Type")
        if len(request.body) > LARGEST:
            raise InputError("body_too_large", _("请求体不超过 1 MiB"), "body")
        try:
            read = json.loads(request.body, object_pairs_hook=_unique, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise InputError("unreadable", _("请求体不是 JSON:%(why)s") % {"why": str(error)[:120]}, "body") from error
        if not isinstance(read, dict):
            raise InputError("unreadable", _("请求体须为一个 JSON 对象"), "body")
        return read

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> DictStrAny:
        """Parameters of the address: a single one is given once, and holds no control characters."""
        for name in data:
            values = data.getlist(name)
            if name not in list_fields and len(values) > 1:
                raise InputError("parameter_twice", _("此参数只能给出一次"), name[:60])
            if any("\x00" in str(v) for v in values):
                raise InputError("invalid", _("参数含有不允许的字符"), name[:60])
        return super().parse_querydict(data, list_fields, request)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return built


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
