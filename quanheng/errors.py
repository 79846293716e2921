"""The one error every floor raises when input is bad: it names the place and the remedy."""

from __future__ import annotations


class InputError(Exception):
    """Input that cannot be used. Nothing was changed.

    code     short English word for programs, such as ``unreadable`` or ``unit_unknown``
    message  one sentence for a person: what is wrong and how to mend it
    place    where: a file and line, a row and column, a field path
    zh       the same sentence in Chinese where the floor that raises it knows one; screens show it
    """

    def __init__(self, code: str, message: str, place: str = "", zh: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.zh = zh
        self.place = place

    def line(self) -> str:
        """The single line printed on stderr by every command."""
        text = " ".join(self.message.split())
        return f"{self.code}: {text} ({self.place})" if self.place else f"{self.code}: {text}"
