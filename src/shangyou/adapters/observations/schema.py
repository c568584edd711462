"""Tables of the observation store and the expressions that all its queries share.

Values and verdicts of a row are never changed, except that all of them are blanked where a duty to delete asks for it.
`until` is set, once, when a later version comes: with it "in force" and "as of" are plain filters, where an anti-join
against later versions costs five times the scan.
There is no primary key on the large table (15 times slower to fill, 13 times larger).
"""

from __future__ import annotations

from typing import Final

from shangyou.core.records import Check

EDITION: Final = 1  # of this schema, kept in `meta`

TABLES: Final = """
create table if not exists meta (name varchar primary key, number bigint not null);
create table if not exists series (
    id integer not null, site varchar not null, parameter varchar not null,
    cadence varchar not null, statistic varchar not null
);
create table if not exists observation (
    series integer not null, time timestamp_ms not null, revision integer not null,
    value double not null, censor utinyint not null, upper double, mark utinyint not null,
    flag utinyint not null, suspect uinteger not null, fail uinteger not null,
    origin utinyint not null, review utinyint not null,
    received timestamp_ms not null, batch bigint not null, entry bigint not null,
    until timestamp_ms
);
create table if not exists latest (
    series integer primary key, time timestamp_ms not null, revision integer not null,
    value double not null, censor utinyint not null, upper double, mark utinyint not null,
    flag utinyint not null, suspect uinteger not null, fail uinteger not null,
    origin utinyint not null, review utinyint not null,
    received timestamp_ms not null, batch bigint not null, entry bigint not null,
    until timestamp_ms
);
create table if not exists batch (
    id bigint not null, kind varchar not null, source varchar not null, received bigint not null,
    digest varchar not null, asked_by varchar not null, entries bigint not null,
    n_received bigint not null, n_new bigint not null, n_unchanged bigint not null,
    n_revised bigint not null, n_refused bigint not null, withdrawn bigint, parts integer not null
);
create table if not exists mark (name varchar primary key, said varchar not null);
"""

ROW: Final = (  # columns of a version, in the order of the table
    "series",
    "time",
    "revision",
    "value",
    "censor",
    "upper",
    "mark",
    "flag",
    "suspect",
    "fail",
    "origin",
    "review",
    "received",
    "batch",
    "entry",
    "until",
)

OUT: Final = """
    s.site, s.parameter, s.cadence, s.statistic,
    cast(o.time as timestamptz) as time, o.revision,
    o.value, o.censor, o.upper, o.mark, o.flag, o.suspect, o.fail, o.origin, o.review,
    cast(o.received as timestamptz) as received, o.batch, o.entry
"""  # columns as core.ports.OBSERVATION_COLUMNS; the session's zone is UTC

USABLE: Final = "o.flag <= 3"  # a row without a value is always flagged MISSING, 9
KEPT: Final = "o.revision >= 0"  # what was erased has the number -1 - revision, see `erase`
EXISTS: Final = "o.origin <> 3"  # core.records.Origin.WITHDRAWN
TIMELY: Final = f"o.fail & {Check.TIME:d} = 0"  # a clock that runs years ahead must not hold `latest`
SAID: Final = "if(o.origin = 3, 255, o.mark)"  # of a withdrawn version, which equals nothing that a source can say
