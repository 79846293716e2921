"""Application, acceptance, task, schedule."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerificationConfig(AppConfig):
    name = "quanheng.platform.verification"
    label = "verification"

    def ready(self) -> None:
        from quanheng.platform.instruments.registries import ACTS, AT_WORK, PENDING, TIMELINE, UNDERWAY, USED_BY, Act
        from quanheng.platform.instruments.workflow import INSTRUMENT
        from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
        from quanheng.platform.kernel.work import WORK
        from quanheng.platform.parties.queries import LOAD
        from quanheng.platform.verification import queries, services, telling, timeline, work
        from quanheng.platform.verification.workflow import APPLICATION, TASK
        from quanheng.platform.web import menu

        WORK.register("verification", work.waiting)
        LOAD.register("verification", services.load_on)
        USED_BY.register("verification", work.with_tasks)
        AT_WORK.register("verification", queries.worked_on)
        PENDING.register("verification", work.being_verified)
        UNDERWAY.register("verification", work.underway)
        INSTRUMENT.after("scrap", services.end_with)
        for step in ("accept", "return", "complete"):
            APPLICATION.after(step, telling.application_moved)
        TASK.after("cancel", telling.task_cancelled)
        TIMELINE.register("verification", timeline.happened)
        ACTS.register("apply", Act(_("申请检定"), "file", "verification:apply", work.may_start, work.may_start_for))
        business = menu.roles(*INSTITUTE_ROLES, Role.ENTERPRISE, Role.REGULATOR)
        menu.register(
            "business", _("检定申请"), "verification:applications", "file", visible=business, letter="a", order=10
        )
        menu.register(
            "business", _("检定任务"), "verification:tasks", "checklist", visible=business, letter="t", order=20
        )
        menu.register(
            "business",
            _("排期日历"),
            "verification:schedule",
            "calendar",
            visible=menu.roles(*INSTITUTE_ROLES),
            order=30,
        )
