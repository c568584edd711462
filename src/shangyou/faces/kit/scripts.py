"""What the node does in each test of the kit: in which state which message it sends, one after the other.

Source: the scenarios of dsp-tck 1.0.1; ids are those of its sample configuration.
"""

from __future__ import annotations

from typing import Final

_WRITTEN: Final = {
    # the node provides a dataset
    "ACN0101": "REQUESTED offer",
    "ACN0102": "REQUESTED offer, REQUESTED termination",
    "ACN0103": "REQUESTED offer, ACCEPTED agreement, VERIFIED finalized",
    "ACN0104": "REQUESTED agreement, VERIFIED finalized",
    "ACN0201": "REQUESTED termination",
    "ACN0202": "",
    "ACN0203": "REQUESTED agreement",
    "ACN0204": "REQUESTED offer",
    "ACN0205": "REQUESTED offer, OFFERED termination",
    "ACN0206": "REQUESTED offer, ACCEPTED termination",
    "ACN0207": "REQUESTED agreement, VERIFIED termination",
    "ACN0301": "REQUESTED agreement, VERIFIED finalized",
    "ACN0302": "REQUESTED offer",
    "ACN0303": "REQUESTED offer",
    "ACN0304": "REQUESTED offer",
    # it consumes one
    "ACNC0101": "OFFERED accepted, AGREED verification",
    "ACNC0102": "OFFERED request",
    "ACNC0103": "OFFERED termination",
    "ACNC0104": "AGREED verification",
    "ACNC0201": "",
    "ACNC0202": "REQUESTED termination",
    "ACNC0203": "AGREED termination",
    "ACNC0204": "",
    "ACNC0205": "OFFERED accepted",
    "ACNC0206": "AGREED verification",
    "ACNC0301": "",
    "ACNC0302": "",
    "ACNC0303": "",
    "ACNC0304": "OFFERED accepted",
    "ACNC0305": "OFFERED accepted",
    "ACNC0306": "OFFERED accepted",
    # it provides a transfer
    "ATP0101": "REQUESTED start, STARTED termination",
    "ATP0102": "REQUESTED start, STARTED completion",
    "ATP0103": "REQUESTED start, STARTED suspension, SUSPENDED termination",
    "ATP0104": "REQUESTED start, STARTED suspension, SUSPENDED start, STARTED completion",
    "ATP0105": "REQUESTED termination",
    "ATP0201": "REQUESTED start",
    "ATP0202": "REQUESTED start",
    "ATP0203": "REQUESTED start",
    "ATP0204": "REQUESTED start",
    "ATP0205": "",
    "ATP0301": "",
    "ATP0302": "",
    "ATP0303": "REQUESTED start",
    "ATP0304": "REQUESTED start",
    "ATP0305": "REQUESTED start",
    "ATP0306": "REQUESTED start",
    # it consumes one
    "ATPC0101": "",
    "ATPC0102": "",
    "ATPC0103": "",
    "ATPC0104": "",
    "ATPC0105": "",
    "ATPC0201": "STARTED termination",
    "ATPC0202": "STARTED completion",
    "ATPC0203": "STARTED suspension, SUSPENDED termination",
    "ATPC0204": "STARTED suspension, SUSPENDED start, STARTED completion",
    "ATPC0205": "REQUESTED termination",
    "ATPC0301": "",
    "ATPC0302": "",
    "ATPC0303": "",
    "ATPC0304": "",
    "ATPC0305": "",
    "ATPC0306": "",
}

Line = tuple[str, str]  # state, message

SCRIPTS: Final[dict[str, tuple[Line, ...]]] = {
    id: tuple((line.split()[0], line.split()[1]) for line in text.split(", ") if line) for id, text in _WRITTEN.items()
}
DATASETS: Final = (*(id for id in SCRIPTS if id.startswith("ACN") and not id.startswith("ACNC")), "CAT0101", "CAT0102")
PROVIDED: Final = tuple(id for id in SCRIPTS if id.startswith("ATP") and not id.startswith("ATPC"))
CONSUMED: Final = tuple(id for id in SCRIPTS if id.startswith("ATPC"))
FORMAT: Final = "HttpData-PULL"


def offer_of(dataset: str) -> str:
    """Id of the one offer of a dataset."""
    return f"CD123:{dataset}:456"


def seeds() -> str:
    """The part of the kit's configuration that names the seeds."""
    lines = []
    for id in SCRIPTS:
        test = f"{id.rstrip('0123456789')}{id[-4:-2]}_{id[-2:]}"
        for short, long in (("ACNC", "CN_C_"), ("ACN", "CN_"), ("ATPC", "TP_C_"), ("ATP", "TP_")):
            if test.startswith(short):
                test = long + test.removeprefix(short)
                break
        if id.startswith("ACN"):
            lines.append(f"{test}_DATASETID={id}")
            lines += [f"{test}_OFFERID={offer_of(id)}"] if not id.startswith("ACNC") else []
        else:
            lines += [f"{test}_AGREEMENTID={id}", f"{test}_FORMAT={FORMAT}"]
    return "\n".join([*lines, *(f"CAT_01_0{n}_DATASETID=CAT010{n}" for n in (1, 2, 3))])
