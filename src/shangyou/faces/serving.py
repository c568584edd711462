"""The process of a serving node: `python -m shangyou.faces.serving HOME LOG-FORMAT LOG-LEVEL`.

`shangyou node serve` becomes this process, so that what the command line needs for itself (20 MB) does not stay for as
long as the node serves. Settings given there come by the environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shangyou.faces.cli.report import ending


def main() -> None:
    """Serve the node in the home of the first argument."""
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
