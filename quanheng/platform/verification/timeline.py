"""What an instrument's timeline tells of its verification: applied for, accepted, assigned, begun, checked."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.kernel.workflow import Workflow
from quanheng.platform.verification import queries
from quanheng.platform.verification.workflow import APPLICATION, TASK
from quanheng.platform.web.components import Moment

MOST = 40  # tasks of one instrument, newest first: a scale of ten years has ten
TONES: dict[str, Any] = {"return": "bad", "withdraw": "off", "cancel": "off", "lapse": "off", "release": "wait"}


def happened(actor: Actor, item: Instrument) -> list[Moment]:
    """The steps of every application and task about it that the viewer may see; drafts are nobody's news."""
    found: list[Moment] = []
    tasks = queries.tasks(actor).filter(instrument=item).exclude(application__state="draft")
    for task in tasks.order_by("-application__created_at")[:MOST]:
        page = reverse("verification:task", args=[task.pk])
        application = reverse("verification:application", args=[task.application_id])
        found += _steps(APPLICATION, task.application, application, task.application.number)
        found += _steps(TASK, task, page, task.application.number)
    return found


def _steps(machine: Workflow, one: Any, url: str, number: str) -> list[Moment]:
    labels = {f"{machine.name}.{t.name}": (t.name, t.label) for t in machine.transitions}
    found = []
    for event in events.history(one).filter(verb__in=labels):
        name, label = labels[event.verb]
        detail = " · ".join(part for part in (number, retold(event.reason)) if part)
        found.append(Moment(event.happened_at, label, event.actor_name, detail, url, TONES.get(name, "work")))
    return found
