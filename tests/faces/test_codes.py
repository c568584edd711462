"""Whatever can go wrong has a sentence: every code in the source stands in the messages."""

from __future__ import annotations

import re
from pathlib import Path

import shangyou
from shangyou.faces.sentences import messages

SOURCE = Path(shangyou.__file__).parent
RAISED = re.compile(r"(?:Error|Refusal)\(\s*\"([a-z0-9_]+(?:\.[a-z0-9_]+)+)\"")


def test_every_code_that_is_raised_or_refused_with_has_its_sentence() -> None:
    raised = {code for file in SOURCE.rglob("*.py") for code in RAISED.findall(file.read_text(encoding="utf-8"))}
    assert len(raised) > 150
    assert sorted(raised - set(messages())) == []
