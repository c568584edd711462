"""Where clients show certificates (mTLS), the application learns which: the server itself only checks who signed it."""

from __future__ import annotations

import asyncio
import ssl

from shangyou.adapters.lines import pin
from shangyou.faces.between.access import CLIENT_PIN
from shangyou.faces.line import BoundedProtocol


class ShownProtocol(BoundedProtocol):
    """The web server's protocol; each request carries the pin of the certificate that its connection has shown."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        line = transport.get_extra_info("ssl_object")
        shown = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLObject | ssl.SSLSocket) else None
        self._pin = pin(shown) if shown else ""

    def on_message_begin(self) -> None:
        """A new request begins."""
        super().on_message_begin()
        self.scope["state"][CLIENT_PIN] = self._pin
