#!/usr/bin/env python3
"""Verify a proof of a ledger entry, alone: this one file, Python 3.11 or newer, and the package `cryptography`.

    python verify_proof.py PROOF.tlog-proof POLICY.txt [--entry]

PROOF is a C2SP tlog-proof with the entry in its line `extra`; POLICY a C2SP tlog-policy: which log, which witnesses,
how many. Prints what was proved and ends with 0; or says what is wrong and ends with 1. It shares no code with the
programme that made the proof. Suites: SHA-256 with Ed25519, SM3 with SM2.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Key = tuple[str, bytes, bool, bytes]  # name, id, is it a witness's?, key
Group = tuple[str, int, list[str]]  # name, how many, of which
Point = tuple[int, int]
Hash = Callable[[bytes], bytes]

LARGEST = 4 << 20  # bytes of a file
GM_LOG, GM_WITNESS = b"\xffshangyou/sm2", b"\xffshangyou/sm2-cosignature"
KINDS = ((b"\x01", 32, False), (b"\x04", 32, True), (GM_WITNESS, 64, True), (GM_LOG, 64, False))  # type, bytes, witness


class Wrong(Exception):  # noqa: N818  what is wrong, as `NOT PROVED` tells it
    """What is wrong."""


def need(condition: object, text: str) -> None:
    """Go on only if it holds."""
    if not condition:
        raise Wrong(text)


def unbase64(text: str) -> bytes:
    """Standard base64, in its one right spelling."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("not base64: " + text[:40]) from None
    need(base64.b64encode(found).decode() == text, "not base64: " + text[:40])
    return found


def decimal(text: str) -> int:
    """A whole number without leading zeroes."""
    need(
        text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and len(text) < 20, "number: " + text[:40]
    )
    return int(text)


# ---- keys and signatures ----------------------------------------------------------------------------------------


def read_key(line: str) -> Key:
    """name+id+key -> (name, id, is it a witness's?, key)."""
    parts = line.split("+", 2)
    need(len(parts) == 3, "key: " + line[:60])
    material = unbase64(parts[2])
    id = hashlib.sha256(parts[0].encode() + b"\n" + material).digest()[:4]
    need(id.hex() == parts[1], "id of key " + parts[0])
    for kind, size, witness in KINDS:
        if material.startswith(kind) and len(material) == len(kind) + size:
            return parts[0], id, witness, material[len(kind) :]
    raise Wrong("type of key " + parts[0])


def right(public: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the key's signature on the message?"""
    if len(public) == 64:
        return sm2(public, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# GB/T 32918.5-2017: the recommended curve over a prime field
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
SIGNER = b"1234567812345678"  # the default id of GB/T 35276


def add(one: Point | None, two: Point | None) -> Point | None:
    """The sum of two points; None is the point at infinity."""
    if one is None or two is None:
        return one or two
    if one[0] == two[0]:
        if (one[1] + two[1]) % P == 0:
            return None
        slope = (3 * one[0] * one[0] + A) * pow(2 * one[1], -1, P)
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P)
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def times(number: int, point: Point | None) -> Point | None:
    """A multiple of a point."""
    found: Point | None = None
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def sm2(public: bytes, message: bytes, signature: bytes) -> bool:
    """GB/T 32918.2-2016, 7.1, with SM3."""
    if len(signature) != 64:
        return False
    key = int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if max(key) >= P or (key[1] ** 2 - key[0] ** 3 - A * key[0] - B) % P or not 0 < r < N or not 0 < s < N:
        return False
    numbers = b"".join(each.to_bytes(32, "big") for each in (A, B, *G))
    who = sm3((len(SIGNER) * 8).to_bytes(2, "big") + SIGNER + numbers + public)
    point = add(times(s, G), times((r + s) % N, key)) if (r + s) % N else None
    return point is not None and (int.from_bytes(sm3(who + message), "big") + point[0] - r) % N == 0


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """SM3, from the system's OpenSSL."""
    return hashlib.new("sm3", data).digest()


# ---- policy -----------------------------------------------------------------------------------------------------


def read_policy(text: str) -> tuple[list[Key], dict[str, Key], list[Group], str]:
    """-> (keys of logs, {name: key} of witnesses, [(group, how many, members)], quorum)."""
    logs: list[Key] = []
    witnesses: dict[str, Key] = {}
    groups: list[Group] = []
    quorum = ""
    names: set[str] = set()
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and len(words) in (2, 3):
            logs.append(read_key(words[1]))
            need(not logs[-1][2], "a witness's key for a log")
        elif words[0] == "witness" and len(words) in (3, 4):
            need(words[1] not in names and words[1] != "none", "name twice: " + words[1])
            witnesses[words[1]] = read_key(words[2])
            need(witnesses[words[1]][2], "a log's key for a witness")
            names.add(words[1])
        elif words[0] == "group" and len(words) >= 4:
            members = words[3:]
            used = [each for _, _, before in groups for each in before]
            fit = len(set(members)) == len(members) and names.issuperset(members) and not set(used) & set(members)
            need(fit and words[1] not in names and words[1] != "none", "group " + words[1])
            least = {"any": 1, "all": len(members)}.get(words[2]) or decimal(words[2])
            need(1 <= least <= len(members), "group " + words[1])
            groups.append((words[1], least, members))
            names.add(words[1])
        elif words[0] == "quorum" and len(words) == 2 and not quorum:
            need(words[1] == "none" or words[1] in names, "quorum " + words[1])
            quorum = words[1]
        else:
            raise Wrong("policy: " + line[:60])
    need(quorum, "the policy has no quorum")
    return logs, witnesses, groups, quorum


# ---- proof ------------------------------------------------------------------------------------------------------


def read_proof(data: bytes) -> tuple[bytes, int, list[bytes], str, list[tuple[str, bytes, bytes]]]:
    """-> (entry, index, path, text of the checkpoint, [(name, id, signature)])."""
    need(len(data) <= LARGEST, "the proof is too large")
    try:
        head, empty, note = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Wrong("the proof is not UTF-8") from None
    lines = head.split("\n")
    need(empty and len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1", "no tlog-proof")
    need(lines[1].startswith("extra ") and lines[2].startswith("index "), "no entry or no index")
    need(len(lines) <= 66, "the path is too long")
    text, empty, signed = note.rpartition("\n\n")
    need(empty and signed.endswith("\n"), "no signatures")
    signatures = []
    for line in signed[:-1].split("\n"):
        words = line.split(" ")
        need(len(words) == 3 and words[0] == "\u2014" and words[1], "signature: " + line[:60])
        value = unbase64(words[2])
        signatures.append((words[1], value[:4], value[4:]))
    path = [unbase64(line) for line in lines[3:]]
    need(all(len(each) == 32 for each in path), "a hash of the path")
    return unbase64(lines[1][6:]), decimal(lines[2][6:]), path, text + "\n", signatures


def climb(hash: Hash, leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which the path leads (RFC 6962, 2.1.1, from the leaf upwards)."""
    need(index < size, "the index is beyond the tree")
    found, first, last, steps = leaf, index, size - 1, list(path)
    while last:
        if first % 2 or first < last:
            need(steps, "the path is too short")
            step = steps.pop(0)
            found = hash(b"\x01" + step + found) if first % 2 else hash(b"\x01" + found + step)
        first, last = first // 2, last // 2
    need(not steps, "the path is too long")
    return found


def verify(proof: bytes, policy: str) -> tuple[bytes, int, str, int, dict[str, int]]:
    """What is proved: (entry, index, origin, size, {witness: time}). Wrong if nothing is."""
    entry, index, path, text, signatures = read_proof(proof)
    logs, witnesses, groups, quorum = read_policy(policy)
    lines = text.split("\n")
    need(len(lines) == 4 and lines[0] and not lines[3], "the checkpoint has not three lines")
    origin, size, root = lines[0], decimal(lines[1]), unbase64(lines[2])
    keys = {(key[0], key[1]): ("", key[3]) for key in logs if key[0] == origin}
    need(keys, "the policy does not know the log " + origin)
    keys.update({(key[0], key[1]): (name, key[3]) for name, key in witnesses.items()})
    signed = False
    times_of: dict[str, int] = {}
    for name, id, value in signatures:
        if (name, id) not in keys:
            continue
        witness, public = keys[name, id]
        message, time = text.encode(), 0
        if witness:
            time, value = int.from_bytes(value[:8], "big"), value[8:]
            message = b"cosignature/v1\ntime %d\n" % time + message
        need(time < 1 << 63 and right(public, message, value), f"the signature of {name} is wrong")
        if not witness:
            signed = True
        else:
            times_of[witness] = time
    need(signed, f"the log {origin} has not signed with a trusted key")
    reached = set(times_of)
    for name, least, members in groups:
        if len(reached.intersection(members)) >= least:
            reached.add(name)
    need(quorum == "none" or quorum in reached, f"too few witnesses: {len(times_of)}")
    hash = sm3 if origin.endswith("-sm3") else sha256
    need(climb(hash, hash(b"\x00" + entry), index, size, path) == root, "the entry is not in the log at this place")
    return entry, index, origin, size, times_of


def main() -> int:
    """Read the two files, verify, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof", type=Path)
    parser.add_argument("policy", type=Path)
    parser.add_argument("--entry", action="store_true", help="print the entry alone")
    asked = parser.parse_args()
    try:
        found = verify(asked.proof.read_bytes(), asked.policy.read_text(encoding="utf-8"))
    except (Wrong, OSError, UnicodeDecodeError) as error:
        print("NOT PROVED:", error, file=sys.stderr)  # noqa: T201
        return 1
    entry, index, origin, size, times_of = found
    text = entry.decode("utf-8", "replace")
    if asked.entry:
        print(text)  # noqa: T201
        return 0
    print(f"proved: entry {index} of the log {origin}, which then had {size}")  # noqa: T201
    for name, time in times_of.items():
        print(f"  witness {name} at {datetime.fromtimestamp(time, UTC).isoformat()}")  # noqa: T201
    print(text)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
