"""What upper apps may hang on to the law: work to do once items were loaded."""

from __future__ import annotations

from typing import Protocol

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.registries import Registry


class AfterLoad(Protocol):
    """Derives an app's own tables from the items. Runs in the loader's transaction and must be repeatable."""

    def __call__(self, *, actor: Actor) -> object: ...


after_load: Registry[AfterLoad] = Registry("law.after_load")
