"""The federation through the API of a node: the same questions and deeds that the command line uses."""

from __future__ import annotations

import json

from tests.faces.api.conftest import Api

ME = {"member": "ministry", "address": "https://ministry.example:8350", "adm_code": "100000", "level": "national"}


def test_a_node_in_no_federation_says_so(api: Api) -> None:
    for answer in (api.get("federation"), api.get("federation/members"), api.post("federation/invite")):
        assert (answer.status_code, answer.json()["code"]) == (404, "federation.none")


def test_a_node_founds_a_federation_and_shows_it(api: Api) -> None:
    done = api.post("federation/init", **ME, name="basin", anchors=3)
    assert done.json() == {"federation": "basin", "member": "ministry", "version": 1}
    [state] = api.rows("federation")
    assert (state["phase"], state["anchors"], state["threshold"], state["me"]) == ("fresh", 3, 2, "ministry")
    assert [(row["id"], row["me"], row["standing"]) for row in api.rows("federation/members")] == [
        ("ministry", True, "active")
    ]
    assert [row["here"] for row in api.rows("federation/anchors")] == [True] * 3
    assert [row["code"] for row in api.rows("federation/check")] == ["check.own_good"]
    again = api.post("federation/init", **ME)
    assert (again.status_code, again.json()["code"]) == (409, "federation.founded")


def test_an_invitation_holds_the_anchors_and_a_secret(api: Api) -> None:
    api.post("federation/init", **ME)
    bundle = json.loads(api.post("federation/invite", days=2).json()["invitation"])
    assert (bundle["inviter"], bundle["address"], bundle["threshold"]) == ("ministry", ME["address"], 1)
    assert bundle["anchors"] == [row["kid"] for row in api.rows("federation/anchors")]


def test_each_change_is_the_next_version(api: Api) -> None:
    api.post("federation/init", **ME)
    for version, what in enumerate(("key", "anchor", "list", "address"), 2):
        done = api.post("federation/rotate", what=what, address="https://new.example").json()
        assert (done["version"], done["lacking"], done["failed"]) == (version, 0, {})
    assert api.rows("federation/members")[0]["address"] == "https://new.example"


def test_what_cannot_be_is_told_with_its_code(api: Api) -> None:
    api.post("federation/init", **ME)
    wrong = {
        "federation/rotate": ({"what": "sun"}, "federation.what"),
        "federation/standing": ({"member": "ministry", "standing": "suspended"}, "federation.reason"),
        "federation/sign": ({"name": "abc"}, "federation.draft"),
    }
    for path, (given, code) in wrong.items():
        assert api.post(path, **given).json()["code"] == code


def test_only_those_who_keep_trust_may_change_it(api: Api) -> None:
    api.sign_in("li")
    answer = api.client.post("/api/v1/federation/init", json=ME, headers={"sec-fetch-site": "same-origin"})
    assert (answer.status_code, answer.json()["code"]) == (403, "api.role")
