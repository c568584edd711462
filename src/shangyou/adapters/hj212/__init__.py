"""HJ 212 over TCP: a listener for devices, and a device for trials, tests and measurements."""

from shangyou.adapters.hj212.limits import Limits, ListenerSettings
from shangyou.adapters.hj212.listener import Hj212Listener

__all__ = ["Hj212Listener", "Limits", "ListenerSettings"]
