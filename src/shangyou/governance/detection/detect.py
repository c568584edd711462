"""Follow live readings; raise alarms, widen them to other stations and parameters, and end them.

`detect` is a pure function of a state and new readings. The state can be built again at any time by giving it the
readings of the last days: the same events come out with the same names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from shangyou.core.records import Array, Bytes, Ints
from shangyou.governance.detection.alarm import Alarm, Level, Rule, Seen, name
from shangyou.governance.detection.explain import Case, alike, explain, saw
from shangyou.governance.detection.memory import PAUSE, Mask, Memory
from shangyou.governance.detection.plan import HOUR, Plan
from shangyou.governance.detection.readings import NOWHERE, Doubt, Expected, Readings, Waters
from shangyou.governance.detection.signs import JOINT, signs

FORGOTTEN: Final = 20 * 24 * HOUR  # an alarm that ended so long ago takes nothing up any more
LINE: Final = 8  # readings of which a forecast is made
FLOOR: Final = 0.05  # of its limit: scatter of what has no other floor
SURE: Final = 0.1  # quantile of the slopes that a forecast rests on


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What has been seen so far."""

    memory: Memory = field(default_factory=Memory)
    alarms: tuple[Alarm, ...] = ()  # open, and lately ended


class Detected(NamedTuple):
    """What came of new readings."""

    state: State
    alarms: tuple[Alarm, ...]  # new or changed, as they are now


def detect(
    state: State, readings: Readings, plan: Plan, waters: Waters = NOWHERE, expected: Sequence[Expected] = ()
) -> Detected:
    """Judge new readings in order of time; those that come after a later one of their series are left out.

    expected: what members upstream have warned of. Only readings of that substance, there and then, are judged with it.
    """
    work = _Work(state.memory.copy(), {alarm.id: alarm for alarm in state.alarms}, plan, waters, expected)
    rows = work.memory.rows(readings.keys)[readings.series]
    work.tune()
    order = np.argsort(readings.time, kind="stable")
    times, starts = np.unique(readings.time[order], return_index=True)
    changed: dict[str, Alarm] = {}
    for i, at in enumerate(times.tolist()):
        some = order[starts[i] : starts[i + 1] if i + 1 < len(starts) else None]
        _, newest = np.unique(rows[some][::-1], return_index=True)  # of two readings of one moment the later given
        some = some[::-1][newest]
        some = some[work.memory.last[rows[some]] < at]
        if len(some):
            changed |= {
                alarm.id: alarm for alarm in work.step(rows[some], at, readings.value[some], readings.doubt[some])
            }
    kept = (a for a in work.alarms.values() if a.ended is None or not len(times) or a.ended > times[-1] - FORGOTTEN)
    return Detected(State(work.memory, tuple(kept)), tuple(changed.values()))


class _Judged(NamedTuple):
    """Readings of one moment that are believed and whose usual is known."""

    rows: Ints
    value: Array
    away: Array  # from the usual, the way that pollution pushes it
    new: Mask  # a level that was hardly reached in the weeks before
    z: Array  # the same in scatters
    beyond: Mask  # the limit
    newly: Mask  # beyond the limit where the usual is not
    sudden: Mask


@dataclass(slots=True, eq=False)
class _Work:
    memory: Memory
    alarms: dict[str, Alarm]
    plan: Plan
    waters: Waters
    expected: Sequence[Expected]
    sense: Array = field(default_factory=lambda: np.empty(0))
    floor: Array = field(default_factory=lambda: np.empty(0))
    share: Array = field(default_factory=lambda: np.empty(0))
    least: Array = field(default_factory=lambda: np.empty(0))
    limit: Array = field(default_factory=lambda: np.empty(0))
    alone: Mask = field(default_factory=lambda: np.empty(0, np.bool_))
    alert: Array = field(default_factory=lambda: np.empty(0))  # of a monitor of living things; NaN = it is none
    due: dict[int, list[Expected]] = field(default_factory=dict)  # row: what is expected there
    open: dict[int, str] = field(default_factory=dict)  # row: alarm that it belongs to

    def tune(self) -> None:
        """Lay out the plan by row."""
        watches = [self.plan.watch(parameter) for _, parameter in self.memory.keys]
        self.sense = np.array([watch.sense for watch in watches], np.float64)
        self.floor, self.share = np.array([w.floor for w in watches]), np.array([w.share for w in watches])
        self.alert = np.array([np.nan if w.alert is None else w.alert for w in watches], np.float64)
        self.limit = np.array([self.plan.limits.get(key, np.nan) for key in self.memory.keys], np.float64)
        self.limit = np.where(np.isnan(self.alert), self.limit, self.alert)
        # of what is mostly below detection nothing scatters: a metal, an organic
        self.floor = np.where(self.floor > 0, self.floor, np.nan_to_num(FLOOR * self.limit))
        least = np.array([w.least for w in watches], np.float64)
        self.least = np.where(least > 0, least, np.fmax(0.5 * self.limit, 0.0))
        listed = np.array([parameter in self.plan.watched for _, parameter in self.memory.keys], np.bool_)
        self.alone = np.array([w.alone or w.biological for w in watches], np.bool_)
        self.alone &= listed | ~np.isnan(self.limit)  # published classes, voltages and the like are nobody's alarm
        for row, (section, parameter) in enumerate(self.memory.keys if self.expected else ()):
            found = [each for each in self.expected if each.section == section and alike(parameter, each.parameter)]
            if found:
                self.due[row] = found
        for alarm in self.alarms.values():
            for seen in alarm.seen:
                if not seen.quiet and (seen.section, seen.parameter) in self.memory.index:
                    self.open[self.memory.index[seen.section, seen.parameter]] = alarm.id

    def step(self, rows: Ints, at: int, value: Array, doubt: Bytes) -> Iterator[Alarm]:
        """Readings of one moment; yields alarms that they change."""
        memory = self.memory
        believed = doubt == Doubt.NONE
        memory.distrust(rows[~believed], at, doubt[~believed])
        memory.renew(rows, at, self.floor, self.share, self.plan)
        broken = memory.last[rows] < at - PAUSE
        memory.streak[rows[broken]] = 0
        memory.last[rows] = at
        judged = self._judge(rows[believed], at, value[believed])
        odd = self._odd(judged, at)
        calm = ~(judged.z >= self.plan.calm)
        begins = judged.rows[odd & (memory.streak[judged.rows] == 0)]
        memory.since[begins] = at
        memory.streak[judged.rows[odd]] += 1
        memory.odd_at[judged.rows[odd]] = at
        memory.streak[judged.rows[calm]] = 0
        memory.put(judged.rows, at, judged.value, odd)
        yield from self._go_on(judged, at)
        ready = self.alone[judged.rows] & odd & (memory.streak[judged.rows] >= self.plan.need)
        for i in np.flatnonzero(ready).tolist():
            if int(judged.rows[i]) not in self.open:
                raised = self._raise(judged, i, at)
                if raised is not None:
                    yield raised

    def _judge(self, rows: Ints, at: int, value: Array) -> _Judged:
        memory, sense = self.memory, self.sense[rows]
        usual = memory.usual[rows]
        off = value - usual
        way = np.where(sense == 0, np.sign(off), sense)
        away = off * way
        limit = self.limit[rows]
        beyond = (value - limit) * way > 0  # NaN is beyond nothing
        clean = memory.lowest(rows, at, way)
        fast = (value - clean) * way >= 0.5 * away
        z = away / memory.scatter[rows]
        sudden = (z >= self.plan.sudden) & (away >= 2 * self.least[rows]) & fast
        before = memory.reached[rows]
        new = np.where(way < 0, value < before[:, 0], value > before[:, 1])
        return _Judged(rows, value, away, new, z, beyond, beyond & ~((usual - limit) * way > 0), sudden)

    def _odd(self, judged: _Judged, at: int) -> Mask:
        """What is far enough from its usual; less is enough where it was warned of."""
        plan, z, least = self.plan, np.full(len(judged.rows), self.plan.odd), self.least[judged.rows]
        due = [i for i, row in enumerate(judged.rows.tolist()) if row in self.due and self._due(row, at) is not None]
        z[due], least[due] = plan.odd_expected, plan.least_expected * least[due]
        reacts = judged.beyond | np.isnan(self.alert[judged.rows])
        return (judged.z >= z) & (judged.away >= least) & judged.new & reacts

    def _due(self, row: int, at: int) -> Expected | None:
        """What was warned of and is due in a series now; the first if several are."""
        return next((each for each in self.due.get(row, ()) if each.first <= at <= each.last), None)

    def _raise(self, judged: _Judged, i: int, at: int) -> Alarm | None:
        row = int(judged.rows[i])
        limit = float(self.limit[row])
        due = self._due(row, at)
        case = Case(self.memory, self.plan, self.waters, row, at, float(judged.value[i]), limit, due)
        said = tuple(signs(case))
        rules = tuple(dict.fromkeys(self._rules(case, judged, i, [rule for rule, _ in said if rule is not None])))
        if rules == (Rule.LIMIT,) and judged.z[i] < self.plan.limit_alone:
            return None
        if not rules or int(self.memory.streak[row]) < self._need(case, rules):
            return None
        excluded = explain(case)
        if not isinstance(excluded, tuple):
            return None
        seen = Seen(
            section=case.section,
            parameter=case.parameter,
            since=case.since,
            raised=at,
            last=at,
            value=case.value,
            usual=float(self.memory.usual[row]),
            peak=case.value,
            peak_at=at,
            limit=None if np.isnan(limit) else limit,
            rules=rules,
            excluded=excluded,
            signs=tuple(sign for _, sign in said),
        )
        return self._keep(row, seen)

    def _rules(self, case: Case, judged: _Judged, i: int, said: list[Rule]) -> Iterator[Rule]:
        if case.watch.biological:
            yield Rule.BIOLOGICAL
        living = case.watch.alert is not None  # its alert is no limit of the water
        if judged.newly[i] and not living:
            yield Rule.LIMIT
        if judged.sudden[i]:
            yield Rule.RATE
        if not judged.beyond[i] and not living and crosses(case, self.sense[case.row]):
            yield Rule.FORECAST
        yield from said
        if case.parameter in JOINT and self._alarmed(case):
            yield Rule.JOINT
        if any(self._arrives(case, alarm) for alarm in self.alarms.values()):
            yield Rule.NEIGHBOUR

    def _need(self, case: Case, rules: tuple[Rule, ...]) -> int:
        """Odd readings that it takes: one more where the station above saw nothing and a single rule speaks.

        And one more of living things that nothing else agrees with.
        """
        if case.watch.alert is not None and Rule.JOINT not in rules:
            return self.plan.need_alone
        above = self.waters.nearest(case.section, case.others(case.parameter), upstream=True)
        doubtful = above is not None and not saw(case, *above) and len(rules) == 1
        return self.plan.need_alone if doubtful else self.plan.need

    def _alarmed(self, case: Case) -> bool:
        """Is there an alarm at the section already?"""
        return any(self.memory.keys[row][0] == case.section for row in self.open)

    def _arrives(self, case: Case, alarm: Alarm) -> bool:
        """Was the same seen upstream, so long ago that it may be here now?"""
        return any(
            seen.parameter == case.parameter and self._passes(seen, case.section, case.since) for seen in alarm.seen
        )

    def _passes(self, seen: Seen, section: str, since: int) -> bool:
        hours = self.waters.between(seen.section, section)
        if hours is None:
            return False
        slack = self.plan.slack_hours * HOUR
        first = seen.since + hours * self.plan.fast * HOUR - slack
        return first <= since <= seen.last + hours * self.plan.slow * HOUR + slack

    def _same(self, alarm: Alarm, new: Seen) -> bool:
        """Does what was seen belong to the event of an alarm?"""
        for seen in alarm.seen:
            if seen.section == new.section:
                # at one place: other parameters, or the same that has hardly been quiet
                if seen.last >= new.since - 2 * self.plan.quiet_hours * HOUR:
                    return True
            elif seen.parameter == new.parameter and (
                self._passes(seen, new.section, new.since) or self._passes(new, seen.section, seen.since)
            ):
                return True
        return False

    def _keep(self, row: int, seen: Seen) -> Alarm:
        known = next((alarm for alarm in self.alarms.values() if self._same(alarm, seen)), None)
        if known is None:
            id = name(seen.section, seen.parameter, seen.since)
            alarm = Alarm(id, seen.parameter, seen.since, seen.raised, self._level(seen), (seen,))
        else:
            others = tuple(one for one in known.seen if (one.section, one.parameter) != (seen.section, seen.parameter))
            before = next((one for one in known.seen if one not in others), None)
            merged = seen if before is None else replace(before, last=seen.last, quiet=False)
            level = max(known.level, self._level(seen))
            everything = (
                (*known.seen, seen) if before is None else tuple(merged if o is before else o for o in known.seen)
            )
            alarm = replace(known, seen=everything, level=level, ended=None, since=min(known.since, seen.since))
        self.alarms[alarm.id] = alarm
        self.open[row] = alarm.id
        return alarm

    def _level(self, seen: Seen) -> Level:
        watch = self.plan.watch(seen.parameter)
        if seen.limit is None or not (seen.peak - seen.limit) * (watch.sense or 1) > 0:
            return Level.ATTENTION
        worst = self.plan.worst.get(seen.parameter)
        grave = watch.sense > 0 and seen.peak > 2 * seen.limit
        grave |= worst is not None and (seen.peak - worst) * (watch.sense or 1) > 0
        return Level.SERIOUS if grave else Level.EXCEEDED

    def _go_on(self, judged: _Judged, at: int) -> Iterator[Alarm]:
        """Series that belong to an open alarm: still odd, worse, or quiet again."""
        for i in np.flatnonzero(np.isin(judged.rows, list(self.open))).tolist():
            row = int(judged.rows[i])
            alarm = self.alarms[self.open[row]]
            key = self.memory.keys[row]
            place = next(n for n, seen in enumerate(alarm.seen) if (seen.section, seen.parameter) == key)
            seen = alarm.seen[place]
            if judged.z[i] >= self.plan.calm:
                value = float(judged.value[i])
                worse = abs(value - seen.usual) > abs(seen.peak - seen.usual)
                now = replace(seen, last=at)
                now = replace(now, peak=value, peak_at=at) if worse else now
            elif at - seen.last >= self.plan.quiet_hours * HOUR:
                now = replace(seen, quiet=True)
                del self.open[row]
            else:
                continue
            everything = (*alarm.seen[:place], now, *alarm.seen[place + 1 :])
            ended = at if all(one.quiet for one in everything) else None
            level = max(alarm.level, self._level(now))
            after = replace(alarm, seen=everything, ended=ended, level=level)
            self.alarms[alarm.id] = after
            if now.quiet or level > alarm.level or now.peak != seen.peak:
                yield after


def crosses(case: Case, sense: float) -> bool:
    """Will the limit be crossed within the hours of the plan, even by a cautious line through the last readings?

    The line is Theil and Sen's (median of the slopes of all pairs); cautious is the slope that nine tenths of the
    pairs exceed. Source: Sen (1968), J. American Statistical Association 63, 1379-1389.
    """
    if np.isnan(case.limit) or sense == 0:
        return False
    times, values = case.memory.recent(case.row, case.at - 24 * HOUR)
    times, values = times[-LINE:], values[-LINE:]
    if len(times) < 5:
        return False
    one, other = np.triu_indices(len(times), 1)
    slopes = sense * (values[other] - values[one]) / (times[other] - times[one])
    slope = float(np.quantile(slopes, SURE))
    ahead = case.plan.forecast_hours * HOUR
    return slope > 0 and sense * (case.value - case.limit) + slope * ahead > 0
