"""Addresses under /verification/."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.verification import task_views, views

app_name = "verification"
urlpatterns = [
    path("applications/", views.ApplicationList.as_view(), name="applications"),
    path("applications/new/", views.Apply.as_view(), name="apply"),
    path("applications/<uuid:pk>/", views.ApplicationPage.as_view(), name="application"),
    path("applications/<uuid:pk>/edit/", views.Amend.as_view(), name="amend"),
    path("applications/<uuid:pk>/step/", views.ApplicationStep.as_view(), name="application-step"),
    path("applications/<uuid:pk>/slip/", views.Slip.as_view(), name="slip"),
    path("tasks/", task_views.TaskList.as_view(), name="tasks"),
    path("tasks/assign/", task_views.Assign.as_view(), name="assign"),
    path("tasks/handover/", task_views.HandOverAll.as_view(), name="handovers"),
    path("tasks/<uuid:pk>/", task_views.TaskPage.as_view(), name="task"),
    path("tasks/<uuid:pk>/norm/", task_views.ChooseNorm.as_view(), name="task-norm"),
    path("tasks/<uuid:pk>/step/", task_views.TaskStep.as_view(), name="task-step"),
    path("tasks/<uuid:pk>/handover/", task_views.HandOver.as_view(), name="handover"),
    path("schedule/", task_views.Schedule.as_view(), name="schedule"),
]
