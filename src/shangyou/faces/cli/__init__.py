"""The command line: `shangyou`. One file a group of commands; each works on the node through a session."""

from __future__ import annotations

from shangyou.faces.cli.report import ending


def main() -> None:
    """Run a command and end the process with its code."""
    ending(_run)


def _run() -> None:
    from shangyou.faces.cli.app import application

    application()(prog_name="shangyou")
