"""Where a fleet is judged: in this process, or on a Spark cluster with the same kernels and the same digits."""

from quanheng.telemetry.engines.choose import ENGINES, choose
from quanheng.telemetry.engines.job import Engine, Job

__all__ = ["ENGINES", "Engine", "Job", "choose"]
