"""Every address of the product."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from quanheng.platform.project import errors, health, home
from quanheng.platform.project.accounts import urls as accounts
from quanheng.platform.project.admin_pages import urls as admin_pages
from quanheng.platform.project.privacy.views import privacy
from quanheng.platform.web.ratelimit import public_page

# App and the prefix of its pages.
APPS = (
    ("law", "law/"),
    ("compute", "compute/"),
    ("catalog", "catalog/"),
    ("parties", "parties/"),
    ("documents", ""),
    ("trace", "trace/"),
    ("instruments", "instruments/"),
    ("standards", "standards/"),
    ("verification", "verification/"),
    ("certificates", "certificates/"),
    ("surveillance", "surveillance/"),
)


project = [
    path("", home.home, name="home"),
    path("privacy/", privacy, name="privacy"),
    *accounts.urlpatterns,
    *admin_pages.urlpatterns,
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((project, "project"))),
    path("", include("quanheng.platform.web.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/setlang/", public_page("language", limit=60)(set_language), name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_view, name="metrics"),
    path("api/v1/", include("quanheng.platform.project.api.urls")),
    *(path(prefix, include(f"quanheng.platform.{app}.urls")) for app, prefix in APPS),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
