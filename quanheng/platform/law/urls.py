"""Addresses of the law as data."""

from django.urls import path

from quanheng.platform.law import views

app_name = "law"
urlpatterns = [
    path("", views.ItemsPage.as_view(), name="items"),
    path("<int:pk>/", views.ItemPage.as_view(), name="item"),
    path("coverage/", views.CoveragePage.as_view(), name="coverage"),
]
