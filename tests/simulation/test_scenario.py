from __future__ import annotations

import pytest

from shangyou.core.errors import InputError
from shangyou.faces.sentences import sentence
from shangyou.simulation.scenario import Scenario
from tests.simulation.scenarios import NOVEMBER


@pytest.mark.parametrize(
    ("seed", "present", "days"), [(1, NOVEMBER, 3), (1, NOVEMBER + 1, 30), (-1, NOVEMBER, 30), (1, NOVEMBER, 4000)]
)
def test_a_scenario_that_cannot_be_is_refused_with_a_sentence(seed: int, present: int, days: int) -> None:
    with pytest.raises(InputError) as caught:
        Scenario(seed, present, days)
    for language in ("zh", "en"):
        said = sentence(caught.value.code, caught.value.facts, language)
        assert said.text != caught.value.code
        assert "{" not in said.text
