"""A small counterpart on loopback: it speaks as it is told, keeps what it hears, and holds all of it to the schemas."""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

from shangyou.exchange.dsp.messages import ENDINGS, FOLDERS, STATUS, TYPES, name_of
from shangyou.exchange.dsp.schemas import CONTEXT, faults

SECONDS = 15.0  # as the kit waits
USE = [{"action": "use", "constraint": []}]  # an empty list, as the kit sends it


class Counterpart:
    """The other end of all scenarios: a server for what the node sends, and a client."""

    def __init__(self) -> None:
        self.heard: dict[str, queue.Queue[dict[str, Any]]] = {}
        self.wrong: list[str] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.client = httpx2.Client(timeout=10.0)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.client.close()

    def box(self, key: str) -> queue.Queue[dict[str, Any]]:
        with self._lock:
            return self.heard.setdefault(key, queue.Queue())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        counterpart = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = counterpart.take(self.path, json.loads(body))
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def take(self, path: str, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Keep a message for the scenario that it belongs to."""
        self.wrong += faults(message["@type"], message)
        folder, _, rest = path.strip("/").partition("/")
        kind = next(kind for kind, name in FOLDERS.items() if name == folder)
        if rest == "request":
            pid = f"urn:uuid:{uuid.uuid4()}"
            key = message["offer"]["target"] if kind == "negotiation" else message["agreementId"]
            self.box(key).put(message | {"providerPid": pid})
            ids = {"providerPid": pid, "consumerPid": message["consumerPid"]}
            return 201, {"@context": [CONTEXT], "@type": STATUS[kind], **ids, "state": "REQUESTED"}
        self.box(rest.partition("/")[0]).put(message)
        return 200, {}


class Scenario:
    """One talk with the node under test."""

    def __init__(self, counterpart: Counterpart, node: str, text: str) -> None:
        self.seed, *self.steps = text.split()
        self.kind = "negotiation" if self.seed.startswith("ACN") else "transfer"
        self.side = "provider" if self.steps[0] == "<request" else "consumer"  # ours
        self.them, self.node = counterpart, node
        self.mine = f"urn:uuid:{uuid.uuid4()}"
        self.theirs = ""
        self.number = 0

    def run(self) -> None:
        if self.side == "provider":
            self.trigger()
        for step in self.steps:
            self.step(step[0], step[1:])

    def step(self, sign: str, word: str) -> None:
        if sign == "<":
            self.expect(word)
        elif sign == "=":
            assert self.state(word) == word
        else:
            status = self.send(word)
            if sign == ">":
                assert status in (200, 201), (word, status)
            else:
                assert 400 <= status < 500, (word, status)
                assert status != 404, word

    def trigger(self) -> None:
        """The webhook that has the node begin."""
        told = {"providerId": "TCK_PARTICIPANT", "connectorAddress": self.them.address}
        if self.kind == "negotiation":
            told |= {"offerId": f"offer{self.seed}", "datasetId": self.seed}
        else:
            told |= {"agreementId": self.seed, "format": "HttpData-PULL"}
        path = f"/tck/{FOLDERS[self.kind]}/requests"
        assert self.them.client.post(f"{self.node}{path}", json=told).status_code == 200

    def expect(self, name: str) -> None:
        box = self.them.box(self.seed if name == "request" and not self.theirs else self.mine)
        message = box.get(timeout=SECONDS)
        assert name_of(self.kind, message) == name
        if name == "request" and not self.theirs:
            self.mine, self.theirs = message["providerPid"], message["consumerPid"]
            if self.kind == "negotiation":
                assert message["offer"]["@id"] == f"offer{self.seed}"
        assert {message["providerPid"], message["consumerPid"]} == {self.mine, self.theirs}

    def send(self, name: str) -> int:
        self.number += 1
        other = "consumer" if self.side == "provider" else "provider"
        message: dict[str, Any] = {
            "@context": [CONTEXT],
            "@type": TYPES[self.kind, name],
            "@id": f"urn:uuid:{uuid.uuid4()}",
            f"{self.side}Pid": self.mine,
            "unknown": {"to": ["everybody"]},
            **self.content(name),
        }
        folder = f"{self.node}/dsp/2025-1/{FOLDERS[self.kind]}"
        if self.theirs:
            message[f"{other}Pid"] = self.theirs
            return self.them.client.post(f"{folder}/{self.theirs}/{ENDINGS[name]}", json=message).status_code
        message["callbackAddress"] = f"{self.them.address}/"
        answer = self.them.client.post(f"{folder}/{ENDINGS[name]}", json=message)
        self.note(answer.json())
        assert answer.status_code == 201
        self.theirs = answer.json()[f"{other}Pid"]
        return answer.status_code

    def content(self, name: str) -> dict[str, Any]:
        if name in ("accepted", "finalized"):
            return {"eventType": name.upper()}
        if name in ("termination", "suspension"):
            return {"code": "1", "reason": [{"message": "because"}]}
        if self.kind == "transfer":
            return {"agreementId": self.seed, "format": "HttpData-PULL"} if name == "request" else {}
        terms = {"target": self.seed, "permission": USE, "assigner": "A", "assignee": "B"}
        if name in ("request", "offer"):
            return {"offer": {"@type": "Offer", "@id": f"CD123:{self.seed}:456", **terms}}
        if name == "agreement":
            return {"agreement": {"@type": "Agreement", "@id": "urn:x", "timestamp": "2026-11-22T00:00:00Z", **terms}}
        return {}

    def state(self, wanted: str) -> str:
        """The state at the node; the kit too looks again for a while."""
        end = time.monotonic() + SECONDS
        while True:
            answer = self.them.client.get(f"{self.node}/dsp/2025-1/{FOLDERS[self.kind]}/{self.theirs}")
            assert answer.status_code == 200
            self.note(answer.json())
            found = str(answer.json()["state"])
            if found == wanted or time.monotonic() > end:
                return found

    def note(self, body: dict[str, Any]) -> None:
        self.them.wrong += faults(body["@type"], body)
