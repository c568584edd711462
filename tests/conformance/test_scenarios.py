"""All scenarios of the official kit against a real node on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import uvicorn

from shangyou.exchange.dsp.schemas import CONTEXT, faults
from shangyou.faces.kit.node import KitNode, KitSettings
from shangyou.faces.kit.scripts import SCRIPTS, seeds
from shangyou.faces.serve import bound
from tests.conformance.counterpart import Counterpart, Scenario
from tests.conformance.scenarios import SCENARIOS


@pytest.fixture(scope="module")
def counterpart() -> Iterator[Counterpart]:
    made = Counterpart()
    yield made
    made.close()


@pytest.fixture(scope="module")
def node(counterpart: Counterpart, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with bound("127.0.0.1", 0) as socket:
        socket.listen()  # whoever is early waits
        address = f"http://127.0.0.1:{socket.getsockname()[1]}"
        kit = KitNode(KitSettings(address, counterpart.address, tmp_path_factory.mktemp("kit"), pause_ms=20))
        config = uvicorn.Config(kit.app, log_config=None, access_log=False, ws="none", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        kit.start()
        thread.start()
        yield address
        server.should_exit = True
        thread.join()
        kit.close()


@pytest.mark.parametrize("id", SCENARIOS)
def test_scenario(id: str, counterpart: Counterpart, node: str) -> None:
    Scenario(counterpart, node, SCENARIOS[id]).run()
    assert counterpart.wrong == []


def test_the_version_document_names_2025_1_and_asks_for_no_token(counterpart: Counterpart, node: str) -> None:
    answer = counterpart.client.get(f"{node}/.well-known/dspace-version")
    assert answer.status_code == 200
    assert faults("VersionResponse", answer.json()) == []
    found = answer.json()["protocolVersions"][0]
    assert (found["version"], found["path"], found["binding"]) == ("2025-1", "/dsp/2025-1", "HTTPS")
    assert "@context" not in answer.json()


def test_the_catalogue_holds_the_dataset(counterpart: Counterpart, node: str) -> None:
    asked = {"@context": [CONTEXT], "@type": "CatalogRequestMessage", "filter": []}
    answer = counterpart.client.post(f"{node}/dsp/2025-1/catalog/request", json=asked)
    assert answer.status_code == 200
    assert faults("Catalog", answer.json()) == []
    assert "CAT0101" in [each["@id"] for each in answer.json()["dataset"]]


def test_a_dataset_is_found_by_its_id(counterpart: Counterpart, node: str) -> None:
    answer = counterpart.client.get(f"{node}/dsp/2025-1/catalog/datasets/CAT0102")
    assert (answer.status_code, answer.json()["@id"]) == (200, "CAT0102")
    assert faults("Dataset", answer.json()) == []


def test_a_dataset_that_is_not_there_is_a_catalogue_error(counterpart: Counterpart, node: str) -> None:
    answer = counterpart.client.get(f"{node}/dsp/2025-1/catalog/datasets/CAT0103")
    assert (answer.status_code, answer.json()["@type"]) == (404, "CatalogError")
    assert faults("CatalogError", answer.json()) == []


def test_there_are_as_many_scenarios_as_the_kit_has_enabled() -> None:
    assert len(SCENARIOS) + 4 == 65
    assert {text.split()[0] for text in SCENARIOS.values()} == set(SCRIPTS) - {"ATP0204", "ATPC0204"}
    assert "CN_C_01_01_DATASETID=ACNC0101\nCN_C_01_02_DATASETID=ACNC0102" in seeds()
    assert "CN_01_03_DATASETID=ACN0103\nCN_01_03_OFFERID=CD123:ACN0103:456" in seeds()
    assert "TP_C_03_06_AGREEMENTID=ATPC0306\nTP_C_03_06_FORMAT=HttpData-PULL" in seeds()


def test_errors_have_the_protocols_own_shape_with_our_code(counterpart: Counterpart, node: str) -> None:
    for path, type in (
        *(("negotiations/request", "ContractNegotiationError"), ("transfers/request", "TransferError")),
        ("catalog/request", "CatalogError"),
    ):
        answer = counterpart.client.post(f"{node}/dsp/2025-1/{path}", content=b"{}")
        assert (answer.status_code, answer.json()["@type"], answer.json()["code"]) == (400, type, "dsp.type")
        assert faults(type, answer.json()) == []
    answer = counterpart.client.get(f"{node}/dsp/2025-1/negotiations/urn:uuid:none")
    assert (answer.status_code, answer.json()["code"]) == (404, "dsp.unknown")


def test_a_callback_to_somebody_else_is_refused(counterpart: Counterpart, node: str) -> None:
    message = {
        "@context": [CONTEXT],
        "@type": "TransferRequestMessage",
        "consumerPid": "urn:x",
        "agreementId": "ATP0101",
        "format": "HttpData-PULL",
        "callbackAddress": "http://127.0.0.1:1/",
    }
    answer = counterpart.client.post(f"{node}/dsp/2025-1/transfers/request", json=message)
    assert (answer.status_code, answer.json()["code"]) == (400, "dsp.callback")
