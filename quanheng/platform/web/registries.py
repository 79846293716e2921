"""What pages of the frame ask upper apps for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.registries import Registry
from quanheng.platform.web.components import Figure

# The verb of an audit event in words; the project, which knows every app, registers it.
VERB_WORDS: Registry[Callable[[str], str]] = Registry("verb-words")

# The few figures on the home page of a person, such as a regulator's district: every one opens its list.
HOME_FIGURES: Registry[Callable[[Actor], Sequence[Figure]]] = Registry("home-figures")
