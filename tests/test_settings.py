"""Settings: read from the home and the environment, wrong ones refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.core.errors import InputError, NotFoundError
from shangyou.settings import FILE, GROUPS, Settings, load, template


def home(tmp_path: Path, text: str = "") -> Path:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_is_written_for_a_new_node_reads_back_as_it_was(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, name_zh='四川"省"\\\n\t\x7f', provinces=("四川省", "重庆市"), simulated=True)
    assert load(home(tmp_path, template(settings)), {}) == settings


def test_every_setting_stands_in_the_file_that_is_written() -> None:
    written = {name for names in GROUPS.values() for name in names}
    assert written == set(Settings.__dataclass_fields__) - {"home"}


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    where = home(tmp_path, "http_port = 1\nprovinces = []")
    found = load(where, {"SHANGYOU_HTTP_PORT": "2", "SHANGYOU_PROVINCES": "四川省,", "SHANGYOU_SIMULATED": "true"})
    assert (found.http_port, found.provinces, found.simulated) == (2, ("四川省",), True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("http_port = 'x'", "settings.value"),
        ("level = 'galactic'", "settings.value"),
        ("http_port = 99999", "settings.value"),
        ("threads = 0", "settings.value"),
        ('ledger_hash = "md5"', "settings.value"),
        ("folder_quiet_seconds = nan", "settings.value"),
        ("htttp_port = 1", "settings.name"),
        ("http_port = ", "settings.toml"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(InputError) as told:
        load(home(tmp_path, text), {})
    assert told.value.code == code


def test_a_folder_without_a_node_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"settings\.home"):
        load(tmp_path, {})
