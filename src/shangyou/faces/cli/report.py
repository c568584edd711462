"""How a run ends: errors as code, sentence and remedy on the standard error, and the exit code by their kind."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from typing import Final

from shangyou.core.errors import ShangyouError, UnavailableError

FAULTS: Final = 20  # of a file that are told; the command that checks it tells all


class WithoutPandas(MetaPathFinder):
    """DuckDB and Arrow load pandas wherever it is installed: 60 MB and a second, of which a node uses nothing."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """Say that there is no pandas."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def ending(work: Callable[[], object]) -> None:
    """Do the work of this process and end it: 0, 2 to 6 by the kind of error, 1 for a fault of ours, 130 for Ctrl-C."""
    sys.meta_path.insert(0, WithoutPandas())
    try:
        work()
    except ShangyouError as error:
        report(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:  # a folder that may not be written, a disk that has gone
        facts = {"path": error.filename or "", "detail": error.strerror or str(error)}
        report(UnavailableError("cli.system", **facts))
        if "--debug" in sys.argv:
            traceback.print_exception(error)
        sys.exit(UnavailableError.exit_code)
    except Exception as error:  # noqa: BLE001  the last line of defence: a sentence, and the trace for who asks
        report(ShangyouError("cli.fault", kind=type(error).__name__, detail=str(error)[:300]))
        if "--debug" in sys.argv:
            traceback.print_exception(error)
        sys.exit(1)


def report(error: ShangyouError) -> None:
    """Code, sentence, the faults of a file with their lines, and the remedy on the standard error."""
    from shangyou.faces.cli.words import language
    from shangyou.faces.sentences import sentence

    spoken = language(sys.argv[1:], os.environ)
    said = sentence(error.code, error.facts, spoken)
    print(f"[{error.code}] {said.text}", file=sys.stderr)  # noqa: T201
    faults = error.facts.get("faults")
    if isinstance(faults, tuple):
        _tell(faults, spoken)
    if said.remedy:
        print(said.remedy, file=sys.stderr)  # noqa: T201
    if "--debug" in sys.argv:
        traceback.print_exception(error)


def _tell(faults: tuple[object, ...], spoken: str) -> None:
    """Faults of a file, a line each."""
    from shangyou.core.records import Refusal
    from shangyou.faces.sentences import sentence

    for each in faults[:FAULTS]:
        if isinstance(each, Refusal):
            said = sentence(each.code, each.facts, spoken)
            print(f"{each.line or '-'}: [{each.code}] {said.text}", file=sys.stderr)  # noqa: T201
