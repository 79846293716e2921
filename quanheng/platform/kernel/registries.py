"""Typed registries: how a lower app asks for what upper apps know, without importing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Named entries, filled in ``AppConfig.ready`` and read afterwards. A name is taken once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, T] = {}

    def register(self, key: str, entry: T) -> T:
        """Add an entry; the same entry again is harmless, another one under its name is a mistake."""
        if key in self._entries and self._entries[key] is not entry:
            raise ValueError(f"registry {self.name}: {key!r} is already taken")
        self._entries[key] = entry
        return entry

    def get(self, key: str) -> T | None:
        """The entry of that name, or None."""
        return self._entries.get(key)

    def __getitem__(self, key: str) -> T:
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(list(self._entries.items()))

    def values(self) -> list[T]:
        """All entries in the order they were registered."""
        return list(self._entries.values())
