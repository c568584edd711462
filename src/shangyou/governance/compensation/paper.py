"""The text of a compact: YAML as lawyers can read it, to a plain document; each fault knows its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

LARGEST: Final = 128 * 1024  # bytes: it travels in the opening entry of a dossier
DEEPEST: Final = 24
MOST_FAULTS: Final = 100  # told; more are one more
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,15}")
_PLAIN: Final[Mapping[str, bool | None]] = {"null": None, "~": None, "": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a compact, and where."""

    path: str  # "rules[2].cases[0].if"
    code: str  # of messages/compensation.toml
    facts: Mapping[str, object] = field(default_factory=dict)
    line: int = 0  # of the text, from 1; 0 = there is no text


class Faults:
    """Collects all that is wrong, so that it is told at once."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}  # of the text, by path; empty where there is no text
        self.found: list[Fault] = []

    def add(self, path: str, code: str, **facts: object) -> None:
        """One more."""
        if len(self.found) <= MOST_FAULTS:
            self.found.append(Fault(path, code, facts, self._line(path)))

    def _line(self, path: str) -> int:
        """Of the part itself, or else of the nearest that holds it."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path, 0)


def paper(text: bytes, faults: Faults) -> dict[str, Any]:
    """What a text holds, as JSON values: days stay texts. What cannot be read of it is a fault.

    Never raises; bounded by LARGEST and DEEPEST.

    Aliases are refused, so a small text cannot stand for a large document; a key that is there twice is a fault too,
    as YAML itself would silently take the second.
    """
    if len(text) > LARGEST:
        faults.add("", "compensation.size", bytes=len(text), most=LARGEST)
        return {}
    try:
        if not _plain(text, faults):
            return {}
        node = yaml.compose(text, yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else ""
        faults.add("", "compensation.yaml", where=where, detail=str(getattr(error, "problem", error))[:200])
        return {}
    document = _value(node, "", faults) if node is not None else None
    if not isinstance(document, dict):
        faults.add("", "compensation.form", wanted="id, parties, sections, rules ...")
        document = {}
    return document


def _plain(text: bytes, faults: Faults) -> bool:
    """Has it no aliases, and is it no deeper than allowed? A parser that read on would take a minute for 100 kB."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        deep = depth > DEEPEST
        if deep or isinstance(event, yaml.AliasEvent):
            faults.lines[""] = event.start_mark.line + 1 if event.start_mark else 0
            faults.add("", "compensation.deep" if deep else "compensation.alias", most=DEEPEST)
            return False
    return True


def _value(node: yaml.Node, path: str, faults: Faults) -> Any:
    faults.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            inner = f"{path}.{name}" if path else name
            if name in found:
                faults.lines[inner] = key.start_mark.line + 1
                faults.add(inner, "compensation.twice", name=name[:80])
            found[name] = _value(value, inner, faults)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, f"{path}[{place}]", faults) for place, each in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> object:
    """Broken numbers stay the text that was written: money and limits never pass through a binary fraction."""
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style in ("'", '"', "|", ">"):
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    return _PLAIN.get(text.lower(), text)
