#!/usr/bin/env bash
# Installs what the build and the tests need, by package name, from the registries this machine is set up for.
# Idempotent: a second run finds everything there and changes nothing. Run as root (or with sudo at hand).
#   scripts/install.sh          everything
#   scripts/install.sh --check  only says what is missing; exit 1 if anything is
#   scripts/install.sh --for X  only what one command needs beside: packages-X.txt
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
list=packages.txt; [ "${1:-}" != --for ] || list=packages-${2:?for which command?}.txt
[ -f "$here/$list" ] || { echo "install: no $list" >&2; exit 2; }
readonly CATCH2_MIN=3.7.1  # From backports: bookworm itself has 2.13.

installed_version() { dpkg-query -W -f='${db:Status-Abbrev} ${Version}' "$1" 2>/dev/null | sed -n 's/^ii *//p'; }

has() {  # has PACKAGE [MINIMUM]
  local version; version=$(installed_version "$1")
  [ -n "$version" ] && { [ -z "${2:-}" ] || dpkg --compare-versions "$version" ge "$2"; }
}

missing() {
  while read -r name minimum; do
    case $name in ''|'#'*) continue ;; esac
    has "$name" "$minimum" || echo "$name"
  done <"$here/$list"
  [ $list = packages.txt ] || return 0
  has catch2 "$CATCH2_MIN" || echo catch2
  # DuckDB comes as a Go module: Debian's Go is enough where the machine has none and DuckDB is not there yet.
  "$here/install-duckdb.sh" --check || command -v go >/dev/null || echo golang-go
}

apt_get() { $sudo apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -qq "$@"; }

# Catch2 3 lives in bookworm-backports. The entry uses the mirror that this machine already uses; backports has
# priority 100, so nothing but what is asked for with -t comes from there.
enable_backports() {
  grep -rqs '^[^#]*bookworm-backports' /etc/apt/sources.list /etc/apt/sources.list.d && return
  local mirror
  mirror=$(sed -n 's/^URIs:[[:space:]]*//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1 || true)
  [ -n "$mirror" ] || mirror=$(sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) +bookworm +main.*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1 || true)
  [ -n "$mirror" ] || { echo "install: no Debian mirror found in apt's configuration" >&2; exit 1; }
  printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" | $sudo tee /etc/apt/sources.list.d/strom-backports.sources >/dev/null
}

verify() {
  local left; left=$(missing)
  [ -z "$left" ] && return
  echo "install: still missing or too old: $(echo $left)" >&2
  exit 1
}

if [ "${1:-}" = --check ]; then
  verify
  "$here/install-duckdb.sh" --check || { echo "install: still missing: DuckDB (scripts/install-duckdb.sh)" >&2; exit 1; }
  exit 0
fi
. /etc/os-release
[ "${VERSION_CODENAME:-}" = bookworm ] || { echo "install: made for Debian 12 (bookworm), this is ${PRETTY_NAME:-unknown}" >&2; exit 1; }

wanted=$(missing)
if [ -n "$wanted" ]; then
  echo "install: $(echo $wanted)"
  [ $list != packages.txt ] || enable_backports
  # Database packages must not start a server of their own: ours are started on free ports and stopped again.
  # Debian's way to say so is a policy file; it is put back as it was.
  policy=/usr/sbin/policy-rc.d; had_policy=1
  if [ ! -e $policy ]; then had_policy=; printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null; $sudo chmod 755 $policy; fi
  trap '[ -n "$had_policy" ] || $sudo rm -f $policy' EXIT
  apt_get update
  # Catch2 first: libspdlog-dev would otherwise pull in the old one.
  case " $(echo $wanted) " in *" catch2 "*) apt_get install -y --no-install-recommends -t bookworm-backports catch2 >/dev/null ;; esac
  # shellcheck disable=SC2046
  rest=$(echo "$wanted" | grep -vx catch2 || true)
  [ -z "$rest" ] || apt_get install -y --no-install-recommends $rest >/dev/null
  verify
fi
[ $list != packages.txt ] || "$here/install-duckdb.sh"
