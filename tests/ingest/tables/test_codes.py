"""Every code that these readers and adapters can give has its sentence, and every sentence its code."""

from __future__ import annotations

import re
from pathlib import Path

import shangyou
from shangyou.faces.sentences import messages

ROOT = Path(shangyou.__file__).parent
SOURCES = (*ROOT.glob("ingest/tables/*.py"), *ROOT.glob("ingest/cnemc/*.py"), ROOT / "adapters/folder.py")
CODE = re.compile(r'"((?:tables|cnemc|folder|pages)\.[a-z_.]+[a-z])"')


def test_codes_and_sentences_are_the_same_set() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*SOURCES, ROOT / "adapters/pages.py")]
    used = {code for text in texts for code in CODE.findall(text)}
    told = {code for code in messages() if code.split(".")[0] in ("tables", "cnemc", "folder", "pages")}
    assert used == told
