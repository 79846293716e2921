"""How upper apps find an item by the code or number that people know it by."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from quanheng.platform.kernel.registries import Registry

FINDERS: Registry[Callable[[str], Sequence[uuid.UUID]]] = Registry("trace finders")
