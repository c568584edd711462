"""Times as tables write them: declared forms, strict, a whole column at once; the year may stand elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Ints

DAY_MS: Final = 86_400_000

_PARTS: Final = {  # what each sign of a form matches
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{1,2})",
    "S": r"(?P<S>[0-9]{1,2})",
    "f": r"(?P<f>[0-9]{1,9})",
    "b": r"(?P<b>[A-Za-z]{3})",
    "p": r"(?P<p>AM|PM|am|pm|上午|下午)",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
}
_ISO: Final = (
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?:[T ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})"
    r"(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)? ?(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_CASTABLE: Final = {"%Y-%m-%d": 10, "%Y-%m-%d %H:%M": 16, "%Y-%m-%d %H:%M:%S": 19}  # read 20 times faster by a cast
_CASTABLE_ISO: Final = (*_CASTABLE.values(), 23)  # with milliseconds
_NUMERIC: Final = {  # forms that are one number: (ms of zero, ms of one)
    "unix": (0.0, 1000.0),
    "unix_ms": (0.0, 1.0),
    "excel": (-25569.0 * DAY_MS, float(DAY_MS)),  # days since 1899-12-30, the 1900 system from March 1900 on
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LEAP_GAP: Final = 8  # years between 1896 and 1904: no farther back need one look for a 29 February


@dataclass(frozen=True, slots=True)
class Format:
    """One declared form of time, compiled."""

    text: str
    pattern: str  # RE2, anchored; "" for the numeric forms
    has_year: bool

    @classmethod
    @cache
    def of(cls, text: str) -> Format:
        """Compile; InputError "tables.time_format" if the form is none of ours or lacks month and day."""
        if text in _NUMERIC:
            return cls(text, "", True)
        if text == "iso":
            return cls(text, rf"^\s*{_ISO}\s*$", True)
        pattern, seen, i = "", set[str](), 0
        while i < len(text):
            if text[i] == "%":
                sign = text[i + 1 : i + 2]
                if sign not in _PARTS or sign in seen:
                    raise InputError("tables.time_format", format=text, sign=f"%{sign}")
                seen.add(sign)
                tight = text[i + 2 : i + 3] == "%" or (i >= 2 and text[i - 2] == "%")  # 20210401: two digits each
                pattern, i = pattern + (_PARTS[sign].replace("{1,2}", "{2}") if tight else _PARTS[sign]), i + 2
            else:
                pattern, i = pattern + (r"\s+" if text[i].isspace() else re.escape(text[i])), i + 1
        if not seen & {"m", "b"}:
            raise InputError("tables.time_format", format=text, sign="%m")
        return cls(text, rf"^\s*{pattern}\s*$", bool(seen & {"Y", "y"}))


def offset_ms(zone: str) -> int:
    """Milliseconds by which a zone such as "+08:00", "-07:00" or "UTC" is ahead of UTC.

    Names of regions are not taken: their rules change, and a table that follows one says so in each cell.
    Raises InputError "tables.zone".
    """
    if zone in ("UTC", "Z"):
        return 0
    match = re.fullmatch(r"([+-])([01][0-9]):?([0-5][0-9])", zone)
    if match is None:
        raise InputError("tables.zone", zone=zone)
    minutes = int(match[2]) * 60 + int(match[3])
    return (-minutes if match[1] == "-" else minutes) * 60_000


_HINTS: Final = tuple(  # dates in names, the most precise first: (pattern, unit of what it names)
    (re.compile(rf"(?<![0-9]){pattern}(?![0-9])"), unit)
    for pattern, unit in (
        (r"(?P<Y>(?:19|20)[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])T?[0-2][0-9][0-5][0-9](?:[0-5][0-9])?", "D"),
        (r"(?P<Y>(?:19|20)[0-9]{2})[-_/.年](?P<m>[01]?[0-9])[-_/.月](?P<d>[0-3]?[0-9])日?", "D"),
        (r"(?P<Y>(?:19|20)[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])", "D"),
        (r"(?P<Y>(?:19|20)[0-9]{2})[-_/.年](?P<m>[01]?[0-9])月?", "M"),
        (r"(?P<Y>(?:19|20)[0-9]{2})(?P<m>0[1-9]|1[0-2])", "M"),
        (r"(?P<Y>(?:19|20)[0-9]{2})年?", "Y"),
    )
)


def latest_moment(*hints: str) -> int | None:
    """The latest local moment [ms since 1970] that a year-less time can mean, from the first hint that names a date.

    A hint is a note ("2021", "2021-04", "year=2021-04-05") or a path ("2021-04/…/x.csv", "20251108T121517.html").
    The end of the named day, month or year counts, and a day more, because files written near midnight hold
    the next hours too. None = no hint names a date.

    >>> latest_moment("", "daily/2021-01/2021-01-01.json") == 1_609_632_000_000  # up to the end of 2 January 2021
    True
    """
    for hint in hints:
        ends = [
            (
                unit != "Y",
                match.start(),
                -rank,
                end,
            )  # the last full date of a path; a bare number only if there is none
            for rank, (pattern, unit) in enumerate(_HINTS)
            for match in pattern.finditer(hint)
            if (end := _end_of(match, unit)) is not None
        ]
        if ends:
            return max(ends)[-1] + DAY_MS
    return None


def _end_of(match: re.Match[str], unit: str) -> int | None:
    found = match.groupdict()
    text = f"{found['Y']}-{int(found.get('m') or 1):02d}-{int(found.get('d') or 1):02d}"
    try:
        day = np.datetime64(text, "D")
    except ValueError:  # month 13, 30 February: it was no date
        return None
    after = (day.astype(f"datetime64[{unit}]") + 1).astype("datetime64[ms]")
    return int(after.astype(np.int64))


def parse_times(
    texts: pa.Array, formats: tuple[str, ...], zone: str, latest: int | None
) -> tuple[Ints, NDArray[np.bool_], bool]:
    """Times of a column.

    Args:
        texts: (n,) cells.
        formats: tried in order on what is not read yet.
        zone: offset of cells that name none.
        latest: latest local moment [ms] of forms without a year (see `latest_moment`); None = not known.

    Returns:
        (n,) ms since 1970 UTC; (n,) which were read; whether some matched a form but for the year.
    """
    n, shift = len(texts), offset_ms(zone)
    ms, read, yearless = np.zeros(n, np.int64), np.zeros(n, np.bool_), False
    for form in map(Format.of, formats):
        if read.all():
            break
        rest = np.flatnonzero(~read) if read.any() else None
        part = texts if rest is None else texts.take(pa.array(rest))
        got, ok, lacking = _by_format(part, form, shift, latest)
        yearless |= lacking
        if rest is None:
            ms, read = got, ok
        else:
            ms[rest], read[rest] = got, ok
    return ms, read, yearless


def _by_format(texts: pa.Array, form: Format, shift: int, latest: int | None) -> tuple[Ints, NDArray[np.bool_], bool]:
    if form.text in _CASTABLE or form.text == "iso":
        quick = _cast(texts, _CASTABLE.get(form.text, 0))
        if quick is not None:
            return quick - shift, np.ones(len(texts), np.bool_), False
    if form.text in _NUMERIC:
        return (*_numeric(texts, *_NUMERIC[form.text], shift if form.text == "excel" else 0), False)
    found = pc.extract_regex(texts, form.pattern)
    matched = pc.is_valid(found).to_numpy(zero_copy_only=False)
    ms, ok, lacking = _of_parts(found if matched.all() else found.filter(pa.array(matched)), form, shift, latest)
    if matched.all():
        return ms, ok, lacking
    whole, read = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    whole[matched], read[matched] = ms, ok
    return whole, read, lacking


def _of_parts(
    found: pa.StructArray, form: Format, shift: int, latest: int | None
) -> tuple[Ints, NDArray[np.bool_], bool]:
    """The same from the groups of a form's pattern, for cells that match it."""
    parts = {f.name: found.field(f.name) for f in found.type}
    n = len(found)
    clock, ok = _clock(parts, n)
    zone = _zone(parts["z"], shift) if "z" in parts else shift
    month, day = _month(parts), _number(parts["d"]) if "d" in parts else np.ones(n, np.int64)
    if form.has_year:
        year = _number(parts["Y"]) if "Y" in parts else 2000 + _number(parts["y"])
        date, real = _date(year, month, day)
        return date * DAY_MS + clock - zone, ok & real, False
    if latest is None:
        return np.zeros(n, np.int64), np.zeros(n, np.bool_), bool(ok.any())
    local, real = _without_year(month, day, clock, latest)
    return local - zone, ok & real, False


def _cast(texts: pa.Array, length: int) -> Ints | None:
    """Local ms of a column where every cell has the one form; None otherwise. Length 0 = any length, but one."""
    lengths = pc.min_max(pc.binary_length(texts)).as_py()
    if lengths["min"] != lengths["max"] or lengths["min"] not in ((length,) if length else _CASTABLE_ISO):
        return None
    try:
        stamps = pc.cast(texts, pa.timestamp("ms"))
    except pa.ArrowInvalid:
        return None
    return np.asarray(stamps.cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _numeric(texts: pa.Array, zero: float, one: float, shift: int) -> tuple[Ints, NDArray[np.bool_]]:
    good = pc.match_substring_regex(texts, r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$")
    value = pc.cast(pc.if_else(good, texts, "0"), pa.float64()).to_numpy(zero_copy_only=False)
    ms = zero + value * one
    ok = good.to_numpy(zero_copy_only=False) & (np.abs(ms) < 253_402_300_800_000)  # up to the year 9999
    # a day's fraction is a binary number: 8:00 is 0.33333, and comes out right to the second only
    rounded = np.where(ok, np.round(ms / 1000) * 1000 if one == DAY_MS else np.round(ms), 0)
    return rounded.astype(np.int64) - shift, ok


def _number(texts: pa.Array) -> Ints:
    """Integers of a group; 0 where it is optional and empty."""
    try:
        numbers = pc.cast(texts, pa.int64())
    except pa.ArrowInvalid:
        numbers = pc.cast(pc.if_else(pc.equal(texts, ""), "0", texts), pa.int64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.int64)


def _month(parts: dict[str, pa.Array]) -> Ints:
    if "m" in parts:
        return _number(parts["m"])
    index = pc.index_in(pc.utf8_lower(parts["b"]), value_set=pa.array(_MONTHS))
    return np.asarray(pc.fill_null(index, -2).to_numpy(zero_copy_only=False), np.int64) + 1


def _clock(parts: dict[str, pa.Array], n: int) -> tuple[Ints, NDArray[np.bool_]]:
    """(ms since midnight, which are possible). 24:00 is the end of the day, as Chinese tables write it."""

    def get(sign: str) -> Ints:
        return _number(parts[sign]) if sign in parts else np.zeros(n, np.int64)

    hour, minute, second = get("H"), get("M"), get("S")
    ok = (minute < 60) & (second < 60)
    if "I" in parts:
        hour = get("I")
        ok &= (hour >= 1) & (hour <= 12)
        half = parts.get("p")
        late = pc.is_in(half, value_set=pa.array(["PM", "pm", "下午"])) if half is not None else None
        hour = hour % 12 + (12 * late.to_numpy(zero_copy_only=False).astype(np.int64) if late is not None else 0)
    ok &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    ms = ((hour * 60 + minute) * 60 + second) * 1000
    if "f" in parts:
        digits = pc.utf8_slice_codeunits(pc.utf8_rpad(parts["f"], 3, "0"), 0, 3)
        ms = ms + _number(digits)
    return ms, ok


def _zone(texts: pa.Array, shift: int) -> Ints:
    codes = pc.dictionary_encode(texts)
    each = np.array([offset_ms(text) if _is_zone(text) else shift for text in codes.dictionary.to_pylist()], np.int64)
    return each[codes.indices.to_numpy(zero_copy_only=False)] if len(each) else np.empty(0, np.int64)


def _is_zone(text: str) -> bool:
    return re.fullmatch(r"Z|[+-][01][0-9]:?[0-5][0-9]", text) is not None


def _date(year: Ints, month: Ints, day: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """(days since 1970, which exist)."""
    ok = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1) & (year <= 9999)
    first = (np.where(ok, (year - 1970) * 12 + month - 1, 0)).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + np.where(ok, day - 1, 0)
    ok &= days.astype("datetime64[M]") == first  # 31 April would be in May
    return days.astype(np.int64), ok


def _without_year(month: Ints, day: Ints, clock: Ints, latest: int) -> tuple[Ints, NDArray[np.bool_]]:
    """The latest year that does not put the time after `latest`: 12-31 in a file of January is last year's."""
    year = int(np.datetime64(latest, "ms").astype("datetime64[Y]").astype(np.int64)) + 1970
    local, done = np.zeros(len(month), np.int64), np.zeros(len(month), np.bool_)
    for back in range(_LEAP_GAP + 1):
        days, ok = _date(np.full(len(month), year - back, np.int64), month, day)
        here = days * DAY_MS + clock
        take = ~done & ok & (here <= latest)
        local[take] = here[take]
        done |= take
        if done.all():
            break
    return local, done
