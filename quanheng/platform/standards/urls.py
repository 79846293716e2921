"""Addresses under /standards/."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.standards import views

app_name = "standards"
urlpatterns = [
    path("", views.StandardList.as_view(), name="list"),
    path("add/", views.AddStandard.as_view(), name="add"),
    path("<uuid:pk>/", views.StandardPage.as_view(), name="standard"),
    path("<uuid:pk>/edit/", views.EditStandard.as_view(), name="edit"),
    path("<uuid:pk>/certificate/", views.EnterCertificate.as_view(), name="certificate"),
    path("<uuid:pk>/step/", views.Step.as_view(), name="step"),
]
