"""A basin of three nodes, and how the tests of questions ask it."""

from __future__ import annotations

from typing import Any

from shangyou.exchange.question import Question
from shangyou.flows.query import Found, Line, ask
from tests.fakes.exchange_question import (
    APRIL,
    MAY,
    FewSections,
    Respondents,
    a_section,
)

SECTIONS = ("50.朱沱", "51.清风峡", "52.清池")
REGISTRY = FewSections([a_section(id, river) for id, river in zip(SECTIONS, ("长江", "长江", "赤水河"), strict=True)])
NAMES = ("sichuan", "chongqing", "guizhou")
WHOLE_APRIL = Question(start=APRIL, stop=MAY)


def basin() -> Respondents:
    return Respondents("ministry", REGISTRY, *NAMES)


def asked(nodes: Respondents, question: Question = WHOLE_APRIL, **more: Any) -> Found:
    return ask(question, nodes.own, nodes.members, nodes, lambda: nodes.now, **more)


def line(found: Found, node: str) -> Line:
    return next(each for each in found.lines if each.node == node)
