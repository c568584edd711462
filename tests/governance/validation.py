"""Makes docs/validation-classes.md from the real files.

python -m tests.governance.validation ../shared > docs/validation-classes.md
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np

from shangyou.core.clock import LEGAL
from shangyou.governance.agreement import REASON_TEXT, Compared, Reason, summary
from shangyou.standards.surface_water import CLASS_TEXT
from tests.governance.published import Source, all_sources

HEAD = """# Our classes beside the published ones

The national portal of automatic surface-water stations publishes a water quality class with each sample. This page
compares the class that we compute from the same values with the published one, for every such sample that lies beside
the project. A test keeps the page current; `python -m tests.governance.validation ../shared` prints it.

"""
RULES = """
## How the portal makes its classes

Found by trying items, limits and rounding on all samples; kept as editions of `publication` in
`src/shangyou/standards`.

- Items: pH, dissolved oxygen, permanganate index, ammonia nitrogen, total phosphorus. Total nitrogen never takes part,
  in lakes neither. Without one of the first four no class is published; phosphorus may be missing.
- 2020 and 2021: raw values, not rounded. What is shown is rounded, so that phosphorus of 0.100 may be class II or III.
- 2025: values rounded to the decimals of assessment (pH 0, oxygen and permanganate index 1, ammonia 2, phosphorus 3),
  half to even. pH 9.4 is then 9 and inside its range. When the portal changed is not known.
- Class I of oxygen is 7.5 mg/L; saturation is not looked at. The standard does look at it: so does our basis `rule`
  where altitude and water temperature are known.
- Lake limits of phosphorus where a lake or reservoir is named as the water body, with the exceptions listed below.

## Reasons

The first that holds counts. Each is a check that the program makes (`governance/agreement.py`).

"""


def document(sources: list[Source]) -> str:
    """The whole page."""
    compared = [(source, source.compared()) for source in sources]
    text = HEAD + summary([(source.name, result) for source, result in compared]) + RULES
    text += "".join(f"- {REASON_TEXT[reason]}\n" for reason in Reason if reason is not Reason.EQUAL)
    for source, result in compared:
        if result.count(Reason.EQUAL) < len(result.reason):
            text += f"\n## Differences: {source.name}\n\n{_differences(source, result)}"
    return text


def _differences(source: Source, result: Compared) -> str:
    """One line a sample, and one a section where the source uses the other limits throughout."""
    lines = [
        "| section | time (UTC+8) | published | ours | pH, DO, CODMn, NH3-N, TP | reason |",
        "|---|---|---|---|---|---|",
    ]
    throughout = result.reason == Reason.SECTION_LIMITS
    single = np.flatnonzero((result.reason != Reason.EQUAL) & ~throughout)
    lines += [_line(source, result, row) for row in single.tolist()]
    samples = source.samples
    count = Counter(source.sections[place] for place in samples.place[throughout].tolist())
    table = "\n".join(lines) + "\n" if len(lines) > 2 else ""
    if not count:
        return table
    kind = {source.sections[samples.place[row]]: samples.lake[row] for row in np.flatnonzero(throughout).tolist()}
    table += "\n" if table else ""
    table += "| section | we use | differences |\n|---|---|--:|\n"
    for id, number in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        table += f"| {_name(id)} | {'lake' if kind[id] else 'river'} limits | {number} |\n"
    return table


def _line(source: Source, result: Compared, row: int) -> str:
    samples = source.samples
    time = datetime.fromtimestamp(int(samples.time[row]) / 1000, LEGAL).strftime("%Y-%m-%d %H:%M")
    values = ", ".join("–" if np.isnan(value) else f"{value:g}" for value in samples.values[row].tolist())
    classes = f"{CLASS_TEXT[samples.published[row]]} | {CLASS_TEXT[result.computed[row]]}"
    reason = REASON_TEXT[Reason(int(result.reason[row]))]
    return f"| {_name(source.sections[samples.place[row]])} | {time} | {classes} | {values} | {reason} |"


def _name(id: str) -> str:
    return id.split(".", 1)[1]


if __name__ == "__main__":
    sys.stdout.write(document(all_sources(Path(sys.argv[1]))))
