"""Notices by e-mail, over any SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

from shangyou.core.errors import InputError, UnavailableError
from shangyou.governance.warning.notice import Notice

SECONDS: Final = 15.0  # for each step of the talk with the server


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server that takes our messages."""

    host: str = ""  # "" = none is set
    port: int = 25
    security: str = "none"  # or starttls, tls
    sender: str = ""  # "" = shangyou@host
    user: str = ""  # "" = without logging in
    password: str = ""


class Email:
    """Sends through one server; a message keeps its id, so that one sent twice is shown once."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings

    def send(self, address: str, notice: Notice) -> None:
        """See Channel."""
        settings = self._settings
        if "@" not in address or not address.isprintable() or any(each in address for each in " ,;<>"):
            raise InputError("channel.address", channel="email", address=address[:200])
        if not settings.host:
            raise UnavailableError("channel.failed", channel="email", address=address, detail="smtp_host")
        try:
            with self._server() as server:
                server.send_message(_message(settings.sender or f"shangyou@{settings.host}", address, notice))
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            detail = f"{type(error).__name__}: {error}"[:200]
            raise UnavailableError("channel.failed", channel="email", address=address, detail=detail) from error

    def _server(self) -> smtplib.SMTP:
        """Connected, over TLS where the settings say so, and logged in where they name a user."""
        settings = self._settings
        place = (settings.host, settings.port)
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=SECONDS, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(*place, timeout=SECONDS)
        try:
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.user:
                server.login(settings.user, settings.password)
        except BaseException:
            server.close()
            raise
        return server


def _message(sender: str, address: str, notice: Notice) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(notice.title.split())
    message["From"], message["To"] = sender, address
    message["Date"] = formatdate(notice.at / 1000)
    message["Message-ID"] = f"<{notice.id}@{sender.rpartition('@')[2]}>"
    message["X-Priority"] = "1"
    message.set_content(f"{notice.text}\n\n{notice.link}\n" if notice.link else f"{notice.text}\n")
    return message
