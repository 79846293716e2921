"""Counts of requests in this process, as Prometheus reads them. Labels are routes, never addresses of records."""

from __future__ import annotations

import bisect
import os
import threading
from collections import defaultdict
from collections.abc import Iterator

BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0)
_lock = threading.Lock()
_requests: dict[tuple[str, str, int], int] = defaultdict(int)
_histogram: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
_seconds: dict[str, float] = defaultdict(float)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    method = method if method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} else "OTHER"
    with _lock:
        _requests[method, route, status] += 1
        _histogram[route][bisect.bisect_left(BUCKETS, seconds)] += 1
        _seconds[route] += seconds


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def lines() -> Iterator[str]:
    """The counts in text form; ``pid`` tells the processes of one server apart."""
    pid = os.getpid()
    with _lock:
        requests, histogram, seconds = dict(_requests), {k: list(v) for k, v in _histogram.items()}, dict(_seconds)
    yield "# TYPE quanheng_requests_total counter"
    for (method, route, status), count in sorted(requests.items()):
        labels = f'pid="{pid}",method="{method}",route="{_label(route)}",status="{status}"'
        yield f"quanheng_requests_total{{{labels}}} {count}"
    yield "# TYPE quanheng_request_seconds histogram"
    for route, counts in sorted(histogram.items()):
        total = 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
            total += count
            yield f'quanheng_request_seconds_bucket{{pid="{pid}",route="{_label(route)}",le="{bound}"}} {total}'
        yield f'quanheng_request_seconds_sum{{pid="{pid}",route="{_label(route)}"}} {seconds[route]:.6f}'
        yield f'quanheng_request_seconds_count{{pid="{pid}",route="{_label(route)}"}} {total}'


def gauge(name: str, value: int, help_text: str) -> str:
    """One gauge with its help line."""
    return f"# HELP {name} {help_text}\n# TYPE {name} gauge\n{name} {value}"
