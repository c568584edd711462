"""Every code of compensation that a reader can meet has its sentence in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import shangyou
from shangyou.faces.sentences import messages

SOURCE = Path(shangyou.__file__).parent
CODE = re.compile(r"\"((?:compensation|statement)\.[a-z_]+)\"")


def test_every_code_of_compensation_has_its_sentence() -> None:
    folders = [SOURCE / "governance" / "compensation", SOURCE / "standards", SOURCE / "flows"]
    used = {
        code for folder in folders for file in folder.rglob("*.py") for code in CODE.findall(file.read_text("utf-8"))
    }
    used -= {"statement.compute", "statement.dispute", "statement.correct", "statement.sign", "statement.close"}
    assert len(used) > 50
    assert sorted(used - set(messages())) == []
