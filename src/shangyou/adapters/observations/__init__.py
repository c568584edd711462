"""Observations in DuckDB: versions, latest, as-of."""

from shangyou.adapters.observations.store import DuckStore

__all__ = ["DuckStore"]
