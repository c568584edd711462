"""Pull pages and answers of the national portal over HTTP: bounded, conditional, and off unless an address is set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

import httpx2

from shangyou.core.clock import LEGAL, Clock, to_ms
from shangyou.core.errors import InputError, UnavailableError
from shangyou.core.journal import Raw
from shangyou.ingest.cnemc.recognition import HEAD, recognise


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What is pulled. Each figure with its reason."""

    address: str = ""  # http or https; "" = nothing is pulled
    every: float = 3600.0  # seconds between pulls: stations report every four hours, not all at the same time
    connect: float = 10.0  # seconds until a connection must stand
    whole: float = 60.0  # seconds until the answer must be there: 3 MB over a slow line
    largest: int = 32 << 20  # bytes, ten times a page of today
    agent: str = "shangyou"  # how we introduce ourselves


class PagePull:
    """Pulls one address; keeps what the server says of its version, so that an unchanged page is not sent again."""

    def __init__(self, settings: PageSettings, clock: Clock) -> None:
        """Raises InputError "pages.address" if the address is neither http nor https."""
        parts = urlsplit(settings.address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError("pages.address", address=settings.address)
        self._settings, self._clock = settings, clock
        self._conditions, self._pending = dict[str, str](), dict[str, str]()
        limits = httpx2.Timeout(settings.whole, connect=settings.connect)
        # redirects are not followed: the address is a setting, and another one has to be set by a person
        self._client = httpx2.Client(timeout=limits, headers={"User-Agent": settings.agent}, follow_redirects=False)

    def __enter__(self) -> PagePull:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def pull(self) -> Raw | None:
        """The page as it is now, ready for the journal; None if it has not changed since the last `accept`.

        `note` is the legal day of the pull, from which times without a year take theirs.

        Raises:
            UnavailableError: "pages.unreachable", "pages.timeout", "pages.status", "pages.too_large".
        """
        address, began = self._settings.address, time.monotonic()
        try:
            with self._client.stream("GET", address, headers=self._conditions) as response:
                if response.status_code == httpx2.codes.NOT_MODIFIED:
                    return None
                if response.status_code != httpx2.codes.OK:
                    raise UnavailableError("pages.status", address=address, status=response.status_code)
                body = self._body(response, began)
        except httpx2.TimeoutException:
            raise UnavailableError("pages.timeout", address=address, seconds=self._settings.whole) from None
        except httpx2.HTTPError as error:
            raise UnavailableError("pages.unreachable", address=address, reason=type(error).__name__) from None
        now = self._clock.now()
        self._pending = {
            ours: response.headers[theirs]
            for ours, theirs in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
            if theirs in response.headers
        }
        kind = recognise(urlsplit(address).path, body[:HEAD])
        return Raw(kind or "cnemc-page", address, to_ms(now), body, now.astimezone(LEGAL).date().isoformat())

    def accept(self) -> None:
        """Say that the last page pulled is in the journal: only then may the server be asked for changes alone."""
        self._conditions = self._pending

    def _body(self, response: httpx2.Response, began: float) -> bytes:
        parts, size = list[bytes](), 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._settings.largest:
                raise UnavailableError("pages.too_large", address=self._settings.address, limit=self._settings.largest)
            if time.monotonic() - began > self._settings.whole:  # each part in time, and never an end
                raise UnavailableError("pages.timeout", address=self._settings.address, seconds=self._settings.whole)
            parts.append(part)
        return b"".join(parts)
