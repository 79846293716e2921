"""Addresses under /certificates/."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.certificates import (
    views_certificates,
    views_foreign,
    views_intake,
    views_prepared,
    views_read,
    views_record,
    views_review,
)

app_name = "certificates"
urlpatterns = [
    path("", views_certificates.CertificateList.as_view(), name="list"),
    path("read/", views_read.ReadCertificates.as_view(), name="read"),
    path("roots/", views_read.Roots.as_view(), name="roots"),
    path("intake/", views_intake.Start.as_view(), name="intake"),
    path("intake/<uuid:pk>/", views_intake.IntakeBatch.as_view(), name="intake-batch"),
    path("intake/<uuid:pk>/<int:position>/", views_intake.IntakeFile.as_view(), name="intake-file"),
    path("foreign/", views_foreign.ForeignList.as_view(), name="foreign-list"),
    path("foreign/<uuid:pk>/", views_foreign.ForeignPage.as_view(), name="foreign"),
    path("foreign/<uuid:pk>/file/", views_foreign.ForeignFile.as_view(), name="foreign-file"),
    path("prepared/", views_prepared.PreparedList.as_view(), name="prepared-list"),
    path("prepared/new/", views_prepared.Prepare.as_view(), name="prepare"),
    path("prepared/schema/", views_prepared.Schema.as_view(), name="prepared-schema"),
    path("prepared/<uuid:pk>/", views_prepared.OnePrepared.as_view(), name="prepared"),
    path("prepared/<uuid:pk>/preview.pdf", views_prepared.PreparedPreview.as_view(), name="prepared-preview"),
    path("prepared/<uuid:pk>/act/<str:act>/", views_prepared.PreparedAct.as_view(), name="prepared-act"),
    path("<uuid:pk>/", views_certificates.Detail.as_view(), name="detail"),
    path("<uuid:pk>/file/<str:kind>", views_certificates.Download.as_view(), name="file"),
    path("<uuid:pk>/replace/", views_certificates.Replace.as_view(), name="replace"),
    path("<uuid:pk>/revoke/", views_certificates.Revoke.as_view(), name="revoke"),
    path("tasks/<uuid:pk>/record/", views_record.OpenRecord.as_view(), name="open"),
    path("records/", views_review.RecordList.as_view(), name="records"),
    path("records/batch/<str:act>/", views_review.BatchPage.as_view(), name="batch"),
    path("records/<uuid:pk>/", views_record.RecordSheet.as_view(), name="record"),
    path("records/<uuid:pk>/evaluate/", views_record.Evaluate.as_view(), name="evaluate"),
    path("records/<uuid:pk>/save/", views_record.Save.as_view(), name="save"),
    path("records/<uuid:pk>/presence/", views_record.Presence.as_view(), name="presence"),
    path("records/<uuid:pk>/readings.csv", views_record.Readings.as_view(), name="readings"),
    path("records/<uuid:pk>/submit/", views_record.Submit.as_view(), name="submit"),
    path("records/<uuid:pk>/raw.pdf", views_record.RawPdf.as_view(), name="raw_pdf"),
    path("records/<uuid:pk>/review/", views_review.Review.as_view(), name="review"),
    path("records/<uuid:pk>/preview/<int:page>.png", views_review.PreviewPage.as_view(), name="preview_page"),
    path("records/<uuid:pk>/preview.pdf", views_review.Preview.as_view(), name="preview"),
    path("records/<uuid:pk>/act/<str:act>/", views_review.Act.as_view(), name="act"),
    path("records/<uuid:pk>/step/", views_review.Step.as_view(), name="step"),
]
