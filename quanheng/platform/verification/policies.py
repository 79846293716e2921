"""Who may apply, receive, verify, check and sign."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role


def may_apply(actor: Actor, application: Any) -> Decision:
    """The owner's metrology people apply."""
    if actor.acts_for(application.organisation.path, Role.ENTERPRISE, Role.LAB_MANAGER):
        return Allowed()
    return Denied(_("只有申请单位的计量员可以提交或撤回申请"))


def may_amend(actor: Actor, application: Any) -> Decision:
    """The applicant, until the application is handed in and after it came back."""
    if application.state not in {"draft", "returned"}:
        return Denied(_("只有草稿和被退回的申请可以修改"))
    return may_apply(actor, application)


def may_receive(actor: Actor, subject: Any) -> Decision:
    """The institute's reception accepts, returns, schedules and assigns."""
    institute = getattr(subject, "institute", None) or subject.organisation
    if actor.acts_for(institute.path, Role.RECEPTIONIST, Role.LAB_MANAGER):
        return Allowed()
    return Denied(_("只有本机构的受理员可以受理、退回和安排"))


def may_work(actor: Actor, subject: Any) -> Decision:
    """Anybody working at the institute."""
    institute = getattr(subject, "institute", None) or subject.organisation
    return Allowed() if actor.acts_for(institute.path, *INSTITUTE_ROLES) else Denied(_("只有本机构人员可以办理"))


def may_verify(actor: Actor, task: Any) -> Decision:
    """Only the verifier to whom the task was assigned."""
    if actor.acts_for(task.organisation.path, Role.VERIFIER) and (actor.system or task.verifier_id == actor.user_id):
        return Allowed()
    return Denied(_("该任务未分配给您"))


def may_choose_norm(actor: Actor, task: Any) -> Decision:
    """The desk, until somebody is at work on it."""
    if task.state != "waiting":
        return Denied(_("任务已安排;请先重新安排,再改检定规程"))
    return may_receive(actor, task)


def may_check(actor: Actor, task: Any) -> Decision:
    """A checker of the institute who is not the verifier."""
    if not actor.acts_for(task.organisation.path, Role.CHECKER, Role.SIGNATORY):
        return Denied(_("只有本机构的核验员可以核验"))
    if task.verifier_id == actor.user_id and not actor.system:
        return Denied(_("检定员不能核验自己的检定"))
    return Allowed()


def may_sign(actor: Actor, task: Any) -> Decision:
    """A signatory of the institute who is not the verifier."""
    if not actor.acts_for(task.organisation.path, Role.SIGNATORY):
        return Denied(_("只有本机构的授权签字人可以签发"))
    if task.verifier_id == actor.user_id and not actor.system:
        return Denied(_("检定员不能签发自己的检定"))
    return Allowed()


def by_itself(actor: Actor, _subject: Any) -> Decision:
    """Nobody presses this: it follows from what happened to the instrument."""
    return Allowed() if actor.system else Denied(_("这一步由系统随器具状态办理"))


def may_check_or_sign(actor: Actor, task: Any) -> Decision:
    """Whoever may check or sign may also send back."""
    return may_check(actor, task) or may_sign(actor, task)
