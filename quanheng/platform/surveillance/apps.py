"""Fleets of meters watched by their own data."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveillanceConfig(AppConfig):
    name = "quanheng.platform.surveillance"
    label = "surveillance"

    def ready(self) -> None:
        """Register what this app offers."""
        from quanheng.platform.certificates.workflow import RECORD
        from quanheng.platform.documents.public import PUBLIC_NOTES
        from quanheng.platform.instruments.registries import TABS, TIMELINE, USED_BY, InstrumentTab
        from quanheng.platform.kernel.periodic import PERIODIC, Periodic
        from quanheng.platform.kernel.work import WORK
        from quanheng.platform.surveillance import imports, jobs, public, services, tabs, work
        from quanheng.platform.surveillance.policies import WATCHERS
        from quanheng.platform.verification.workflow import TASK
        from quanheng.platform.web import menu

        imports.register()
        RECORD.after("sign", services.on_signed)
        TASK.after("cancel", services.on_task_cancelled)
        TASK.after("lapse", services.on_task_cancelled)
        TABS.register("monitoring", InstrumentTab(_("监测"), 50, tabs.TEMPLATE, tabs.context, tabs.shown))
        USED_BY.register("surveillance", tabs.watched)
        WORK.register("surveillance", work.waiting)
        PUBLIC_NOTES.register("surveillance", public.note)
        PUBLIC_NOTES.register("surveillance.extension", public.extended)
        TIMELINE.register("surveillance", tabs.happened)
        PERIODIC.register("surveillance.settle", Periodic(60, jobs.settle))
        PERIODIC.register("surveillance.evaluate", Periodic(3600, jobs.evaluate))
        PERIODIC.register("surveillance.piles", Periodic(3600, jobs.watch_piles))
        PERIODIC.register("surveillance.compact", Periodic(86_400, jobs.compact))
        seen = menu.roles(*WATCHERS)
        menu.register(
            "supervision", _("在用监测"), "surveillance:overview", "activity", visible=seen, letter="m", order=40
        )
        menu.register("supervision", _("现场核查"), "surveillance:checks", "tools", visible=seen, order=42)
