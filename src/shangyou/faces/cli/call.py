"""One call of a command: the options that every command has, and what it prints."""

from __future__ import annotations

import contextlib
import getpass
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from shangyou.core.errors import InputError
from shangyou.faces.cli.help import Command, Group
from shangyou.faces.cli.words import Words, language

if TYPE_CHECKING:
    from shangyou.faces.cli.session import Session
    from shangyou.faces.rows import Rows
    from shangyou.settings import Settings

t = Words(language(sys.argv[1:], os.environ))  # of help, which is made before any option is read
FORMATS: Final = ("table", "json", "csv", "parquet", "xlsx", "arrow")


def default_home() -> Path:
    """Where the node is if nobody says so."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "shangyou"


@dataclass(frozen=True, slots=True)
class Call:
    """What a command is given besides its own options."""

    home: Path
    named: bool  # somebody named the home
    words: Words
    format: str = "table"
    output: Path | None = None

    @property
    def by(self) -> str:
        """Who works here, for the histories."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container without an entry for its user
            return str(os.getuid())

    def settings(self) -> Settings:
        """Settings of the node; NotFoundError "settings.home"."""
        from shangyou.settings import load

        return load(self.home, os.environ)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The node: in this process, or through the process that serves it."""
        from shangyou.faces.cli.session import open_session

        with open_session(self.settings(), self.by, self.words.language) as session:
            yield session

    def say(self, key: str, **facts: object) -> None:
        """A sentence for people, beside the data."""
        tell(self.words(key, **facts))

    def show(self, rows: Rows, columns: Sequence[str] = (), record: bool = False) -> int:
        """Print rows, or write them to --output. Returns how many there were.

        columns: those that a table for people shows, where there are more than fit; machines get all.
        record: there is one row, and a table shows it with a line for each column.
        """
        from shangyou.faces.cli.show import show

        return show(rows, self.format, self.output, self.words, columns, record)


def tell(text: str) -> None:
    """Words go to the standard error, so that the standard output holds data alone."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _common(rows: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        "home": Annotated[Path | None, typer.Option(envvar="SHANGYOU_HOME", help=t("option.home"), show_default=False)],
        "lang": Annotated[str, typer.Option(help=t("option.lang"), metavar="zh|en", show_default=False)],
        "debug": Annotated[bool, typer.Option("--debug", help=t("option.debug"))],
    }
    if rows:
        options["format"] = Annotated[str, typer.Option(help=t("option.format"), metavar="|".join(FORMATS))]
        options["output"] = Annotated[Path | None, typer.Option("--output", "-o", help=t("option.output"))]
    return options


DEFAULTS: Final[dict[str, Any]] = {"home": None, "lang": "", "debug": False, "format": "table", "output": None}


def command(
    group: typer.Typer, name: str, key: str, rows: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function `(call, ...)` as a command, with its help and examples and the common options behind its own.

    key: of its texts in words.toml; `<key>` is the help, `<key>.examples` the examples.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        common = _common(rows)

        def run(context: typer.Context, **given: Any) -> None:
            own_values = {name: given.pop(name) for name in common}
            function(_call({name: _said(context, name, value) for name, value in own_values.items()}), **given)

        parameters = [inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
        parameters += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        parameters += [
            inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, annotation=a, default=DEFAULTS[n])
            for n, a in common.items()
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {}
        group.command(name, cls=Command, help=t(key), epilog=t.known(f"{key}.examples", ""))(run)
        return function

    return register


def _said(context: typer.Context, name: str, value: Any) -> Any:
    """What was written behind the command, or before it; else what the environment or the default says."""
    root = context.find_root()
    if _written(context, name) or not _written(root, name):
        return value
    return root.params[name]


def _written(context: Any, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def group(key: str, cls: type[Group] = Group) -> typer.Typer:
    """A group of commands; its help stands in words.toml under `key`, its examples under `<key>.examples`."""
    return typer.Typer(
        help=t(key),
        epilog=t.known(f"{key}.examples", ""),
        cls=cls,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def _call(said: dict[str, Any]) -> Call:
    home = said["home"]
    chosen = said.get("format", "table")
    if chosen not in FORMATS:
        raise InputError("rows.format", format=chosen, known=", ".join(FORMATS))
    output = said.get("output")
    if output is not None and said.get("format") == "table":
        ending = output.suffix.lower().lstrip(".")
        if ending not in FORMATS[1:]:
            raise InputError("cli.output", path=str(output), known=", ".join(FORMATS[1:]))
        chosen = ending
    return Call(home or default_home(), home is not None, Words(said["lang"] or t.language), chosen, output)
