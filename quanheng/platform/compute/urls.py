"""Addresses of the numerical tasks."""

from django.urls import path

from quanheng.platform.compute import views

app_name = "compute"
urlpatterns = [
    path("", views.TasksPage.as_view(), name="tasks"),
    path("<slug:task>/", views.TaskPage.as_view(), name="task"),
]
