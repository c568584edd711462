"""Front-end files of others: named, with their licences, unchanged, and from no address of ours."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import shangyou.faces.portal

FRONTEND = Path(__file__).parents[3] / "frontend"
VENDOR = Path(shangyou.faces.portal.__file__).parent / "static" / "vendor"


def test_the_build_put_there_what_is_named_and_nothing_else() -> None:
    wanted = tomllib.loads((FRONTEND / "vendor.toml").read_text(encoding="utf-8"))
    named = {*wanted["files"].values(), *wanted["licences"].values()}
    assert {file.name for file in VENDOR.iterdir()} == {*named, "MANIFEST.json"}


def test_every_file_is_as_the_manifest_says() -> None:
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_every_package_comes_with_its_licence() -> None:
    wanted = tomllib.loads((FRONTEND / "vendor.toml").read_text(encoding="utf-8"))
    packages = {source.split("/")[0] for source in wanted["files"]}
    assert packages <= {source.split("/")[0] for source in wanted["licences"]}


def test_versions_are_exact_and_the_lock_names_no_address() -> None:
    packages = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    assert all(version[0].isdigit() for version in packages["dependencies"].values())
    lock = (FRONTEND / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock
    assert "://" not in lock
    assert "integrity" in lock
    assert "omit-lockfile-registry-resolved=true" in (FRONTEND / ".npmrc").read_text(encoding="utf-8")
