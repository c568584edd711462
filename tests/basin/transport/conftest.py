"""Where kernels that were compiled once are kept between runs of the tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"shangyou-numba-{os.getuid()}"))
