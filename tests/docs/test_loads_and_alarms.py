"""The pages on loads and on alarms are current: their commands can be given, their figures are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shangyou.basin.loads.windows import Windows
from shangyou.flows.loads import METHODS
from shangyou.governance.detection.alarm import Rule
from shangyou.governance.detection.kept import OUTCOMES
from shangyou.governance.detection.plan import HOUR, LIVING, Plan
from shangyou.governance.warning.evidence import MARGIN
from tests.docs.test_help import given, words_of

DOCS = Path(__file__).parents[2] / "docs"
LOADS, ALARMS = ((DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("loads", "detection"))
LINES = [
    line
    for page in (LOADS, ALARMS)
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_pages_can_be_given(line: str) -> None:
    given(words_of(line))


def test_every_method_rule_and_outcome_is_explained() -> None:
    for name in METHODS:
        assert f"| `{name}`" in LOADS
    for rule in Rule:
        assert f"| `{rule}`" in ALARMS
    for outcome in OUTCOMES:
        assert f"`{outcome}`" in ALARMS


def test_the_thresholds_that_the_page_tells_are_those_in_force() -> None:
    plan = Plan()
    for text in (
        f"median of the last {plan.days:.0f} days",
        f"{plan.odd:.0f} scatters or more away",
        f"compared with {plan.long_days:.0f} days",
        f"fewer than {plan.few} readings",
        f"for {plan.forget_hours:.0f} hours",
        f"alone it takes {plan.limit_alone:.0f} scatters",
        f"{plan.sudden:.0f} scatters and twice the least change",
        f"crosses it within {plan.forecast_hours:.0f} hours",
        f"within {plan.runoff_hours:.0f} hours",
        f"after {plan.quiet_hours:.0f} hours\nbelow {plan.calm} scatters",
        f"({plan.fast} to {plan.slow:.0f} times the typical one, and {plan.slack_hours:.0f} hours)",
        f"{plan.odd_expected} scatters make a reading odd",
        f"with {MARGIN // HOUR} hours around",
        *(f"| `{name}`" for name in LIVING),
        *(
            f"| {plan.watch('bacterial_inhibition').alert:.0f} % |",
            f"down to {plan.watch('fish_activity').alert:.0f} %",
        ),
        f"| {plan.watch('daphnia_toxicity').alert:.0f} |",
    ):
        assert " ".join(text.split()) in " ".join(ALARMS.split()), text
    assert f"half-width {Windows().years:.0f} years" in LOADS
