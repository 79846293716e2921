"""Addresses under /surveillance/."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.surveillance import (
    acting,
    asking,
    batch_pages,
    charging_pages,
    device_event_pages,
    extension_pages,
    letters_pages,
    map_pages,
    meter_pages,
    quality_pages,
    views,
    views_public,
)

app_name = "surveillance"
urlpatterns = [
    path("", views.Overview.as_view(), name="overview"),
    path("districts/<str:code>/", map_pages.District.as_view(), name="district"),
    path("utilities/<uuid:pk>/", map_pages.Utility.as_view(), name="utility"),
    path("lots/", extension_pages.Lots.as_view(), name="lots"),
    path("extensions/", extension_pages.ExtensionList.as_view(), name="extensions"),
    path("extensions/new/", extension_pages.Propose.as_view(), name="extension-propose"),
    path("extensions/<uuid:pk>/", extension_pages.ExtensionPage.as_view(), name="extension"),
    path("extensions/<uuid:pk>/<slug:step>/", extension_pages.ExtensionStep.as_view(), name="extension-step"),
    path("events/", device_event_pages.DeviceEventList.as_view(), name="device-events"),
    path("events/<uuid:pk>/", device_event_pages.DeviceEventPage.as_view(), name="device-event"),
    path("areas/<uuid:pk>/piles/", charging_pages.Station.as_view(), name="station"),
    path("meters/<uuid:pk>/session/", charging_pages.Replay.as_view(), name="session"),
    path("rules/", map_pages.Rules.as_view(), name="rules"),
    path("areas/", views.AreaList.as_view(), name="areas"),
    path("areas/<uuid:pk>/", views.AreaPage.as_view(), name="area"),
    path("areas/<uuid:pk>/quality/", quality_pages.AreaQualityPage.as_view(), name="area-quality"),
    path("areas/<uuid:pk>/quality/report/", quality_pages.AreaQualityReport.as_view(), name="area-quality-report"),
    path("areas/<uuid:pk>/readings.csv", quality_pages.AreaReadings.as_view(), name="area-readings"),
    path("areas/<uuid:pk>/evidence/<int:version>.json", views.Evidence.as_view(), name="evidence"),
    path("quality/", quality_pages.QualityPage.as_view(), name="quality"),
    path("meters/", views.MeterList.as_view(), name="meters"),
    path("meters/<uuid:pk>/", meter_pages.MeterPage.as_view(), name="meter"),
    path("meters/<uuid:pk>/check/", acting.OrderCheck.as_view(), name="order"),
    path("runs/", acting.RunList.as_view(), name="runs"),
    path("runs/new/", acting.RunStart.as_view(), name="run-start"),
    path("runs/<uuid:pk>/", acting.RunPage.as_view(), name="run"),
    path("checks/", acting.CheckList.as_view(), name="checks"),
    path("checks/<uuid:pk>/", acting.CheckPage.as_view(), name="check"),
    path("checks/<uuid:pk>/apply/", acting.SendCheck.as_view(), name="check-apply"),
    path("checks/<uuid:pk>/replace/", acting.ReplaceMeter.as_view(), name="check-replace"),
    path("checks/<uuid:pk>/cancel/", acting.CancelCheck.as_view(), name="check-cancel"),
    path("requests/", asking.RequestList.as_view(), name="requests"),
    path("requests/<uuid:pk>/", asking.RequestPage.as_view(), name="request"),
    path("batches/", batch_pages.BatchList.as_view(), name="batches"),
    path("batches/new/", batch_pages.BatchStart.as_view(), name="batch-start"),
    path("batches/<uuid:pk>/", batch_pages.BatchPage.as_view(), name="batch"),
    path("batches/<uuid:pk>/rejected/", batch_pages.Rejected.as_view(), name="batch-rejected"),
    path("letters/", letters_pages.LettersPage.as_view(), name="letters"),
    path("own/<str:code>/", views_public.own, name="own"),
]
