"""Every error as RFC 9457 ``application/problem+json`` with a code, a sentence, and the field it is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import events
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.words import reasons_of, words_of

MEDIA = "application/problem+json"
URN = "urn:quanheng:problem:"
STATUS: Mapping[str, int] = {
    "unreadable": 400,
    "idempotency_key_missing": 400,
    "idempotency_key": 400,
    "unauthenticated": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "token_revoked": 401,
    "forbidden": 403,
    "scope_missing": 403,
    "csrf": 403,
    "second_factor_required": 403,
    "not_found": 404,
    "unknown_item": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "wrong_state": 409,
    "task_state": 409,
    "not_draft": 409,
    "not_accepted": 409,
    "duplicate": 409,
    "not_merged": 409,
    "no_log": 409,
    "idempotency_key_reused": 409,
    "body_too_large": 413,
    "record_too_large": 413,
    "media_type": 415,
    "too_many_requests": 429,
}
REFUSED = 422


class Stop(InputError):
    """An error of the interface itself, with headers of its answer."""

    def __init__(self, code: str, message: str, place: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message, place)
        self.headers = dict(headers or {})


def status_of(code: str) -> int:
    """The HTTP status of an error code; what is understood but cannot be done is 422."""
    return STATUS.get(code, REFUSED)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    place: str = "",
    reasons: Sequence[str] = (),
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer that names a problem."""
    body: dict[str, Any] = {
        "type": URN + code,
        "title": _title(status),
        "status": status,
        "code": code,
        "detail": detail,
        "instance": f"urn:quanheng:request:{events.request_id.get()}",
    }
    if place:
        body["place"] = place
    if len(reasons) > 1:
        body["reasons"] = list(reasons)
    if errors:
        body["errors"] = list(errors)
    text = json.dumps(body, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=MEDIA, headers=dict(headers or {}))


def _title(status: int) -> str:
    titles = {
        400: _("请求无法理解"),
        401: _("需要令牌或登录"),
        403: _("没有权限"),
        404: _("没有找到"),
        405: _("不支持的方法"),
        409: _("与现状冲突"),
        413: _("内容过大"),
        415: _("内容类型不支持"),
        422: _("内容不符合要求"),
        429: _("请求过于频繁"),
    }
    return titles.get(status) or _("系统出错")


def of_input_error(error: InputError) -> HttpResponse:
    """A service's or reader's refusal."""
    return problem(
        status_of(error.code),
        error.code,
        words_of(error),
        place=error.place,
        reasons=reasons_of(error) if isinstance(error, Refused) else (),
        headers=getattr(error, "headers", None),
    )


def of_validation(found: Sequence[Mapping[str, Any]]) -> HttpResponse:
    """Fields that cannot be used, each with its place."""
    errors = [
        {"code": str(e.get("type", "invalid")), "message": _said(e), "place": _place(e.get("loc", ()))}
        for e in found[:50]
    ]
    first = errors[0] if errors else {"message": "", "place": ""}
    return problem(REFUSED, "invalid", first["message"], place=first["place"], errors=errors)


def _said(error: Mapping[str, Any]) -> str:
    """The validator's sentence in the language of the answer, as title and detail are."""
    kind, english = str(error.get("type", "")), str(error.get("msg", ""))
    if in_english():
        return english
    exact = {
        "missing": _("缺少此项"),
        "extra_forbidden": _("没有此项"),
        "json_invalid": _("请求内容不是 JSON"),
        "literal_error": _("不在可选项内"),
        "value_error": _("内容不符合要求"),
    }
    if kind in exact:
        return exact[kind]
    stems = {
        "string": _("须为文字,且长度和格式符合要求"),
        "int": _("须为整数"),
        "date": _("日期请写成 2026-05-20"),
        "uuid": _("须为标识符(UUID)"),
        "bool": _("须为 true 或 false"),
        "list": _("须为列表"),
    }
    return next((words for stem, words in stems.items() if kind.startswith(stem)), _("内容不符合要求"))


def _place(loc: Sequence[Any]) -> str:
    """``("body", "payload", "contact")`` as ``contact``; parameters of the address keep their name."""
    parts = [str(p) for p in loc]
    if parts and parts[0] in ("body", "query", "path", "header"):
        parts = parts[2:] if parts[0] == "body" and len(parts) > 1 else parts[1:]
    return ".".join(parts)[:200]
