"""The law as data: effective-dated items, each with edition, region, source and whether somebody checked it.

Layout: ``<folder>/<name>.yaml`` is a manifest (kind, title, defaults); its rows stand in ``<name>.csv`` beside it or in
its own ``items``. ``docs/law.md`` describes the format. Nothing here imports Django.
"""

from pathlib import Path

LIBRARY_ROOT = Path(__file__).resolve().parent
