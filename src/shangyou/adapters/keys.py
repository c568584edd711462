"""Private keys as files that only their owner can read; `FileSigner` signs with one of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shangyou.adapters import private_file
from shangyou.core.errors import ConflictError, InputError, NotFoundError, UnavailableError
from shangyou.exchange import keys
from shangyou.exchange.member import MemberKey

ENDING = ".key"


class FileSigner:
    """Signs with a key that was read from a file. See `exchange.ports.Signer`."""

    def __init__(self, suite: str, private: bytes, public: bytes) -> None:
        self._suite, self._private, self._public = suite, private, public
        self._kid = keys.kid(suite, public)
        self._key = Ed25519PrivateKey.from_private_bytes(private) if suite == keys.STD else None

    @property
    def kid(self) -> str:
        """Name of the key."""
        return self._kid

    @property
    def suite(self) -> str:
        """Std or gm."""
        return self._suite

    @property
    def public(self) -> bytes:
        """The public half."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        if self._key is not None:
            return self._key.sign(message)
        from gmssl_pyx import sm2_sign

        return keys.raw(sm2_sign(self._private, self._public, message))


class KeyFolder:
    """The private keys in one folder, one file each, named by their kid."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, FileSigner] = {}

    def make(self, suite: str) -> FileSigner:
        """A new key, on disk before it is used. InputError "keys.suite"."""
        private, public = _generated(suite)
        signer = FileSigner(suite, private, public)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = {"suite": suite, "private": keys.encoded(private), "public": keys.encoded(public)}
        write_whole(self._path(signer.kid), json.dumps(text).encode())
        self._read[signer.kid] = signer
        return signer

    def signer(self, kid: str) -> FileSigner:
        """The key of that name. NotFoundError "keys.private"; InputError "keys.file", "keys.readable"."""
        if kid not in self._read:
            self._read[kid] = _loaded(self._path(kid), kid)
        return self._read[kid]

    def kids(self) -> list[str]:
        """Names of all keys here."""
        return sorted(file.name.removesuffix(ENDING) for file in self._folder.glob(f"*{ENDING}"))

    def remove(self, kid: str) -> None:
        """Forget a private key for good."""
        self._read.pop(kid, None)
        self._path(kid).unlink(missing_ok=True)

    def choose(self, listed: Sequence[MemberKey], at: int) -> FileSigner:
        """The newest of the listed keys that counts now and whose private half is here.

        Raises NotFoundError "keys.none" if there is none: the node cannot speak for its member.
        """
        fit = [key for key in listed if keys.counts(key, at) and self._has(key.kid)]
        if not fit:
            raise NotFoundError("keys.none", folder=str(self._folder), listed=[key.kid[:8] for key in listed])
        return self.signer(max(fit, key=lambda key: key.start).kid)

    def _has(self, kid: str) -> bool:
        return kid in self._read or self._path(kid).is_file()

    def _path(self, kid: str) -> Path:
        return self._folder / f"{kid}{ENDING}"


def _generated(suite: str) -> tuple[bytes, bytes]:
    if suite == keys.STD:
        private = Ed25519PrivateKey.generate()
        return private.private_bytes_raw(), private.public_key().public_bytes_raw()
    if suite == keys.GM:
        from gmssl_pyx import sm2_key_generate

        public, secret = sm2_key_generate()
        return bytes(secret), bytes(public)
    raise InputError("keys.suite", suite=suite, known=", ".join(keys.SUITES))


def _loaded(path: Path, kid: str) -> FileSigner:
    try:
        if path.stat().st_mode & 0o077:  # somebody else may have read it
            raise InputError("keys.readable", path=str(path))
        told = json.loads(path.read_bytes())
        signer = FileSigner(str(told["suite"]), keys.decoded(told["private"]), keys.decoded(told["public"]))
    except FileNotFoundError:
        raise NotFoundError("keys.private", kid=kid) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("keys.file", path=str(path), detail=type(error).__name__) from error
    if signer.kid != kid:
        raise InputError("keys.file", path=str(path), detail="kid")
    return signer


def write_whole(path: Path, data: bytes) -> None:
    """A file that only its owner reads; it is there whole and on disk, or not at all. UnavailableError "keys.write"."""
    try:
        private_file.write_whole(path, data)
    except FileNotFoundError as error:
        raise ConflictError("keys.folder", path=str(path.parent)) from error
    except OSError as error:
        raise UnavailableError("keys.write", path=str(path), detail=error.strerror or str(error)) from error
