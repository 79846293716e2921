"""Addresses of these pages, and their entries in the menu."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.project.admin_pages import audit, tokens

urlpatterns = [
    path("administration/audit/", audit.Trail.as_view(), name="audit"),
    path("administration/audit/<int:pk>/", audit.Event.as_view(), name="audit-event"),
    path("administration/audit/seals/", audit.Seals.as_view(), name="seals"),
    path("administration/audit/seals/check/", audit.CheckSeals.as_view(), name="check-seals"),
    path("administration/tokens/", tokens.Tokens.as_view(), name="tokens"),
    path("administration/tokens/new/", tokens.AddToken.as_view(), name="add-token"),
    path("administration/tokens/<uuid:pk>/", tokens.TokenPage.as_view(), name="token"),
    path("administration/tokens/<uuid:pk>/revoke/", tokens.RevokeToken.as_view(), name="revoke-token"),
]
