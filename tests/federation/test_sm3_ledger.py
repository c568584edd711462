"""A member whose ledger hashes with SM3 and whose key is of suite gm, among members of the other suite."""

from __future__ import annotations

import shutil
from pathlib import Path

from shangyou import wiring
from shangyou.exchange.ledger.proof import parse_proof, prove
from shangyou.exchange.ledger.trusting import parse_trust
from shangyou.faces.api import ledger as api
from shangyou.faces.api.desk import Desk
from shangyou.faces.keeping import keeping
from shangyou.faces.verify_proof import verify
from shangyou.flows import ledger
from shangyou.settings import Settings
from tests.fakes.exchange_basin import basin, join_network


def test_a_ledger_of_suite_gm_with_sm3_is_sealed_and_proved_among_others(tmp_path: Path) -> None:
    with basin(tmp_path, ("chongqing", "yunnan", "guizhou"), {"yunnan": "gm"}, threshold=2) as found:
        home = found["yunnan"].node.settings.home
        found["yunnan"].node.close()
        shutil.rmtree(home / "ledger")  # it is begun anew, as by the first start
        settings = Settings(home=home, memory="64MB", threads=1, ledger_hash="sm3")
        found.exchanges["yunnan"] = join_network(wiring.build(settings, found.clocks["yunnan"]), found.network)
        node = found["yunnan"].node
        index = ledger.record(node.ledger, "decision", {"about": "横江"}, found.clock.ms())
        sealed = keeping(node).keeper.now(found.clock.ms())
        assert sealed is not None
        assert (sealed.checkpoint.origin, sealed.cosigned) == ("yunnan.shangyou/ledger-sm3", 2)
        text = ledger.prove(node.ledger, node.ledger.shelf, index).text()
        [policy] = api.policy(Desk(found["guizhou"].node), member="yunnan").table()["policy"].to_pylist()
        assert len(verify(text.encode(), policy)[4]) == 2
        assert len(prove(parse_proof(text.encode()), parse_trust(policy)).witnesses) == 2
        assert keeping(found["guizhou"].node).compare(found.clock.ms()) == []
