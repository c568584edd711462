"""Become another programme, but end when the parent ends, even if that is killed: `python -m ... leash PARENT COMMAND`.

Linux sends the signal that a process asks for when its parent dies, and keeps the wish over exec. Elsewhere the
parent's own clean end must do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def main() -> None:
    """Ask for the signal, make sure that the parent has not gone already, and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    os.execv(command[0], command)  # noqa: S606  the command is our own, from processes.start


if __name__ == "__main__":
    main()
