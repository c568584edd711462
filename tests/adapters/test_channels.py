"""Notices over real servers on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.adapters.channels import Channels, known
from shangyou.adapters.channels.email import Email, Smtp
from shangyou.adapters.channels.webhook import Webhook
from shangyou.core.errors import InputError, NotFoundError, UnavailableError
from shangyou.governance.warning.notice import Notice
from tests.fakes.smtp import HookServer, MailServer, serving

NOTICE = Notice("abc", 1_800_000_000_000, "预警：泸州江段\n苯泄漏", "请在 15 分钟内确认。", "https://node/warnings/x")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    with serving(server):
        yield server


@pytest.fixture
def hook() -> Iterator[HookServer]:
    server = HookServer()
    with serving(server):
        yield server


def test_an_e_mail_arrives_whole_in_one_line_of_subject_and_with_its_link(mail: MailServer) -> None:
    Email(Smtp("127.0.0.1", mail.port, sender="node@example.cn")).send("zhiban@example.cn", NOTICE)
    [(recipient, message)] = mail.taken
    assert recipient == "zhiban@example.cn"
    assert message["Subject"] == "预警：泸州江段 苯泄漏"
    assert message["Message-ID"] == "<abc@example.cn>"
    assert message.get_content().split() == ["请在", "15", "分钟内确认。", "https://node/warnings/x"]


def test_a_server_that_refuses_or_is_not_there_is_told_with_its_reason(mail: MailServer) -> None:
    mail.refusing = True
    with pytest.raises(UnavailableError) as caught:
        Email(Smtp("127.0.0.1", mail.port)).send("a@example.cn", NOTICE)
    assert "450" in str(caught.value.facts["detail"])
    for settings in (Smtp("127.0.0.1", 1), Smtp()):
        with pytest.raises(UnavailableError) as caught:
            Email(settings).send("a@example.cn", NOTICE)
        assert caught.value.code == "channel.failed"


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>"])
def test_what_is_no_address_is_not_tried(address: str) -> None:
    with pytest.raises(InputError, match=r"channel\.address"):
        Email(Smtp("127.0.0.1", 1)).send(address, NOTICE)


def test_the_receiver_of_a_webhook_can_check_whose_it_is(hook: HookServer) -> None:
    Webhook("secret").send(hook.address, NOTICE)
    [(path, headers, body)] = hook.taken
    assert path == "/hook?to=duty"
    assert json.loads(body)["title"] == NOTICE.title
    signed = headers["x-shangyou-time"].encode() + b"." + body
    assert headers["x-shangyou-signature"] == "sha256=" + hmac.new(b"secret", signed, hashlib.sha256).hexdigest()
    assert headers["x-shangyou-id"] == "abc"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_whatever_is_no_success_is_a_failure_and_no_redirection_is_followed(hook: HookServer, status: int) -> None:
    hook.status = status
    with pytest.raises(UnavailableError) as caught:
        Webhook("s").send(hook.address, NOTICE)
    assert caught.value.facts["detail"] == f"HTTP {status}"
    assert "to=duty" not in str(caught.value.facts["address"])  # a query may be a secret
    assert len(hook.taken) == 1


@pytest.mark.parametrize(
    "address",
    ["http://example.cn/x", "ftp://127.0.0.1/", "https://", "http://127.0.0.1:99999/", "//x", "https://h ost/"],
)
def test_a_webhook_goes_over_tls_or_to_this_machine(address: str) -> None:
    with pytest.raises(InputError, match=r"channel\.address"):
        Webhook("s").send(address, NOTICE)


def test_text_messages_come_from_a_package_of_others(tmp_path: Path, search_path: list[str]) -> None:
    package = tmp_path / "gateway"
    (package / "gateway-1.0.dist-info").mkdir(parents=True)
    (package / "gateway-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: gateway\nVersion: 1.0\n")
    (package / "gateway-1.0.dist-info" / "entry_points.txt").write_text("[shangyou.channels]\nsms = gateway_sms:make\n")
    (package / "gateway_sms.py").write_text(
        "class Sms:\n"
        "    def __init__(self, home):\n        self.file = home / 'sent.txt'\n"
        "    def send(self, address, notice):\n        self.file.write_text(address + ' ' + notice.id)\n"
        "def make(home):\n    return Sms(home)\n"
    )
    search_path.insert(0, str(package))
    channels = Channels(tmp_path, Smtp(), "")
    channels.channel("sms").send("13900000000", NOTICE)
    assert (tmp_path / "sent.txt").read_text() == "13900000000 abc"
    assert known() == {"email": "", "webhook": "", "sms": "gateway"}
    with pytest.raises(NotFoundError, match=r"channel\.unknown"):
        channels.channel("pigeon")


@pytest.fixture
def search_path() -> Iterator[list[str]]:
    """The path on which packages are found, as it was after the test."""
    import sys

    before = sys.path.copy()
    yield sys.path
    sys.path[:] = before
