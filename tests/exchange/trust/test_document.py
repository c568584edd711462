from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.canonical import canonical
from shangyou.exchange.trust.document import check_address, from_document, to_document
from tests.exchange.trust.lists import first


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(canonical(to_document(first())))
    return found


def paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, child in inner for each in paths(child, (*path, key)))]


def test_a_list_survives_its_document() -> None:
    assert from_document(document()) == first()


@given(st.data())
def test_a_document_with_anything_replaced_is_another_list_or_none_and_never_a_crash(data: st.DataObject) -> None:
    changed = copy.deepcopy(document())
    path = data.draw(st.sampled_from([each for each in paths(changed) if each]))
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    value: Any = data.draw(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8) | st.just([]) | st.just({})
    )
    holder[path[-1]] = value
    try:
        found = from_document(changed)
    except InputError as error:
        assert error.code == "trust.document"  # noqa: PT017
        return
    assert json.loads(canonical(to_document(found))) == changed


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["anchors"].update(threshold=2),  # two halves could sign two stories
        lambda d: d["anchors"].update(threshold=6),
        lambda d: d["anchors"]["keys"].append(d["anchors"]["keys"][0]),
        lambda d: d["members"].append(d["members"][0]),
        lambda d: d["members"][0].update(keys=d["members"][1]["keys"]),
        lambda d: d["members"][0].update(address=d["members"][1]["address"]),
        lambda d: d["members"][0].update(address="http://node.example:80"),
        lambda d: d["members"][0].update(id="Sichuan"),
        lambda d: d["members"][0].update(adm_code="51"),
        lambda d: d["members"][0]["keys"][0].update(kid="x"),
        lambda d: d.update(expires=d["issued"]),
        lambda d: d.update(expires=d["issued"] + 401 * 86_400_000),
        lambda d: d.update(previous="0" * 64),
        lambda d: d.update(more=1),
        lambda d: d.pop("phases"),
    ],
)
def test_a_list_that_is_wrong_anywhere_is_no_list(change: Any) -> None:
    changed = document()
    change(changed)
    with pytest.raises(InputError, match=r"trust\.document"):
        from_document(changed)


@pytest.mark.parametrize("address", ["https://node.example", "https://node.example:8350", "http://127.0.0.1:8350"])
def test_nodes_are_at_https_or_on_this_machine(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://node.example",
        "https://node.example/path",
        "https://a:b@node.example",
        *("ftp://node.example", "", "x", "https://a:99999", "https://[x"),
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(InputError):
        check_address(address)
