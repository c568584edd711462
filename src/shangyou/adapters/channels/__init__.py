"""Ways in which a node tells its own people that something waits for them: e-mail, webhooks, text messages by plug-in.

A channel is anything with `send(address, notice)`; a package of others adds one under the entry point group
"shangyou.channels", whose value is a function of the node's home that makes it. So text messages come: their gateways
differ by operator, and are not ours to choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from shangyou.adapters.channels.email import Email, Smtp
from shangyou.adapters.channels.webhook import Webhook
from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.governance.warning.notice import Channel

PLUGINS: Final = "shangyou.channels"


class Channels:
    """The channels of a node; those of others are made when they are first used."""

    def __init__(self, home: Path, smtp: Smtp, secret: str) -> None:
        self._home = home
        self._made: dict[str, Channel] = {"email": Email(smtp), "webhook": Webhook(secret)}

    def channel(self, name: str) -> Channel:
        """NotFoundError "channel.unknown"; UnavailableError "channel.failed" if the package of others breaks."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = _plugin(name, self._home)
        return found


def _plugin(name: str, home: Path) -> Channel:
    for plugin in entry_points(group=PLUGINS, name=name):
        try:
            made: Channel = plugin.load()(home)
        except Exception as error:
            raise UnavailableError("channel.failed", channel=name, address="", detail=type(error).__name__) from error
        return made
    raise NotFoundError("channel.unknown", channel=name[:40])


def known() -> Mapping[str, str]:
    """Names of the channels there are, with the package that each comes from; "" = this one."""
    plugins = {each.name: each.dist.name if each.dist is not None else "?" for each in entry_points(group=PLUGINS)}
    return {"email": "", "webhook": ""} | plugins
