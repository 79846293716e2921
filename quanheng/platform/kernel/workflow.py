"""State machines as data and one engine: policy → guard → conditional UPDATE → event → hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused, require
from quanheng.platform.kernel.registries import Registry

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Policy = Callable[[Actor, Any], Decision]
Guard = Callable[[Any], Decision]
Hook = Callable[[Any, Actor], None]


class Stateful(models.Model):
    """A record with a state and a version that every transition raises."""

    state = models.CharField(max_length=20, db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True


@dataclass(frozen=True)
class Transition:
    """One permitted step. ``label`` is the verb on the button."""

    name: str
    sources: tuple[str, ...]
    target: str
    label: str | StrPromise
    policy: Policy
    guards: tuple[Guard, ...] = ()
    reason_required: bool = False


@dataclass(frozen=True)
class Workflow:
    """A frozen machine: states with their labels, and transitions by name."""

    name: str
    states: Mapping[str, str | StrPromise]
    initial: str
    transitions: tuple[Transition, ...]
    hooks: dict[str, list[Hook]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        unknown = {s for t in self.transitions for s in (*t.sources, t.target)} - set(self.states)
        if unknown or self.initial not in self.states:
            raise ValueError(f"workflow {self.name}: unknown states {sorted(unknown) or self.initial}")

    def __getitem__(self, name: str) -> Transition:
        found = next((t for t in self.transitions if t.name == name), None)
        if found is None:
            raise Refused(f"{self.name} has no step named {name}", code="unknown_step")
        return found

    def constraint(self, prefix: str) -> models.CheckConstraint:
        """The database constraint that keeps unknown states out."""
        return models.CheckConstraint(condition=Q(state__in=list(self.states)), name=f"{prefix}_state_known")

    def may(self, name: str, obj: Stateful, actor: Actor) -> Decision:
        """Whether the step is open now to this actor, else why not."""
        step = self[name]
        if obj.state not in step.sources:
            return _wrong_state(self, step, obj)
        return next((d for d in [step.policy(actor, obj), *(g(obj) for g in step.guards)] if not d), Allowed())

    def open_to(self, obj: Stateful, actor: Actor) -> list[tuple[Transition, Decision]]:
        """The steps that leave the present state, each with its decision, for buttons."""
        return [(t, self.may(t.name, obj, actor)) for t in self.transitions if obj.state in t.sources]

    def after(self, name: str, hook: Hook) -> None:
        """Have a hook run in the same transaction after a step (registered by upper apps in ready)."""
        self.hooks.setdefault(name, []).append(hook)


WORKFLOWS: Registry[Workflow] = Registry("workflows")


def _wrong_state(machine: Workflow, step: Transition, obj: Stateful) -> Decision:
    words = {"step": step.label, "state": machine.states.get(obj.state, obj.state)}
    return Denied(_("现为“%(state)s”,不能“%(step)s”") % words)


def _overtaken(machine: Workflow, step: Transition, obj: Stateful) -> str:
    """Who did what and when, for the one who comes second."""
    state = machine.states.get(obj.state, obj.state)
    last = events.history(obj).filter(verb__startswith=f"{machine.name}.").first()
    done = next((t for t in machine.transitions if last and last.verb == f"{machine.name}.{t.name}"), None)
    if last is None or done is None:
        return _("现为“%(state)s”,不能再“%(step)s”") % {"state": state, "step": step.label}
    return _("%(name)s 已于 %(at)s 办理“%(done)s”,现为“%(state)s”,不能再“%(step)s”;请重新载入") % {
        "name": last.actor_name,
        "at": last.happened_at.astimezone(clock.CIVIL).strftime("%Y-%m-%d %H:%M"),
        "done": done.label,
        "state": state,
        "step": step.label,
    }


def demand(machine: Workflow, name: str, obj: Stateful, actor: Actor) -> None:
    """Raise ``Refused`` unless the step is open now; who comes second reads who was first."""
    if obj.state not in machine[name].sources:
        raise Refused(_overtaken(machine, machine[name], obj), code="forbidden")
    require(machine.may(name, obj, actor))


StatefulT = TypeVar("StatefulT", bound=Stateful)


@transaction.atomic
def apply(machine: Workflow, name: str, obj: StatefulT, *, actor: Actor, reason: str = "", **changes: Any) -> StatefulT:
    """Take one step, or raise ``Refused`` and change nothing.

    ``changes`` are further fields set in the same conditional UPDATE. Two people acting at once: the second is refused.
    """
    step = machine[name]
    if step.reason_required and not reason.strip():
        words = _("请写明“%(step)s”的原因") % {"step": step.label}
        raise Refused(words, code="reason_required", place="reason")
    if obj.state not in step.sources:
        raise Refused(_overtaken(machine, step, obj), code="forbidden")
    require(step.policy(actor, obj))
    for guard in step.guards:
        require(guard(obj))
    before = {"state": obj.state, **{k: getattr(obj, k) for k in changes}}
    changed = (
        type(obj)
        ._default_manager.filter(pk=obj.pk, state=obj.state, version=obj.version)
        .update(state=step.target, version=F("version") + 1, **changes)
    )
    if not changed:
        obj.refresh_from_db(fields=["state", "version"])
        raise Refused(_overtaken(machine, step, obj), code="conflict")
    for key, value in {"state": step.target, "version": obj.version + 1, **changes}.items():
        setattr(obj, key, value)
    verb = f"{machine.name}.{name}"
    events.record(actor, verb, obj, reason=reason, before=before, after={"state": step.target, **changes})
    for hook in machine.hooks.get(name, []):
        hook(obj, actor)
    return obj
