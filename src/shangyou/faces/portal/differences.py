"""How one text differs from another, as marks in the newer one."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

from markupsafe import Markup

TOKEN: Final = re.compile(r"\n|[A-Za-z0-9_.]+|\s|.", re.DOTALL)  # a word, or one Chinese character
LONGEST: Final = 6_000  # tokens that are compared one by one; longer texts line by line


def marked(old: str, new: str) -> Markup:
    """The new text with <ins> around what is new and <del> around what is gone; everything escaped."""
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    if max(len(before), len(after)) > LONGEST:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    out = Markup()
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            out += "".join(after[c:d])
            continue
        if b > a:
            out += Markup("<del>{}</del>").format("".join(before[a:b]))
        if d > c:
            out += Markup("<ins>{}</ins>").format("".join(after[c:d]))
    return out
