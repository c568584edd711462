"""`shangyou policy`: write a policy, check it, read it in words, and see why it permits or refuses a request."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypedDict

import typer

from shangyou.core.errors import InputError, NotFoundError
from shangyou.faces.cli.call import Call, command, group, t

if TYPE_CHECKING:
    from shangyou.faces.rows import Rows

app = group("policy")

File = Annotated[Path, typer.Argument(metavar="FILE", help=t("policy.file"))]
Texts = list[str] | None


class Asked(TypedDict):
    """A request of which somebody wants to know what would come of it."""

    purpose: str
    action: str
    resolution: str
    at: str
    section: tuple[str, ...]
    parameter: tuple[str, ...]


SHOWN: Final = ("place", "said", "outcome", "who", "when", "remedy")


def _policy(path: Path) -> object:
    """What a file holds; the policy of an offer or agreement within it too."""
    try:
        given = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError("policy.file", path=str(path)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("policy.json", path=str(path), detail=str(error)[:200]) from error
    return given["policy"] if isinstance(given, dict) and isinstance(given.get("policy"), dict) else given


@command(app, "new", "policy.new")
def new(
    call: Call,
    template: Annotated[str, typer.Option(help=t("policy.template"))] = "",
    recipient: Annotated[Texts, typer.Option(help=t("policy.recipient"))] = None,
    level: Annotated[str, typer.Option(metavar="national|provincial", help=t("policy.level"))] = "",
    purpose: Annotated[Texts, typer.Option(help=t("policy.purpose"))] = None,
    begin: Annotated[str, typer.Option(help=t("policy.begin"))] = "",
    end: Annotated[str, typer.Option(help=t("policy.end"))] = "",
    section: Annotated[Texts, typer.Option(help=t("policy.section"))] = None,
    river: Annotated[Texts, typer.Option(help=t("policy.river"))] = None,
    parameter: Annotated[Texts, typer.Option(help=t("policy.parameter"))] = None,
    hide: Annotated[Texts, typer.Option(help=t("policy.hide"))] = None,
    resolution: Annotated[str, typer.Option(help=t("policy.resolution"))] = "",
    delay: Annotated[str, typer.Option(help=t("policy.delay"))] = "",
    review: Annotated[str, typer.Option(help=t("policy.review"))] = "",
    rows: Annotated[int | None, typer.Option(help=t("policy.rows"))] = None,
    bytes: Annotated[int | None, typer.Option(help=t("policy.bytes"))] = None,
    rate: Annotated[int | None, typer.Option(help=t("policy.rate"))] = None,
    delete_after: Annotated[str, typer.Option(help=t("policy.delete_after"))] = "",
    cite: Annotated[str, typer.Option(help=t("policy.cite"))] = "",
) -> None:
    """Write a policy to the standard output."""
    from dataclasses import replace

    from shangyou.exchange.policy.write import TEMPLATES, Terms, written

    if template and template not in TEMPLATES:
        raise InputError("policy.template", template=template, known=", ".join(TEMPLATES))
    given: dict[str, Any] = {
        "recipients": recipient,
        "level": level,
        "purposes": purpose,
        "begin": begin,
        "end": end,
        "sections": section,
        "rivers": river,
        "parameters": parameter,
        "hidden": hide,
        "resolution": resolution,
        "delay": delay,
        "review": review,
        "delete_after": delete_after,
        "cite": cite,
    }
    counts = {"rows": rows, "bytes": bytes, "rate": rate}
    said = {name: value for name, value in given.items() if value}
    said |= {name: count for name, count in counts.items() if count is not None}
    terms = replace(TEMPLATES.get(template, Terms()), **said)
    print(json.dumps(written(terms, f"urn:uuid:{uuid.uuid4()}"), ensure_ascii=False, indent=2))  # noqa: T201


@command(app, "check", "policy.check", rows=True)
def check(call: Call, file: File) -> None:
    """Tell all faults of a policy."""
    from shangyou.exchange.policy.read import read
    from shangyou.faces.policies import faults

    found = read(_policy(file)).faults
    call.show(faults(found, call.words.language), ("path", "said", "remedy"))
    call.say("policy.check.done", count=len(found))
    if found:
        raise typer.Exit(InputError.exit_code)


@command(app, "explain", "policy.explain", rows=True)
def explain(call: Call, file: File) -> None:
    """Read a policy in words."""
    from shangyou.exchange.policy.explain import explained
    from shangyou.exchange.policy.read import read
    from shangyou.faces.policies import lines

    call.show(lines(explained(read(_policy(file))), call.words.language), ("path", "said"))


@command(app, "why", "policy.why", rows=True)
def why(
    call: Call,
    subject: Annotated[str, typer.Argument(metavar="FILE|AGREEMENT", help=t("policy.subject"))],
    consumer: Annotated[str, typer.Option(help=t("policy.consumer"))] = "",
    level: Annotated[str, typer.Option(metavar="national|provincial", help=t("policy.level"))] = "provincial",
    purpose: Annotated[str, typer.Option(help=t("policy.for"))] = "",
    action: Annotated[str, typer.Option(metavar="read|aggregate", help=t("policy.action"))] = "read",
    resolution: Annotated[str, typer.Option(help=t("policy.asked"))] = "",
    section: Annotated[Texts, typer.Option(help=t("policy.section"))] = None,
    parameter: Annotated[Texts, typer.Option(help=t("policy.parameter"))] = None,
    at: Annotated[str, typer.Option(help=t("policy.at"))] = "",
    used: Annotated[Texts, typer.Option(metavar="METER=N", help=t("policy.used"))] = None,
) -> None:
    """Say whether a request would be fulfilled, and why."""
    asked: Asked = {
        "purpose": purpose,
        "action": action,
        "resolution": resolution,
        "at": at,
        "section": tuple(section or ()),
        "parameter": tuple(parameter or ()),
    }
    if _is_agreement(subject) and not Path(subject).exists():
        if consumer or used:
            raise InputError("policy.of_file", agreement=subject)
        with call.session() as session:
            found = session.ask("contracts/agreements/why", agreement=subject, **asked)
    else:
        found = _of_file(call, Path(subject), (consumer, level), used or [], asked)
    call.show(found, SHOWN)


def _is_agreement(text: str) -> bool:
    """Is it an agreement's id, or the beginning of one, rather than a file that is missing?"""
    return text.startswith("urn:") or (len(text) >= 4 and not set(text) - set("0123456789abcdef-"))


def _of_file(call: Call, file: Path, consumer: tuple[str, str], used: list[str], asked: Asked) -> Rows:
    """What a policy in a file, for a consumer of a level, says to a request."""
    from shangyou.basin.network.facts import upper_yangtze
    from shangyou.core.vocabulary import parameters
    from shangyou.exchange.member import Level
    from shangyou.exchange.policy.compile import Places
    from shangyou.exchange.policy.decide import decide
    from shangyou.exchange.policy.decision import Facts, Request
    from shangyou.exchange.policy.explain import why as explained
    from shangyou.exchange.policy.read import read
    from shangyou.exchange.policy.terms import CADENCES, METERS, STATISTICS
    from shangyou.exchange.policy.values import time as moment
    from shangyou.exchange.scope import Scope
    from shangyou.faces.policies import lines
    from shangyou.flows.network import waters
    from shangyou.standards.facts import sections

    (name, level), at = consumer, asked["at"]
    if not name:
        raise InputError("policy.given", given="--consumer")
    when = moment(at) if at else int(time.time() * 1000)
    if when is None or level not in list(Level):
        raise InputError("policy.given", given=at if when is None else level)
    meters = dict.fromkeys(METERS, 0) | dict(map(_meter, used))
    policy = read(_policy(file))
    facts = Facts(
        provider=policy.assigner,
        dataset=policy.target,
        places=Places({each.id: each.river for each in sections()}, waters(upper_yangtze())),
        parameters=frozenset(parameters()),
        cadences=frozenset(CADENCES),
        statistics=frozenset(STATISTICS),
        used=meters,
    )
    wanted = Scope(sections=frozenset(asked["section"]) or None, parameters=frozenset(asked["parameter"]) or None)
    request = Request(name, Level(level), asked["purpose"], asked["action"], asked["resolution"] or None, wanted)
    return lines(explained(decide(policy, request, facts, when)), call.words.language)


def _meter(given: str) -> tuple[str, int]:
    from shangyou.exchange.policy.terms import METERS

    name, _, number = given.partition("=")
    if name not in METERS or not number.isdecimal() or not number.isascii():
        raise InputError("policy.given", given=given)
    return name, int(number)
