"""Addresses under /parties/."""

from __future__ import annotations

from django.urls import path

from quanheng.platform.parties import views

app_name = "parties"
urlpatterns = [
    path("licences/", views.LicenceList.as_view(), name="licences"),
    path("licences/add/", views.AddLicence.as_view(), name="add-licence"),
    path("licences/<uuid:pk>/withdraw/", views.WithdrawLicence.as_view(), name="withdraw-licence"),
    path("authorisations/", views.AuthorisationList.as_view(), name="authorisations"),
    path("authorisations/add/", views.AddAuthorisation.as_view(), name="add-authorisation"),
    path("authorisations/<uuid:pk>/withdraw/", views.WithdrawAuthorisation.as_view(), name="withdraw-authorisation"),
]
