"""Help as tables that fit Chinese and English, in the language of the run; the examples keep their lines.

Typer's own help by rich loads a Markdown parser, a highlighter and a traceback printer first: a third of a second.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperCommand, TyperGroup

from shangyou.faces.cli.words import Words

if TYPE_CHECKING:
    from rich.console import Console

WIDEST: Final = 110  # columns: longer lines are hard to read


class Command(TyperCommand):
    """A command with our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of this command."""
        formatter.write(_page(self, ctx))


class Group(TyperGroup):
    """A group of commands with our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of this group."""
        formatter.write(_page(self, ctx))


class FilesFirst(Group):
    """A group whose first word may be a file: `ingest FILE` is `ingest files FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command there where it was left out."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args.insert(0, "files")
        return super().parse_args(ctx, args)


def _page(command: Any, ctx: Any) -> str:
    from rich.console import Console

    from shangyou.faces.cli.call import t

    text = io.StringIO()
    terminal = sys.stdout.isatty()
    width = min(Console().width, WIDEST) if terminal else WIDEST
    console = Console(file=text, width=width, force_terminal=terminal, highlight=False, markup=False)
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    console.print(f"\n{usage}\n", style="bold")
    if command.help:
        console.print(f"{command.help}\n")
    records = [(p.param_type_name, _record(p, ctx)) for p in command.get_params(ctx)]
    for kind in ("argument", "option"):
        rows = [record for what, record in records if what == kind and record is not None]
        _section(console, t(f"help.{kind}s"), [(name, _words(told, t)) for name, told in rows])
    if isinstance(command, TyperGroup):
        found = [(name, command.get_command(ctx, name)) for name in command.list_commands(ctx)]
        _section(console, t("help.commands"), [(n, c.help or "") for n, c in found if c is not None and not c.hidden])
    if command.epilog:
        console.print(t("help.shown"), style="bold")
        for line in command.epilog.strip("\n").splitlines():
            console.print(f"  {line.strip()}", soft_wrap=True)
        console.print()
    return text.getvalue()


def _record(parameter: Any, ctx: Any) -> tuple[str, str] | None:
    found: tuple[str, str] | None = parameter.get_help_record(ctx)
    if found is not None and parameter.param_type_name == "argument":
        return parameter.display_name_raw, found[1]
    return found


def _words(told: str, t: Words) -> str:
    """What the framework adds by itself, in the language of the run."""
    if told == "Show this message and exit.":
        return t("help.help")
    for word in ("default", "required", "env var"):
        told = told.replace(f"[{word}", f"[{t(f'help.{word}')}").replace(f"; {word}", f"; {t(f'help.{word}')}")
    return told


def _section(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    from rich.table import Table

    if not rows:
        return
    console.print(title, style="bold")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="cyan", max_width=34, overflow="fold")
    table.add_column(overflow="fold")
    for name, told in rows:
        table.add_row(f"  {name}", told)
    console.print(table)
    console.print()
