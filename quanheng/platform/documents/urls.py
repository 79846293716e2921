"""Addresses of the documents app. Mounted at the root: the public page's address is printed under every QR."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.documents import views_public

app_name = "documents"
urlpatterns = [
    path("v/", views_public.lookup, name="lookup"),
    path("v/keys", views_public.keys, name="keys"),
    path("v/<str:code>/bundle.json", views_public.bundle, name="public_bundle"),
    path("v/<str:code>", views_public.public, name="public_printed"),
    path("v/<str:code>/", views_public.public, name="public"),
    path("log/<path:path>", views_public.log_file, name="log_file"),
]
