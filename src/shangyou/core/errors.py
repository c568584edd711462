"""Errors: one root with a stable code and named facts; five kinds by what the caller can do.

The sentence, in Chinese or English, is made at the face from `faces/messages/*.toml`.
"""

from __future__ import annotations

from typing import ClassVar


class ShangyouError(Exception):
    """Root of our errors: a code and named facts; never a finished sentence, never a secret."""

    status: ClassVar[int] = 500  # how an HTTP face answers
    exit_code: ClassVar[int] = 1  # how the command line ends
    retryable: ClassVar[bool] = False  # could the very same call succeed later?

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts

    def __str__(self) -> str:
        return f"{self.code} {self.facts}"


class InputError(ShangyouError):
    """What was given is wrong; giving it again unchanged cannot help."""

    status = 400
    exit_code = 2


class TooLargeError(InputError):
    """More was given than is taken at once."""

    status = 413


class RefusedError(ShangyouError):
    """The caller may not do this."""

    status = 403
    exit_code = 3


class NotFoundError(ShangyouError):
    """There is no such thing."""

    status = 404
    exit_code = 4


class ConflictError(ShangyouError):
    """What was asked does not fit the present state."""

    status = 409
    exit_code = 5


class UnavailableError(ShangyouError):
    """Something needed is not there now; the same call may succeed later."""

    status = 503
    exit_code = 6
    retryable = True
