"""Hand observations out: as they are kept, with the names of things beside them, or one row a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core import vocabulary
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import OBSERVATION_COLUMNS, ObservationStore, Registry, Selection
from shangyou.core.records import Censor, SeriesKey
from shangyou.core.registry import Section

SHAPES: Final = ("long", "wide")
MOMENT: Final = pa.timestamp("ms", "UTC")
LONG: Final = pa.schema(
    [
        ("site", pa.string()),
        ("section", pa.string()),
        ("section_zh", pa.string()),
        ("province", pa.string()),
        ("river", pa.string()),
        ("parameter", pa.string()),
        ("parameter_zh", pa.string()),
        ("unit", pa.string()),
        ("cadence", pa.string()),
        ("statistic", pa.string()),
        ("time", MOMENT),
        ("revision", pa.int32()),
        ("value", pa.float64()),
        ("censor", pa.uint8()),
        ("upper", pa.float64()),
        ("mark", pa.uint8()),
        ("flag", pa.uint8()),
        ("suspect", pa.uint32()),
        ("fail", pa.uint32()),
        ("origin", pa.uint8()),
        ("review", pa.uint8()),
        ("received", MOMENT),
        ("batch", pa.int64()),
        ("entry", pa.int64()),
    ]
)
PLACE: Final = ("site", "section", "section_zh", "province", "river")
ROW: Final = ("cadence", "statistic", "time")  # what makes a row of the wide shape, within a site


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """Rows on their way out; they can be read once."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def export(store: ObservationStore, registry: Registry, selection: Selection, shape: str = "long") -> Export:
    """Observations of a selection.

    Args:
        selection: its sites may be sections: then those merged into them and their devices come with them.
        shape: "long", one row a value with all that is known of it; or "wide", one row a sample with a column for
            each parameter and `below`, the parameters whose number is a limit that the value lies below.

    Memory is bounded by one batch (long) or by one site (wide).
    Raises InputError "export.shape", "export.versions".
    """
    if shape not in SHAPES:
        raise InputError("export.shape", shape=shape, known=", ".join(SHAPES))
    names = Names(registry)
    chosen = names.expand(selection)
    if shape == "long":
        return Export(LONG, (_named(batch, names) for batch in store.stream(chosen)))
    if chosen.versions:
        raise InputError("export.versions")
    parameters = _parameters(store.series(), chosen)
    schema = _wide_schema(parameters)
    return Export(schema, _wide(store, chosen, names, parameters, schema))


class Names:
    """What sites are called, looked up once a site."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._devices = {device.mn: device.section for device in registry.devices()}
        self._known: dict[str, Section | None] = {}

    def expand(self, selection: Selection) -> Selection:
        """The selection with every site of its sections."""
        asked = [(id, self.section(id)) for id in selection.sites]
        sites = [site for id, found in asked for site in (id, *self._registry.sites_of(found.id if found else id))]
        return replace(selection, sites=tuple(dict.fromkeys(sites)))

    def section(self, site: str) -> Section | None:
        """The section of a site; None for a device that stands at none, or a site that nobody registered."""
        if site not in self._known:
            try:
                self._known[site] = self._registry.section(self._devices.get(site) or site)
            except NotFoundError:
                self._known[site] = None
        return self._known[site]

    def columns(self, sites: Sequence[str]) -> dict[str, list[str]]:
        """What is said of each site, in the columns of PLACE."""
        found = [self.section(site) for site in sites]
        return {
            "site": list(sites),
            "section": [s.id if s else "" for s in found],
            "section_zh": [s.name_zh if s else "" for s in found],
            "province": [s.province if s else "" for s in found],
            "river": [s.river if s else "" for s in found],
        }


def _named(batch: pa.RecordBatch, names: Names) -> pa.RecordBatch:
    """A batch of the store with the names of its sites and parameters."""
    columns = {name: batch.column(name) for name in OBSERVATION_COLUMNS}
    site = batch.column("site").dictionary_encode()
    columns |= _spread(names.columns(site.dictionary.to_pylist()), site.indices)
    parameter = batch.column("parameter").dictionary_encode()
    keys = parameter.dictionary.to_pylist()
    known = [vocabulary.parameter(key) for key in keys]
    said = {"parameter_zh": [p.name_zh for p in known], "unit": [p.unit for p in known]}
    columns |= _spread(said, parameter.indices)
    return pa.record_batch([columns[name].cast(LONG.field(name).type) for name in LONG.names], schema=LONG)


def _spread(columns: dict[str, list[str]], indices: pa.Array) -> dict[str, pa.Array]:
    return {name: pa.array(values, pa.string()).take(indices) for name, values in columns.items()}


# ---- one row a sample -------------------------------------------------------------------------------------------


def _parameters(series: Sequence[SeriesKey], selection: Selection) -> tuple[str, ...]:
    """Parameters that the selection can hold, in the order of the vocabulary."""
    wanted = [set(selection.sites), set(selection.parameters), set(selection.cadences), set(selection.statistics)]
    found = {key.parameter for key in series if all(not w or k in w for w, k in zip(wanted, key, strict=True))}
    order = {key: number for number, key in enumerate(vocabulary.parameters())}
    return tuple(sorted(found, key=lambda key: (order.get(key, len(order)), key)))


def _wide_schema(parameters: Sequence[str]) -> pa.Schema:
    fields = [pa.field(name, pa.string()) for name in (*PLACE, "cadence", "statistic")]
    fields.append(pa.field("time", MOMENT))
    for key in parameters:
        known = vocabulary.parameter(key)
        fields.append(pa.field(key, pa.float64(), metadata={"unit": known.unit, "name_zh": known.name_zh}))
    return pa.schema([*fields, pa.field("below", pa.string())])


def _wide(
    store: ObservationStore, selection: Selection, names: Names, parameters: Sequence[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """One batch a site; the store hands rows out in order of site."""
    held: list[pa.RecordBatch] = []
    for batch in store.stream(selection):
        for part in _by_site(batch):
            if held and held[0].column("site")[0] != part.column("site")[0]:
                yield _pivot(held, names, parameters, schema)
                held = []
            held.append(part)
    if held:
        yield _pivot(held, names, parameters, schema)


def _by_site(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    runs = pc.run_end_encode(batch.column("site"))
    start = 0
    for end in runs.run_ends.to_pylist():
        yield batch.slice(start, end - start)
        start = end


def _pivot(held: list[pa.RecordBatch], names: Names, parameters: Sequence[str], schema: pa.Schema) -> pa.RecordBatch:
    table = pa.Table.from_batches(held).combine_chunks()
    cadence, statistic = (_coded(table.column(name)) for name in ("cadence", "statistic"))
    time = table.column("time").cast(pa.int64()).to_numpy()
    keys = np.stack([cadence[0], statistic[0], time], axis=1)
    rows, first, at = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    parameter = _coded(table.column("parameter"))
    place = np.array([parameters.index(key) for key in parameter[1]], np.int64)[parameter[0]]
    n = len(rows)
    values = np.full((len(parameters), n), np.nan)
    values[place, at.reshape(-1)] = table.column("value").to_numpy()
    censor = np.zeros((len(parameters), n), np.uint8)
    censor[place, at.reshape(-1)] = table.column("censor").to_numpy()
    said = names.columns([table.column("site")[0].as_py()])
    columns = [pa.array(said[name] * n, pa.string()) for name in PLACE]
    columns += [table.column(name).combine_chunks().take(pa.array(first)) for name in ROW]
    columns += [pa.array(row, pa.float64(), from_pandas=True) for row in values]
    columns.append(_below(censor, parameters))
    return pa.record_batch([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    coded = column.combine_chunks().dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()


def _below(censor: NDArray[np.uint8], parameters: Sequence[str]) -> pa.Array:
    """For each row the parameters whose number is only a limit that the value lies below."""
    below = censor == Censor.BELOW
    texts = [""] * below.shape[1]
    for row in np.flatnonzero(below.any(axis=0)).tolist():
        texts[row] = ",".join(parameters[p] for p in np.flatnonzero(below[:, row]).tolist())
    return pa.array(texts, pa.string())
