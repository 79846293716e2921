"""Addresses of accounts and of their administration."""

from django.urls import path

from quanheng.platform.project.accounts import administration as a
from quanheng.platform.project.accounts import person_forms, views

urlpatterns = [
    path("accounts/invitation/<uuid:user_id>/<str:token>/", views.Invitation.as_view(), name="invitation"),
    path("accounts/reauthenticate/", views.Reauthenticate.as_view(), name="reauthenticate"),
    path("accounts/profile/", views.Profile.as_view(), name="profile"),
    path("accounts/second-factor/", views.second_factor, name="second-factor"),
    path("accounts/confirmation/", views.confirmation, name="confirmation"),
    path("administration/people/", a.People.as_view(), name="people"),
    path("administration/people/new/", a.AddPerson.as_view(), name="add-person"),
    path("administration/people/<uuid:user_id>/", a.Person.as_view(), name="person"),
    path("administration/people/<uuid:user_id>/invite/", a.Invite.as_view(), name="invite-person"),
    path("administration/people/<uuid:user_id>/grant/", person_forms.GiveRole.as_view(), name="give-role"),
    path(
        "administration/people/<uuid:user_id>/grants/<int:grant_id>/end/",
        person_forms.EndRole.as_view(),
        name="end-role",
    ),
    path("administration/people/<uuid:user_id>/name/", person_forms.RenamePerson.as_view(), name="rename-person"),
    path("administration/people/<uuid:user_id>/release/", person_forms.ReleaseLock.as_view(), name="release-lock"),
    path("administration/people/<uuid:user_id>/confirm/", person_forms.ConfirmKeys.as_view(), name="confirm-person"),
    path("administration/people/<uuid:user_id>/state/", person_forms.ChangeState.as_view(), name="change-state"),
    path(
        "administration/people/<uuid:user_id>/reset-second-factor/",
        person_forms.ResetSecondFactor.as_view(),
        name="reset-second-factor",
    ),
    path("administration/organisations/", a.Organisations.as_view(), name="organisations"),
    path("administration/organisations/new/", a.AddOrganisation.as_view(), name="add-organisation"),
    path("administration/organisations/<uuid:organisation_id>/", a.OrganisationDetail.as_view(), name="organisation"),
]
