"""Shangyou (上游): one river, many owners."""

__version__ = "0.1.0"
