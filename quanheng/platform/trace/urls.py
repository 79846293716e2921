"""Addresses under /trace/."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.trace import views

app_name = "trace"
urlpatterns = [
    path("", views.ItemList.as_view(), name="items"),
    path("audit/", views.AuditPage.as_view(), name="audit"),
    path("<uuid:pk>/", views.ChainPage.as_view(), name="chain"),
    path("<uuid:pk>/recall/", views.RecallPage.as_view(), name="recall"),
]
