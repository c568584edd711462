#!/bin/sh
# The browser tests need a Chromium and a font with Chinese: install Debian's packages if we may, or say what to install.
set -eu
missing=""
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="chromium"
ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 || missing="$missing fonts-noto-cjk"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
else
    echo "浏览器测试缺少：$missing，请用 apt-get 安装 / the browser tests need: $missing (apt-get install$missing)" >&2
    exit 2
fi
