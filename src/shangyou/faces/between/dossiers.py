"""What other members hand over and ask of the dossiers that are kept with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from starlette.responses import Response
from starlette.routing import Route

from shangyou.faces.between.access import Call, endpoint
from shangyou.flows import dossier
from shangyou.wiring_exchange import Exchange

Answering = Callable[[dossier.Keeping, str, bytes], Mapping[str, object]]


def routes(exchange: Exchange) -> list[Route]:
    """Entries, comparison, and what somebody lacks."""

    def answering(work: Answering) -> Callable[[Call], Response]:
        def answer(call: Call) -> Response:
            from shangyou.faces.dossiers import dossiers

            told = work(dossiers(exchange).keeping, call.member.id, call.body)
            body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
            return Response(body, 200, {"cache-control": "no-store"}, "application/json")

        return answer

    paths = {dossier.ENTRIES: dossier.take, dossier.COMPARE: dossier.compared, dossier.LACKING: dossier.lacking}
    return [Route(path, endpoint(exchange, answering(work)), methods=["POST"]) for path, work in paths.items()]
