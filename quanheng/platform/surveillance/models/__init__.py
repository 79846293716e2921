"""Tables: areas and their meters, what was judged of them, what was brought in."""

from quanheng.platform.surveillance.models.areas import (
    Area,
    AreaMeter,
    CheckRequest,
    Evaluation,
    EvaluationRun,
    Level,
    MeterVerdict,
    Profile,
    Role,
    SiteCheck,
    Verdict,
)
from quanheng.platform.surveillance.models.batches import ReadingBatch, ReadingSource
from quanheng.platform.surveillance.models.charging import ChargeSample
from quanheng.platform.surveillance.models.device_events import DeviceEvent
from quanheng.platform.surveillance.models.extensions import ExtendedInstrument, PeriodExtension
from quanheng.platform.surveillance.models.pile_alarms import PileAlarm

__all__ = [
    "Area",
    "AreaMeter",
    "ChargeSample",
    "CheckRequest",
    "DeviceEvent",
    "Evaluation",
    "EvaluationRun",
    "ExtendedInstrument",
    "Level",
    "MeterVerdict",
    "PeriodExtension",
    "PileAlarm",
    "Profile",
    "ReadingBatch",
    "ReadingSource",
    "Role",
    "SiteCheck",
    "Verdict",
]
