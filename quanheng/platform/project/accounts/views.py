"""A person's own pages: invitation, profile, second factor."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.views import ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View

from quanheng.errors import InputError
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.policies import Allowed, Decision
from quanheng.platform.kernel.roles import SECOND_FACTOR_ROLES, Role
from quanheng.platform.kernel.words import words_of
from quanheng.platform.project.accounts import invitations, queries, services
from quanheng.platform.project.accounts.forms import FirstPasswordForm, ProfileForm
from quanheng.platform.web.components import Header
from quanheng.platform.web.http import actor_of
from quanheng.platform.web.pages import FormPage
from quanheng.platform.web.ratelimit import public_page


@method_decorator(public_page("invitation", limit=30), name="dispatch")
class Invitation(View):
    """The one-time link: set the first password, then sign in with it."""

    def _page(self, user: User, form: FirstPasswordForm, status: int = 200) -> HttpResponse:
        return render(self.request, "project/invitation.html", {"form": form, "person": user}, status=status)

    def get(self, request: HttpRequest, user_id: uuid.UUID, token: str) -> HttpResponse:
        """The form, or the news that the link is spent."""
        user = invitations.invited(user_id, token)
        if user is None:
            return render(request, "project/invitation_spent.html", status=410)
        return self._page(user, FirstPasswordForm(user=user))

    def post(self, request: HttpRequest, user_id: uuid.UUID, token: str) -> HttpResponse:
        """Set the password; the next page asks for it."""
        user = invitations.invited(user_id, token)
        if user is None:
            return render(request, "project/invitation_spent.html", status=410)
        form = FirstPasswordForm(request.POST, user=user)
        if form.is_valid():
            try:
                services.accept_invitation(user=user, password=form.cleaned_data["password"])
            except InputError as error:
                form.add_error("password", words_of(error))
            else:
                messages.success(request, _("密码已设置,请用登录名 %(name)s 登录") % {"name": user.username})
                return redirect("account_login")
        return self._page(user, form, status=422)


class OwnPage(FormPage):
    """A page about oneself needs no role."""

    def allowed(self, actor: Actor) -> Decision:
        """Anybody signed in."""
        return Allowed()


def _moves_address(request: HttpRequest) -> bool:
    """Whether another address is sent: who holds the address may have the password renewed."""
    person = User.objects.filter(pk=actor_of(request).person).first()
    return person is not None and request.POST.get("email", "").strip().lower() != person.email.lower()


class Profile(OwnPage):
    """My account: who I am here, my roles, how I sign in."""

    template_name = "project/profile.html"
    form_class = ProfileForm

    def person(self) -> User:
        """The one signed in."""
        return get_object_or_404(User.objects.select_related("organisation"), pk=self.actor.user_id or uuid.UUID(int=0))

    def header(self) -> Header:
        return Header(_("我的账户"))

    def form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.person()}

    def context(self) -> dict[str, Any]:
        person = self.person()
        types = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
        return {
            "person": person,
            "grants": queries.grants(person),
            "role_labels": dict(Role.choices),
            "has_totp": Authenticator.Type.TOTP in types,
            "has_passkey": Authenticator.Type.WEBAUTHN in types,
            "has_codes": Authenticator.Type.RECOVERY_CODES in types,
        }

    @method_decorator(reauthentication_required(enabled=_moves_address))
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Another address asks for the second factor (or the password) first, then goes on with what was typed."""
        return super().post(request, *args, **kwargs)

    def done(self, form: Any) -> str:
        services.change_contact(actor=self.actor, user=self.person(), **form.cleaned_data)
        messages.success(self.request, _("已保存"))
        return reverse("project:profile")


class Reauthenticate(ReauthenticateView):
    """The password once more; of those who have a second factor that one is asked for instead."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and is_mfa_enabled(request.user):
            query = request.GET.urlencode()
            return redirect(f"{reverse('mfa_reauthenticate')}{'?' if query else ''}{query}")
        return super().dispatch(request, *args, **kwargs)


def confirmation(request: HttpRequest) -> HttpResponse:
    """Where people wait whose link was used but who have not shown themselves to whoever manages them."""
    person = get_object_or_404(User, pk=actor_of(request).user_id)
    if not person.awaiting_confirmation:
        return redirect("/")
    code = invitations.confirmation_code(person)
    return render(request, "project/confirmation.html", {"code": f"{code[:3]} {code[3:]}", "person": person})


def second_factor(request: HttpRequest) -> HttpResponse:
    """Where people with a signing or administrating role are sent first."""
    labels = dict(Role.choices)
    held = [labels[Role(role)] for role in SECOND_FACTOR_ROLES if actor_of(request).has(role)]
    done = Authenticator.objects.filter(user_id=actor_of(request).user_id).exists()
    if done or not held:
        return redirect("mfa_index")
    return render(request, "project/second_factor.html", {"roles": held})
