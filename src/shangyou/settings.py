"""Settings of a node: `node.toml` in its home, then the environment (SHANGYOU_ and the name in capitals)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import msgspec

from shangyou.core.errors import InputError, NotFoundError

FILE: Final = "node.toml"
RANGES: Final = {
    "http_port": (0, 65_535),
    "http_body_bytes": (65_536, 1 << 30),
    "hj212_port": (0, 65_535),
    "hj212_connections": (1, 100_000),
    "hj212_idle_seconds": (1, 864_000),
    "folder_quiet_seconds": (0.0, 86_400.0),
    "pull_minutes": (1, 44_640),
    "answer_days_unconditional": (0, 1_000),
    "answer_days_conditional": (0, 1_000),
    "answer_days_counter": (0, 1_000),
    "threads": (1, 1_024),
    "smtp_port": (1, 65_535),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set. Every limit has its reason beside it in the file that `node init` writes."""

    home: Path
    name_zh: str = "上游节点"
    name_en: str = "Shangyou node"
    level: str = "provincial"  # national, provincial
    adm_code: str = ""  # 行政区划代码
    language: str = "zh"  # of people who have not chosen: zh, en
    simulated: bool = False  # every page, export and answer then says that the data are simulated

    http_host: str = "127.0.0.1"
    http_port: int = 8350
    http_body_bytes: int = 4_194_304  # of a deed: all lists of a federation, or a map, many times over; files have more
    tls_certificate: str = ""  # file of this node's certificate (PEM, with its chain); "" = plain HTTP
    tls_key: str = ""  # file of its private key; "" = in the same file
    tls_clients: str = ""  # file of CA certificates: only who shows a certificate of theirs may connect; "" = everybody
    tls_authorities: str = ""  # file of CA certificates that other nodes' are checked by, beside the system's
    hj212_host: str = "127.0.0.1"
    hj212_port: int = 8212  # 0 = no listener
    unknown_devices: str = "quarantine"  # or refuse: packets of an MN that nobody registered
    hj212_connections: int = 6000
    hj212_idle_seconds: int = 16_200  # surface-water stations measure every 4 h, and not all send heartbeats

    folder: str = ""  # watched for new files; "" = none
    folder_quiet_seconds: float = 5.0  # a file is complete when it has not changed for so long
    pull_address: str = ""  # page of the national portal that is asked for by schedule; "" = never
    pull_minutes: int = 60
    provinces: tuple[str, ...] = ()  # keep only these of a national file; () = all

    answer_days_unconditional: int = 1  # working days for an answer to who asks for what is shared unconditionally
    answer_days_conditional: int = 10  # and conditionally
    answer_days_counter: int = 10  # for an answer to other terms that a provider puts to this node

    notify: tuple[str, ...] = ()  # who is told of warnings: role=channel:address, role is duty or supervisor
    duty_office: str = ""  # told to the other members with every message of a warning
    duty_phone: str = ""
    duty_phones: tuple[str, ...] = ()  # lines of other members, as member=phone, for when one does not answer
    portal_address: str = ""  # as people here reach it, for links in notices; "" = no links
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_security: str = "none"  # or starttls, tls
    smtp_from: str = ""
    smtp_user: str = ""  # "" = without logging in
    smtp_password: str = ""
    webhook_secret: str = ""  # that signs the bodies of webhooks

    state: str = ""  # an SQLAlchemy address; "" = SQLite in the home
    memory: str = "512MB"  # for DuckDB
    threads: int = 2
    ledger_hash: str = "sha256"  # or sm3; counts when the ledger is begun, for which a new name would be needed later

    def __post_init__(self) -> None:
        allowed = {"level": ("national", "provincial", "municipal"), "unknown_devices": ("quarantine", "refuse")}
        allowed |= {"language": ("zh", "en"), "smtp_security": ("none", "starttls", "tls")}
        allowed |= {"ledger_hash": ("sha256", "sm3")}
        for name, words in allowed.items():
            if getattr(self, name) not in words:
                raise InputError("settings.value", name=name, value=getattr(self, name), allowed=", ".join(words))
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InputError("settings.value", name=name, value=value, allowed=f"{least}-{most}")


NAMES: Final = {field.name: str(field.type) for field in fields(Settings) if field.name != "home"}


def load(home: Path, environment: Mapping[str, str]) -> Settings:
    """Settings of the node in `home`.

    Raises NotFoundError "settings.home" where no node was made; InputError "settings.toml", "settings.name" or
    "settings.value".
    """
    path = home / FILE
    if not path.is_file():
        raise NotFoundError("settings.home", home=str(home))
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("settings.toml", path=str(path), detail=str(error)) from error
    for name, kind in NAMES.items():
        text = environment.get(f"SHANGYOU_{name.upper()}")
        if text is not None:
            found[name] = _split(kind, text)
    return _converted(home, found, str(path))


def of_texts(home: Path, texts: Mapping[str, str]) -> Settings:
    """Settings of a new node from texts by name; raises InputError "settings.name" or "settings.value"."""
    return _converted(home, {name: _split(NAMES.get(name, ""), text) for name, text in texts.items()}, FILE)


def _split(kind: str, text: str) -> object:
    return [part for part in text.split(",") if part] if kind.startswith("tuple") else text


def _converted(home: Path, found: Mapping[str, object], path: str) -> Settings:
    for name in found:
        if name not in NAMES:
            raise InputError("settings.name", name=name, path=path)
    try:
        return msgspec.convert({**found, "home": str(home)}, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("$.")[2].strip("`") or "?"
        raise InputError("settings.value", name=name, value=found.get(name), allowed=NAMES.get(name, "")) from error


def _path(kind: type, value: object) -> object:
    return Path(str(value)) if kind is Path else value


def template(settings: Settings) -> str:
    """The text of `node.toml` for new settings, with a word on each."""

    def line(name: str) -> str:
        value = getattr(settings, name)
        if isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, int | float):
            text = str(value)
        elif isinstance(value, tuple):
            text = "[" + ", ".join(_quoted(item) for item in value) + "]"
        else:
            text = _quoted(value)
        return f"{name} = {text}"

    parts = [
        "# 上游节点设置 / settings of a Shangyou node. 环境变量 SHANGYOU_<NAME> 优先 / the environment goes first."
    ]
    for title, names in GROUPS.items():
        parts += ["", f"# {title}", *map(line, names)]
    return "\n".join(parts) + "\n"


def changed(text: str, name: str, value: str) -> str:
    """The text of a `node.toml` with another value of one setting, all else as it stands."""
    line = f"{name} = {_quoted(value)}"
    found, number = re.subn(rf"(?m)^{name}[ \t]*=.*$", lambda _: line, text, count=1)
    return found if number else f"{line}\n{text}"  # at the front: behind a table it would be of that


def _quoted(text: str) -> str:
    """As a basic string of TOML, whose escapes are those of JSON but for U+007F."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


GROUPS: Final = {
    "本节点 / this node: level is national, provincial or municipal": (
        *("name_zh", "name_en", "level", "adm_code", "language", "simulated"),
    ),
    "网页与接口 / portal and API; http_body_bytes of a deed; tls_*: files of certificates, empty = plain HTTP": (
        *("http_host", "http_port", "http_body_bytes"),
        *("tls_certificate", "tls_key", "tls_clients", "tls_authorities"),
    ),
    "HJ 212 监听 / listener: port 0 = none; unknown_devices is quarantine or refuse": (
        *("hj212_host", "hj212_port", "unknown_devices", "hj212_connections", "hj212_idle_seconds"),
    ),
    "文件与定时抓取 / files and scheduled pulls: empty = off": (
        *("folder", "folder_quiet_seconds", "pull_address", "pull_minutes", "provinces"),
    ),
    "合约答复 / answers: in working days; the yearly list of moved days is workdays.toml beside this file": (
        *("answer_days_unconditional", "answer_days_conditional", "answer_days_counter"),
    ),
    "预警通知 / notices of warnings: e-mail, webhook or plug-in; webhook bodies are signed with webhook_secret": (
        *("notify", "duty_office", "duty_phone", "duty_phones", "portal_address"),
        *("smtp_host", "smtp_port", "smtp_security", "smtp_from", "smtp_user", "smtp_password", "webhook_secret"),
    ),
    "存储 / stores: state empty = SQLite in the home; ledger_hash is sha256 or sm3, once for all": (
        *("state", "memory", "threads", "ledger_hash"),
    ),
}
