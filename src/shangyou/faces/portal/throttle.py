"""How often somebody may fail to sign in: a sliding window a name and a window an address."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock

KEPT = 10_000  # names and addresses remembered; the longest quiet ones are forgotten first


class Throttle:
    """Counts failures in the last `window` seconds."""

    def __init__(self, most: int, window: int) -> None:
        self.most, self.window = most, window
        self._failures: OrderedDict[str, deque[int]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str, at: int) -> int:
        """Seconds until this key may try again at time `at` [ms]; 0 = now."""
        with self._lock:
            times = self._failures.get(key)
            if times is None:
                return 0
            while times and times[0] <= at - self.window * 1000:
                times.popleft()
            if len(times) < self.most:
                return 0
            return -(-(times[0] + self.window * 1000 - at) // 1000)

    def fail(self, key: str, at: int) -> None:
        """Count a failure at time `at` [ms]."""
        with self._lock:
            self._failures.setdefault(key, deque(maxlen=self.most)).append(at)
            self._failures.move_to_end(key)
            while len(self._failures) > KEPT:
                self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Start anew, after a success."""
        with self._lock:
            self._failures.pop(key, None)
