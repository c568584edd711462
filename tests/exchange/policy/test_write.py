"""Templates, policies from plain options, and explanations."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.dataset import Dataset, DatasetQuery
from shangyou.exchange.member import Level, Member
from shangyou.exchange.policy.decide import decide
from shangyou.exchange.policy.decision import Facts, Permitted, Refused, Request
from shangyou.exchange.policy.explain import explained, why
from shangyou.exchange.policy.judge import Verdict, judge
from shangyou.exchange.policy.policy import atoms
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.terms import METERS
from shangyou.exchange.policy.write import TEMPLATES, Terms, narrowed, written
from tests.exchange.policy.lots import decided, lot

FACTS = Facts("ministry", "ministry/all", used=dict.fromkeys(METERS, 0))
AT = 1_617_206_400_000


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_a_policy_without_faults_that_permits_somebody_something(name: str) -> None:
    policy = read(written(TEMPLATES[name], "urn:uuid:1"))
    assert policy.faults == ()
    level = Level.PROVINCIAL if name == "peers" else Level.NATIONAL
    assert isinstance(decide(policy, Request("somebody", level, "emergency"), FACTS, AT), Permitted)


def test_terms_for_peers_are_not_for_the_ministry_and_the_other_way_round() -> None:
    for name, level in (("peers", Level.NATIONAL), ("national", Level.PROVINCIAL)):
        policy = read(written(TEMPLATES[name], "urn:uuid:1"))
        found = decide(policy, Request("somebody", level, "assessment"), FACTS, AT)
        assert isinstance(found, Refused)
        assert "policy.not.recipientLevel" in {reason.code for reason in found.reasons}


def test_a_request_without_resolution_gets_the_finest_that_may_leave() -> None:
    policy = read(written(TEMPLATES["peers"], "urn:uuid:1"))
    found = decide(policy, Request("somebody", Level.PROVINCIAL, "warning"), FACTS, AT)
    assert isinstance(found, Permitted)
    assert found.resolution == "day"
    (scope,) = found.scopes
    assert (scope.resolution, scope.delay, scope.review, scope.rows) == ("day", 86_400_000, 1, 1_000_000)
    assert [duty.action for duty in found.duties] == ["delete", "notDistribute"]


def test_hidden_parameters_never_leave() -> None:
    policy = read(written(Terms(hidden=["ph"]), "urn:uuid:1"))
    facts = replace(FACTS, parameters=frozenset({"ph", "ammonia_nitrogen"}))
    found = decide(policy, Request("somebody", Level.NATIONAL), facts, AT)
    assert isinstance(found, Permitted)
    assert [scope.parameters for scope in found.scopes] == [frozenset({"ammonia_nitrogen"})]


def test_plain_options_that_the_profile_does_not_allow_are_all_told() -> None:
    with pytest.raises(InputError) as raised:
        written(Terms(delay="1 day", parameters=["amonia"]), "urn:uuid:1")
    assert raised.value.facts["count"] == 2


@given(st.integers(0, 2**40))
def test_every_constraint_that_was_weighed_is_in_the_explanation(seed: int) -> None:
    lots = lot(random.Random(seed), 1)
    policy = read(lots.policy)
    decision = decided(policy, lots.ask)
    lines = why(decision)
    assert lines[0].outcome == ("permitted" if isinstance(decision, Permitted) else "refused")
    paths = {line.path for line in lines}
    rules = [r for r in (*policy.permissions, *policy.prohibitions) if r.action in ("use", lots.ask.action)]
    assert {atom.path for rule in rules for atom in atoms(rule.condition)} <= paths
    everything = {atom.path for r in (*policy.permissions, *policy.prohibitions) for atom in atoms(r.condition)}
    assert everything <= {line.path for line in explained(policy)}


MORE = st.builds(
    Terms,
    purposes=st.sampled_from([(), ("warning",), ("warning", "emergency")]),
    end=st.sampled_from(["", "2027-01-01T00:00:00+08:00"]),
    resolution=st.sampled_from(["", "day", "year"]),
    delay=st.sampled_from(["", "P1D", "P30D"]),
    review=st.sampled_from(["", "final"]),
    rows_day=st.sampled_from([None, 10]),
    delete_after=st.sampled_from(["", "P30D"]),
    onward=st.booleans(),
)


@given(st.sampled_from(sorted(TEMPLATES)), MORE)
def test_terms_with_limits_on_top_are_always_within_those_they_began_with(name: str, more: Terms) -> None:
    begun = written(TEMPLATES[name], "urn:uuid:1")
    dataset = Dataset("ministry/all", "ministry", "全部", "All", DatasetQuery(), ())
    level = Level.PROVINCIAL if name == "peers" else Level.NATIONAL
    member = Member("somebody", "某", "Some", level, "500000", "http://127.0.0.1:1", ())
    found = judge({**narrowed(begun, more), "@type": "Offer", "@id": "urn:uuid:2"}, begun, dataset, member, AT)
    apart = bool(more.purposes) and not set(more.purposes) & set(TEMPLATES[name].purposes or more.purposes)
    assert found.verdict is (Verdict.PERSON if apart else Verdict.WITHIN), found  # apart: nothing is permitted at all


def test_limits_that_the_profile_does_not_allow_are_refused() -> None:
    with pytest.raises(InputError, match=r"policy\.faults"):
        narrowed(written(TEMPLATES["peers"], "urn:uuid:1"), Terms(delay="soon"))
