#!/usr/bin/env bash
# Installs what ./run prove breaks things with (packages-prove.txt), by package name, from the registries this machine is
# set up for. Idempotent: a second run finds everything there and changes nothing. Run as root (or with sudo at hand).
#   scripts/install-prove.sh          all of it
#   scripts/install-prove.sh --check  only says what is missing; exit 1 if anything is
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive

missing() {
  local name minimum version
  while read -r name minimum; do
    case $name in ''|'#'*) continue ;; esac
    version=$(dpkg-query -W -f='${db:Status-Abbrev} ${Version}' "$name" 2>/dev/null | sed -n 's/^ii *//p')
    { [ -n "$version" ] && dpkg --compare-versions "$version" ge "$minimum"; } || echo "$name"
  done <"$here/packages-prove.txt"
}

verify() {
  local left; left=$(missing)
  [ -z "$left" ] || { echo "install-prove: missing or too old: $(echo $left)" >&2; exit 1; }
}

[ "${1:-}" != --check ] || { verify; exit 0; }
wanted=$(missing)
[ -n "$wanted" ] || exit 0
echo "install-prove: $(echo $wanted)"
apt_get() { $sudo apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -qq "$@"; }
apt_get update
# shellcheck disable=SC2086
apt_get install -y --no-install-recommends $wanted >/dev/null
verify
