"""Addresses of the frame."""

from django.urls import path

from quanheng.platform.web import views

app_name = "web"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read_notices, name="read-notices"),
    path("notices/<int:notice_id>/", views.open_notice, name="open-notice"),
]
