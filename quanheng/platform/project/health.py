"""Whether the product lives, is ready, and how it does. Open to monitors, silent about data."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from django_tasks_db.models import DBTaskResult

from quanheng.platform.kernel.models import AuditEvent, AuditSeal, JobRun
from quanheng.platform.project import config, doctor, metrics


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"unreachable: {type(error).__name__}"
    return f"{len(pending)} migrations wait: run `quanheng migrate`" if pending else "ok"


def _keys() -> str:
    loose = [f for f in doctor.folder_findings() if f.topic == "keys" and f.level == "problem"]
    return "readable by others: see `quanheng doctor`" if loose else "ok"


def checks() -> dict[str, str]:
    """What must hold before requests are sent here; ``ok`` or what is wrong."""
    return {"database": _database(), "keys": _keys()}


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready for requests, or 503 with what is wrong."""
    found = checks()
    good = all(value == "ok" for value in found.values())
    return JsonResponse({"ready": good, "checks": found}, status=200 if good else 503)


def _may_read(request: HttpRequest) -> bool:
    local = request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"} and "HTTP_X_FORWARDED_FOR" not in request.META
    token = config.secret(settings.QUANHENG, "metrics-token")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return local or hmac.compare_digest(given.encode(), token.encode())


@login_not_required
@require_safe
def metrics_view(request: HttpRequest) -> HttpResponse:
    """Prometheus text: from this machine, or with the token in DATA/keys/metrics-token."""
    if not _may_read(request):
        raise PermissionDenied
    last = AuditSeal.objects.order_by("-last_id").values_list("last_id", flat=True).first() or 0
    gauges = [
        metrics.gauge(
            "quanheng_jobs_waiting", DBTaskResult.objects.filter(status="READY").count(), "Background jobs waiting."
        ),
        metrics.gauge(
            "quanheng_jobs_failed", DBTaskResult.objects.filter(status="FAILED").count(), "Background jobs that failed."
        ),
        metrics.gauge(
            "quanheng_periodic_failed",
            JobRun.objects.filter(failed=True).count(),
            "Periodic jobs whose last run failed.",
        ),
        metrics.gauge(
            "quanheng_audit_unsealed", AuditEvent.objects.filter(id__gt=last).count(), "Audit events not yet sealed."
        ),
    ]
    text = "\n".join([*metrics.lines(), *gauges]) + "\n"
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")
