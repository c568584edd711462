"""docs/policies.md tells the profile as it is, and its example is a policy without faults."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shangyou.exchange.policy.read import checked
from shangyou.exchange.policy.terms import ACTIONS, BANNED, DUTIES, OPERANDS, OPERATORS, PROFILE, PURPOSES
from shangyou.exchange.policy.write import TEMPLATES

TEXT = (Path(__file__).parents[2] / "docs/policies.md").read_text(encoding="utf-8")
ROWS = {line.split("|")[1].strip(" `"): line for line in TEXT.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("name", OPERANDS)
def test_every_operand_has_its_row_with_both_names_operators_and_example(name: str) -> None:
    operand, row = OPERANDS[name], ROWS[name]
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells[1:3] == [operand.zh, operand.en]
    assert operand.kind.value in cells[3]
    assert set(re.findall(r"\w+", cells[4])) & set(OPERATORS) == set(operand.operators) | set(operand.prohibits or ())
    assert json.loads(cells[5].strip("`")) == operand.example


def test_all_words_of_the_profile_are_told() -> None:
    for word in (PROFILE, *ACTIONS, *BANNED, *DUTIES, *PURPOSES, *OPERATORS, *TEMPLATES):
        assert f"`{word}`" in TEXT, word


def test_the_example_is_a_policy_without_faults() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert checked(json.loads(example)).duties
