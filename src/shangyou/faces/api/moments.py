"""Times as people write them, to the milliseconds of the stores."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.errors import InputError


def moment(text: str) -> int | None:
    """Milliseconds since 1970 UTC of a day or time; None for "". Without a zone it is legal time.

    >>> moment("2021-04-01"), moment("2021-03-31T16:00Z")
    (1617206400000, 1617206400000)

    Raises InputError "api.moment".
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "T", 1))
    except ValueError:
        raise InputError("api.moment", text=text) from None
    return to_ms(found if found.tzinfo else found.replace(tzinfo=LEGAL))


def legal(ms: int | None) -> str:
    """Legal time to the second as people read it; "" for none.

    >>> legal(1617206400000)
    '2021-04-01 00:00:00'
    """
    if ms is None:
        return ""
    return (datetime.fromtimestamp(0, LEGAL) + timedelta(milliseconds=ms)).strftime("%Y-%m-%d %H:%M:%S")
