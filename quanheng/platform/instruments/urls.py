"""Addresses under /instruments/."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.instruments import import_views, item_views, lot_views, reminder_views, views

app_name = "instruments"
urlpatterns = [
    path("", views.InstrumentList.as_view(), name="list"),
    path("add/", item_views.AddInstrument.as_view(), name="add"),
    path("filings/", views.FilingQueue.as_view(), name="filings"),
    path("filings/return/", item_views.ReturnFilings.as_view(), name="return"),
    path("districts/", views.DistrictPage.as_view(), name="districts"),
    path("duplicates/", views.DuplicateList.as_view(), name="duplicates"),
    path("transfer/", item_views.Transfer.as_view(), name="transfer"),
    path("imports/", import_views.Batches.as_view(), name="imports"),
    path("imports/<slug:kind>/new/", import_views.Start.as_view(), name="import"),
    path("imports/<slug:kind>/template/", import_views.Template.as_view(), name="import-template"),
    path("imports/<uuid:pk>/", import_views.BatchPage.as_view(), name="import-batch"),
    path("imports/<uuid:pk>/rejected/", import_views.Rejected.as_view(), name="import-rejected"),
    path("reminders/", reminder_views.ReminderLog.as_view(), name="reminders"),
    path("reminders/days/", reminder_views.ReminderDays.as_view(), name="reminder-days"),
    path("<uuid:pk>/", item_views.InstrumentPage.as_view(), name="instrument"),
    path("<uuid:pk>/preview/", item_views.Preview.as_view(), name="preview"),
    path("<uuid:pk>/edit/", item_views.EditInstrument.as_view(), name="edit"),
    path("<uuid:pk>/step/", item_views.Step.as_view(), name="step"),
    path("<uuid:pk>/take/", lot_views.TakeFromLot.as_view(), name="take"),
    path("<uuid:pk>/move/", item_views.Move.as_view(), name="move"),
    path("<uuid:pk>/label/", item_views.OneLabel.as_view(), name="label"),
]
