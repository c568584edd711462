"""The ledger: appending, sealing by six witnesses, proofs in ten million leaves; peer pymerkle in memory."""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from benchmarks.measure import Figure, best
from shangyou.adapters.keys import FileSigner, KeyFolder
from shangyou.adapters.ledger import FileLedger
from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.exchange.keys import member_key
from shangyou.exchange.ledger.entry import Entry
from shangyou.exchange.ledger.merkle import includes, leaf_hash, sha256
from shangyou.exchange.ledger.proof import parse_proof, prove
from shangyou.exchange.ledger.witness import SIZE_KIND, parse_request
from shangyou.exchange.member import Level, Member
from shangyou.exchange.ports import Answer
from shangyou.flows import ledger as flow
from shangyou.flows.witness import witness

BATCH = 1_000
PEER = 100_000  # leaves that the peer is given
NAMES = ("sichuan", "ministry", "chongqing", "guizhou", "yunnan", "xizang", "qinghai")


def acts(count: int) -> list[bytes]:
    """Transfers as they stand in a log, 330 bytes each."""
    digest = sha256(b"").hex()
    facts = {"agreement": "urn:uuid:3f0c1b2a", "provider": "sichuan", "consumer": "ministry", "transaction": digest}
    return [
        Entry("transfer", {**facts, "transfer": f"urn:uuid:{n:032x}", "rows": n, "bytes": n * 31}, n).bytes()
        for n in range(count)
    ]


class Around:
    """Members and lines in one process, each member with its log in files."""

    def __init__(self, folder: Path) -> None:
        self.signers: dict[str, FileSigner] = {name: KeyFolder(folder / name).make("std") for name in NAMES}
        self.logs = {name: FileLedger(folder / name / "ledger") for name in NAMES}
        self._members = [
            Member(name, name, name, Level.PROVINCIAL, "510000", "", (member_key("std", s.public, 0),))
            for name, s in self.signers.items()
        ]
        self.me = NAMES[0]

    def member(self, id: str) -> Member:
        found = next((member for member in self._members if member.id == id), None)
        if found is None:
            raise NotFoundError("federation.member", id=id)
        return found

    def members(self) -> list[Member]:
        return self._members

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
        log, view = self.logs[member], _As(self, member)
        verdict, signature = witness(log, log.shelf, view, self.signers[member], parse_request(body), self.me, 10**12)
        if signature is not None:
            return Answer(200, "text/plain", signature.line().encode())
        return Answer(verdict.status, SIZE_KIND, f"{verdict.size}\n".encode())

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        raise UnavailableError("peer.unreachable", member=member, reason="nothing is streamed here")


class _As:
    """The members as another one sees them."""

    def __init__(self, around: Around, me: str) -> None:
        self._around, self.me = around, me

    def member(self, id: str) -> Member:
        return self._around.member(id)

    def members(self) -> list[Member]:
        return self._around.members()


def run(leaves: int = 10_000_000) -> list[Figure]:
    """All figures of the ledger."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return [*appending(Path(folder)), *sealing(Path(folder)), *proving(Path(folder), leaves)]


def appending(folder: Path) -> list[Figure]:
    """In batches with a sync each, and one by one."""
    lot = acts(200_000)
    log = FileLedger(folder / "append")
    begin = time.perf_counter()
    for at in range(0, len(lot), BATCH):
        log.append(lot[at : at + BATCH])
    rate = len(lot) / (time.perf_counter() - begin)
    begin = time.perf_counter()
    for entry in lot[:500]:
        log.append([entry])
    single = 500 / (time.perf_counter() - begin)
    log.close()
    tree = InmemoryTree(algorithm="sha256")
    begin = time.perf_counter()
    for entry in lot[:PEER]:
        tree.append_entry(entry)
    theirs = PEER / (time.perf_counter() - begin)
    return [
        Figure(
            f"appends, durable, {BATCH:,} at a time",
            f"{rate:,.0f} /s",
            "≥ 50,000 /s",
            f"pymerkle in memory, nothing durable: {theirs:,.0f} /s ({rate / theirs:.1f} x)",
        ),
        Figure("appends, durable, one by one", f"{single:,.0f} /s", ""),
    ]


def sealing(folder: Path) -> list[Figure]:
    """From the end of the waiting time to the quorum: sign, ask six witnesses, keep what they gave."""
    around = Around(folder)
    log = around.logs[around.me]
    keeper = flow.Keeper(log, log.shelf, around, around, lambda: around.signers[around.me])
    lot, took = acts(20_000), []
    for at in range(0, len(lot), BATCH):
        log.append(lot[at : at + BATCH])
        begin = time.perf_counter()
        found = keeper.now(10**12)
        took.append(time.perf_counter() - begin)
        assert found is not None
        assert found.cosigned == 6
    proof = flow.prove(log, log.shelf, 1234)
    text, trust = proof.text().encode(), flow.policy(around, around.me)
    check = best(lambda: prove(parse_proof(text), trust))
    for each in around.logs.values():
        each.close()
    worst = max(took) * 1000
    return [
        Figure("seal by six witnesses in one process", f"{worst:.0f} ms at most", "≤ 15 s with the 10 s of waiting"),
        Figure("offline verification of a proof", f"{check * 1000:.1f} ms", "≤ 10 ms", f"proof of {len(text):,} bytes"),
    ]


def proving(folder: Path, leaves: int) -> list[Figure]:
    """Proofs of entries anywhere in a large log, with its files as cold as a process can make them."""
    log = FileLedger(folder / "large")
    for at in range(0, leaves, 10_000):
        log.append([b"%d" % n for n in range(at, at + 10_000)])
    log.close()
    begin = time.perf_counter()
    log = FileLedger(folder / "large")
    opened = time.perf_counter() - begin
    whole = log.root(leaves)
    took = []
    tracemalloc.start()
    for index in map(int, np.random.default_rng(3).integers(0, leaves, 1_000)):
        begin = time.perf_counter()
        path = log.inclusion(index, leaves)
        took.append(time.perf_counter() - begin)
        assert includes(sha256, leaf_hash(sha256, b"%d" % index), index, leaves, path, whole)
    memory = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    grown = best(lambda: log.consistency(leaves // 3, leaves))
    size = log.stored() / leaves
    log.close()
    tree = InmemoryTree(algorithm="sha256")
    for n in range(PEER):
        tree.append_entry(b"%d" % n)
    theirs = best(lambda: tree.prove_inclusion(PEER // 3, PEER))
    p95 = float(np.percentile(took, 95)) * 1000
    return [
        Figure(
            f"proof of one in {leaves:,} leaves, p95",
            f"{p95:.1f} ms ({memory:.1f} MB of memory)",
            "≤ 50 ms",
            f"pymerkle in memory, {PEER:,} leaves: {theirs * 1000:.1f} ms",
        ),
        Figure("proof that it only grew since a third of them", f"{grown * 1000:.1f} ms", "≤ 50 ms"),
        Figure(f"opening a log of {leaves:,}", f"{opened * 1000:.0f} ms", ""),
        Figure("bytes beside each entry", f"{size - 7:.0f}", "", "its hash, place and frame"),
    ]
