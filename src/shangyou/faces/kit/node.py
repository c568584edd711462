"""A node that knows one counterpart and follows the scripts."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shangyou.adapters.state import SqlContracts, StateDatabase
from shangyou.core.errors import InputError, NotFoundError, ShangyouError, UnavailableError
from shangyou.exchange.agreement import Agreement, Transfer
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.dsp.judge import Verdict
from shangyou.exchange.dsp.talk import Act, Facts, Letter, Step, Talk
from shangyou.exchange.member import Level, Member
from shangyou.exchange.ports import Answer
from shangyou.faces.between.dsp import dsp_routes
from shangyou.faces.kit.scripts import CONSUMED, DATASETS, PROVIDED, SCRIPTS, offer_of
from shangyou.flows import negotiate, reconcile, transfer
from shangyou.flows.converse import Control, begin, deliver

log = logging.getLogger("shangyou.kit")

ME: Final = "CONNECTOR_UNDER_TEST"
THEM: Final = "TCK_PARTICIPANT"
USE: Final[Mapping[str, object]] = {"permission": [{"action": "use"}]}
EVERY: Final = 0.02  # seconds between two looks at what is due


@dataclass(frozen=True, slots=True)
class KitSettings:
    """Where both sides are, and how long the node thinks."""

    address: str  # of this node
    peer: str  # of the kit's callback server
    home: Path  # for the state database
    pause_ms: int = 400  # before a scripted message: the kit has to note our pid first


class _Members:
    """exchange.ports.Members: the two of us."""

    def __init__(self, settings: KitSettings) -> None:
        self._members = {
            id: Member(id, id, id, Level.PROVINCIAL, "000000", address, ())
            for id, address in ((ME, settings.address), (THEM, settings.peer))
        }

    @property
    def me(self) -> str:
        return ME

    def member(self, id: str) -> Member:
        if id not in self._members:
            raise NotFoundError("federation.member", id=id)
        return self._members[id]

    def members(self) -> list[Member]:
        return list(self._members.values())


class _Peers:
    """exchange.ports.Peers: plain requests to the kit, with no token."""

    def __init__(self, members: _Members) -> None:
        self._members = members
        self._client = httpx2.Client(timeout=10.0)

    def call(
        self,
        member: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        address = self._members.member(member).address
        sent = {**(headers or {}), "content-type": kind, "authorization": "kit"}
        try:
            answer = self._client.request(method, f"{address}{path}", content=body, headers=sent, timeout=seconds)
        except httpx2.HTTPError as error:
            raise UnavailableError("peer.unreachable", member=member, detail=str(error)) from error
        return Answer(answer.status_code, answer.headers.get("content-type", ""), answer.content)

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        raise UnavailableError("peer.unreachable", member=member)

    def close(self) -> None:
        self._client.close()


class _Datasets:
    """exchange.ports.Datasets: the seeds."""

    def __init__(self) -> None:
        self._datasets = {
            id: Dataset(id, ME, id, id, DatasetQuery(), (Offer(offer_of(id), USE),), simulated=True) for id in DATASETS
        }

    def put(self, dataset: Dataset) -> None:
        self._datasets[dataset.id] = dataset

    def remove(self, id: str, at: int) -> None:
        self._datasets.pop(id, None)

    def dataset(self, id: str) -> Dataset:
        if id not in self._datasets:
            raise NotFoundError("catalogue.dataset", id=id)
        return self._datasets[id]

    def datasets(self) -> list[Dataset]:
        return list(self._datasets.values())


class _Plane:
    """exchange.ports.DataPlane that moves nothing."""

    def offer(self, transfer: Transfer) -> Mapping[str, object]:
        property = {"@type": "EndpointProperty", "name": "authType", "value": "bearer"}
        return {
            "@type": "DataAddress",
            "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
            "endpoint": f"/data/transfers/{transfer.id}",
            "endpointProperties": [property],
        }

    def begin(self, transfer: Transfer) -> None:
        log.info("transfer %s begins", transfer.id)

    def stop(self, transfer: Transfer) -> None:
        log.info("transfer %s stops", transfer.id)


class KitNode:
    """The node with its application for both ports."""

    def __init__(self, settings: KitSettings) -> None:
        self._settings = settings
        self._database = StateDatabase(settings.home / "kit.sqlite")
        self._contracts = SqlContracts(self._database)
        self._members = _Members(settings)
        self._peers = _Peers(self._members)
        self._pool = ThreadPoolExecutor(8)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kit")
        self.control = self._control()
        self._seed()
        self.app = Starlette(
            routes=[
                *dsp_routes(lambda: self.control, lambda request, body: self._members.member(THEM)),
                Route("/tck/negotiations/requests", self._hook(self._negotiate), methods=["POST"]),
                Route("/tck/transfers/requests", self._hook(self._transfer), methods=["POST"]),
            ]
        )

    def start(self) -> None:
        """Begin to do what is due."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()
        self._pool.shutdown()
        self._peers.close()
        self._database.close()

    def _control(self) -> Control:
        return Control(
            members=self._members,
            talks=self._contracts,
            contracts=self._contracts,
            datasets=_Datasets(),
            peers=self._peers,
            plane=_Plane(),
            judge=lambda offered, dataset, consumer, at: Verdict("refuse"),
            now=lambda: round(time.time() * 1000),
            name=lambda: f"urn:uuid:{uuid.uuid4()}",
            send=self._send,
            decide=self._decide,
            admit=_admit,
            record=_tell,
            deadline=lambda talk, at: at,
            expires=lambda agreement: None,
            seal=lambda document: {"document": document},
            verified=_nothing,
            forgiving=True,
        )

    def _seed(self) -> None:
        for id in (*PROVIDED, *CONSUMED):
            provider, consumer = (ME, THEM) if id in PROVIDED else (THEM, ME)
            self._contracts.put(Agreement(id, provider, consumer, id, USE, agreed=0))

    def _decide(self, control: Control, talk: Talk, at: int) -> Step:
        """The next line of the script, once the counterpart has had time to note where we are."""
        script = SCRIPTS.get(talk.dataset if talk.kind == "negotiation" else talk.agreement, ())
        said = talk.sent - (talk.role == "consumer")  # the opening request is not in the script
        if talk.before or said >= len(script) or script[said][0] != talk.state:
            return Step()
        due = talk.since + self._settings.pause_ms
        if at < due:
            return Step(due=due)
        return Step(script[said][1], _content(control, talk, script[said][1], at))

    def _send(self, letter: Letter) -> None:
        self._pool.submit(self._deliver, letter)

    def _deliver(self, letter: Letter) -> None:
        try:
            deliver(self.control, letter)
        except ShangyouError as error:
            log.warning("%s: %s", letter.id, error)

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                reconcile.turn(self.control)
            except ShangyouError as error:
                log.warning("%s", error)

    def _hook(self, work: Callable[[Mapping[str, str]], Talk]) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            told = await request.json()
            try:
                talk = await run_in_threadpool(work, told)
            except ShangyouError as error:
                return JSONResponse({"code": error.code}, error.status)
            return JSONResponse({"id": talk.id})

        return answer

    def _negotiate(self, told: Mapping[str, str]) -> Talk:
        """The webhook that has us ask for a dataset. The kit learns the dataset from the offer's id: echo it."""
        dataset, offer = told["datasetId"], told["offerId"]
        talk = self._consumer("negotiation", told, dataset=dataset)
        return begin(self.control, talk, {"offer": negotiate.offered(USE, offer, dataset)})

    def _transfer(self, told: Mapping[str, str]) -> Talk:
        """The webhook that has us ask for a transfer."""
        agreement, format = told["agreementId"], told["format"]
        talk = self._consumer("transfer", told, agreement=agreement, format=format)
        return begin(self.control, talk, {"agreementId": agreement, "format": format})

    def _consumer(self, kind: str, told: Mapping[str, str], **more: str) -> Talk:
        address = told["connectorAddress"].rstrip("/")
        return Talk(kind, self.control.name(), "consumer", THEM, address, **more)  # type: ignore[arg-type]


def _content(control: Control, talk: Talk, message: str, at: int) -> Facts:
    if message in ("offer", "request"):
        return {"offer": negotiate.offered(USE, str((talk.offer or {}).get("@id")), talk.dataset)}
    if message == "agreement":
        return {"agreement": negotiate.terms(control, talk, at)}
    if message == "start" and talk.role == "provider":
        return {"dataAddress": control.plane.offer(talk.transfer())}
    if message in ("termination", "suspension"):
        return {"code": "kit.script", "reason": ["as the script says"]}
    return {}


def _admit(control: Control, talk: Talk) -> None:
    if talk.kind == "transfer":
        transfer.admit(control, talk)
    elif talk.role == "provider":
        control.datasets.dataset(talk.dataset)


def _tell(acts: list[Act]) -> None:
    for act in acts:
        log.info("%s %s", act.kind, act.facts)


def _nothing(sealed: Facts, member: Member, at: int) -> Facts:
    raise InputError("dsp.notice", detail="the kit sends none")
