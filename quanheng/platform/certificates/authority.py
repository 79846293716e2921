"""Whether a person, and the institute, may act on a norm on a day."""

from quanheng.platform.parties.queries import authorised, licence_for

__all__ = ["authorised", "licence_for"]
