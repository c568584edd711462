"""Selections as files to take away, in the formats of faces.rows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final
from urllib.parse import quote

import pyarrow as pa
from starlette.responses import Response, StreamingResponse

from shangyou.core.errors import NotFoundError
from shangyou.faces.portal import figures
from shangyou.faces.portal.visit import Visit
from shangyou.faces.rows import MEDIA, Rows, encode

FORMS: Final = ("csv", "xlsx", "parquet", "json")
UTF8_MARK: Final = b"\xef\xbb\xbf"  # without it a spreadsheet takes Chinese CSV for another encoding


def send(visit: Visit, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: str) -> Response:
    """The rows as a file `<name>-<time>.<form>`; simulated data say so in its name and in every row.

    Raises NotFoundError "portal.format".
    """
    if form not in FORMS:
        raise NotFoundError("portal.format", format=form, known=", ".join(FORMS))
    simulated = visit.node.settings.simulated
    stamp = figures.legal(visit.now).strftime("%Y%m%d-%H%M")
    full = f"{name}{'-simulated' if simulated else ''}-{stamp}.{form}"
    content = encode(Rows(schema, batches).labelled(simulated), form)
    return StreamingResponse(
        chain([UTF8_MARK], content) if form == "csv" else content,
        media_type=MEDIA[form],
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(full)}"},
    )


def send_table(visit: Visit, name: str, table: pa.Table, form: str) -> Response:
    """The same of a table that is there already."""
    plain = table.replace_schema_metadata(None)
    return send(visit, name, plain.schema, plain.to_batches(), form)
