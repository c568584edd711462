"""Our schemas judge as the official ones do."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.exchange.dsp.schemas import MESSAGES, faults
from tests.conftest import SHARED
from tests.tries import tries

DSP = SHARED / "reference" / "dsp"
FILES = {  # names of the official files where they are not those of the type
    "Catalog": "catalog-schema.json",
    "Dataset": "dataset-schema.json",
    "DidService": "did-service-schema.json",
    "VersionResponse": "protocol-version-schema.json",
}
UNLIKE = {"dataservice-did-service.json"}  # the official schema refuses this official example, and so do we
ODD = st.sampled_from([None, True, 0, 1.5, "", "x", "Offer", "https://x/catalog", [], [1], ["x"], {}, {"@id": "x"}])


def file_of(type: str) -> str:
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in type).lstrip("-")
    return FILES.get(type, f"{words}-schema.json")


@cache
def official(type: str) -> Callable[[Any], bool]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((DSP / "schemas").glob("*/*.json")):
        schema = json.loads(path.read_text().replace("schema.json#definitions/", "schema.json#/definitions/"))
        found[schema["$id"]] = schema  # as published, the reference lacks its slash
    registry = jsonschema_rs.Registry(list(found.items()))
    schema = next(each for id, each in found.items() if id.endswith(f"/{file_of(type)}"))
    return jsonschema_rs.Draft201909Validator(schema, registry=registry).is_valid


def examples() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for path in sorted((DSP / "examples").glob("*/*.json")):
        value = json.loads(path.read_text())
        type = value.get("@type") or ("DidService" if "serviceEndpoint" in value else "VersionResponse")
        found.append((path.name, type, value))
    return found


@pytest.mark.shared
def test_every_official_example_is_judged_as_the_official_schema_judges_it(shared: Path) -> None:
    found = examples()
    assert len(found) == 27
    for name, type, value in found:
        assert official(type)(value) == (name not in UNLIKE), name
        assert bool(faults(type, value)) == (name in UNLIKE), name


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, ...]] = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        inner += places(each, (*path, key))
    return inner


def mutated(value: dict[str, Any], draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    changed = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        found = places(changed)
        if not found:
            break
        *path, last = draw(st.sampled_from(found))
        at: Any = changed
        for key in path:
            at = at[key]
        what = draw(st.sampled_from(["gone", "odd", "moved", "doubled"]))
        if what == "gone":
            del at[last]
        elif what == "odd":
            at[last] = copy.deepcopy(draw(ODD))
        elif isinstance(at, dict):
            names = [
                "target",
                "hasPolicy",
                "callbackAddress",
                "providerPid",
                "consumerPid",
                "or",
                "permission",
                "@type",
            ]
            at[draw(st.sampled_from(names))] = copy.deepcopy(at[last] if what == "doubled" else draw(ODD))
    return changed


@pytest.mark.shared
@settings(max_examples=tries(2000), deadline=None)
@given(st.data())
def test_thousands_of_changed_examples_are_judged_alike(data: st.DataObject) -> None:
    _, type, value = data.draw(st.sampled_from(examples_once()))
    changed = mutated(value, data.draw)
    assert official(type)(changed) == (not faults(type, changed)), (type, changed)


@cache
def examples_once() -> list[tuple[str, str, dict[str, Any]]]:
    return examples()


@pytest.mark.shared
def test_every_message_type_has_its_official_schema(shared: Path) -> None:
    names = {path.name for path in (DSP / "schemas").glob("*/*.json")}
    assert {file_of(type) for type in MESSAGES} <= names
    ours = {file_of(type) for type in MESSAGES}
    parts = {"context-schema.json", "contract-schema.json", "data-address-schema.json", "transfer-schema.json"}
    assert names - ours == parts
