"""Static files with hashed names and gzip. Brotli is left out even where installed: it takes half a minute."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed manifest, gzip only."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """A compressor that skips what no page loads."""
        kwargs["extensions"] = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
        return Compressor(use_brotli=False, **kwargs)
