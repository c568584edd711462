"""The process of a serving node: `python -m shangyou.faces.serving HOME LOG-FORMAT LOG-LEVEL`.

`shangyou node serve` becomes this process, so that what the command line needs for itself (20 MB) does not stay for as
long as the node serves. Settings given there come by the environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from shangyou.faces.cli.report import ending

# Arrow's own pool keeps what blocks have left: 4 MB of a node at rest, 12 MB of one that hands ten million rows out
POOL: Final = ("ARROW_DEFAULT_MEMORY_POOL", "system")


def main() -> None:
    """Serve the node in the home of the first argument."""
    os.environ.setdefault(*POOL)
    ending(_run)


def _run() -> None:
    from shangyou.faces.logs import start_logs
    from shangyou.faces.serve import serve
    from shangyou.settings import load

    home, log_format, log_level = sys.argv[1:4]
    start_logs(log_format, log_level)
    serve(load(Path(home), os.environ))


if __name__ == "__main__":
    main()
