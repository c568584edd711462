"""Documents as PDF: a template of ours and data, set by Typst in a process of its own that ends with the document.

The node stays small that way, and nothing a document holds can slow it down. Data never become markup: a template reads
them as JSON and shows texts as texts. Only the packaged font is used, so a document looks the same on every machine.

    typeset("#let d = json(bytes(sys.inputs.data))\\n#d.title", {"title": "赤水河"})     # bytes of a PDF
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from shangyou.core.errors import UnavailableError

FONT: Final = "Noto Sans SC"  # for templates: #set text(font: ...)
SECONDS: Final = 60
ARGUMENTS: Final = ("-I", "-m", "shangyou.adapters.typesetting")


def typeset(template: str, data: Mapping[str, object]) -> bytes:
    """The document. UnavailableError "document.pdf" if the template is faulty, or the machine too busy or full."""
    given = json.dumps({"template": template, "data": json.dumps(data, ensure_ascii=False)}).encode()
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter with fixed arguments
            (sys.executable, *ARGUMENTS), input=given, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError("document.pdf", detail=type(error).__name__) from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise UnavailableError("document.pdf", detail=done.stderr.decode("utf-8", "replace").strip()[-200:])
    return done.stdout


def _set() -> None:
    """The process: template and data come in, the document goes out."""
    import typst

    given = json.loads(sys.stdin.buffer.read())
    fonts = Path(str(files("shangyou"))) / "faces" / "portal" / "static" / "vendor"
    document = typst.compile(
        given["template"].encode(), font_paths=[fonts], ignore_system_fonts=True, sys_inputs={"data": given["data"]}
    )
    assert isinstance(document, bytes)
    sys.stdout.buffer.write(document)


if __name__ == "__main__":
    _set()
