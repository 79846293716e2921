"""The API: every router, every error as a problem, the documentation served by ourselves."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Swagger
from ninja.errors import AuthenticationError, HttpError, ValidationError

from quanheng.errors import InputError
from quanheng.platform.certificates.api import certificates, foreign, prepared, records
from quanheng.platform.documents import api as documents
from quanheng.platform.instruments import api as instruments
from quanheng.platform.project.api.reading import StrictParser
from quanheng.platform.surveillance import api as surveillance
from quanheng.platform.surveillance import api_devices
from quanheng.platform.trace import api as trace
from quanheng.platform.verification import api as verification
from quanheng.platform.web.api import problems
from quanheng.platform.web.api.access import Closed, Session
from quanheng.platform.web.ratelimit import public_page

log = logging.getLogger("quanheng.api")
DESCRIPTION = """
Instruments, applications, records, certificates, traceability and the public log.

* **Who**: `Authorization: Bearer qh_…` (a token of an organisation, made under Administration → API tokens),
  or a browser session with `X-CSRFToken`.
* **Writes** carry an `Idempotency-Key`; a repeat does nothing and gets the same answer,
  another body under the same key is refused (409).
* **Measured values** are texts (`"10.000"`), never JSON numbers.
* **Errors** are `application/problem+json` (RFC 9457) with `code`, `detail`, `place`, and `errors` for several fields.
* **Pages**: pass `next` as `cursor` until it is null.
"""
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "A word for programs; it does not change with the language."},
        "detail": {"type": "string"},
        "place": {"type": "string", "description": "The field, parameter or header it is about."},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {k: {"type": "string"} for k in ("code", "message", "place")},
            },
        },
        "instance": {"type": "string", "description": "The request, as the log of the server knows it."},
    },
}


class Api(NinjaAPI):
    """The API with the problem's form in its description."""

    def get_openapi_schema(self, **where: Any) -> Any:
        schema = super().get_openapi_schema(**where)
        schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        return schema

    def get_openapi_operation_id(self, operation: Any) -> str:
        """The plain name of the function: it is unique, and a test keeps it so."""
        return str(operation.view_func.__name__)


api = Api(
    title="Quanheng API",
    version="1",
    description=DESCRIPTION,
    docs=Swagger(settings={"validatorUrl": None, "persistAuthorization": False, "defaultModelsExpandDepth": -1}),
    docs_decorator=public_page("api-docs", limit=120),
    urls_namespace="api",
    auth=[Closed(), Session()],
    parser=StrictParser(),
)
api.add_router("/instruments", instruments.router)
api.add_router("/applications", verification.router)
api.add_router("/tasks", verification.tasks_router)
api.add_router("/records", records.router)
api.add_router("/certificates", certificates.router)
api.add_router("/foreign-certificates", foreign.router)
api.add_router("/prepared-documents", prepared.router)
api.add_router("/trace", trace.router)
api.add_router("/ledger", documents.router)
api.add_router("/readings", surveillance.router)
api.add_router("/device-events", api_devices.router)
api.add_router("/ocpp", api_devices.stations)


@api.exception_handler(InputError)
def _input_error(request: HttpRequest, error: InputError) -> HttpResponse:
    return problems.of_input_error(error)


@api.exception_handler(ValidationError)
def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.of_validation(error.errors)


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    headers = {"WWW-Authenticate": 'Bearer realm="quanheng"'}
    return problems.problem(401, "unauthenticated", _("请提供令牌或先登录"), headers=headers)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, InputError):  # ninja wraps what the parser says about a body
        return problems.of_input_error(cause)
    if isinstance(cause, (RequestDataTooBig, UnreadablePostError)):
        return problems.problem(413, "body_too_large", _("请求体不超过 1 MiB"), place="body")
    return problems.problem(error.status_code, "unreadable", str(error))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.problem(404, "not_found", _("没有找到,或您无权查看"))


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problems.problem(403, "forbidden", str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problems.problem(413, "body_too_large", _("请求体不超过 1 MiB"), place="body")


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("the API failed", exc_info=error)
    return problems.problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", _("系统出错,请把编号告诉管理员"))
