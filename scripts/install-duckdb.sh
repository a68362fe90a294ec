#!/usr/bin/env bash
# Puts DuckDB's static libraries and its C header on this machine, from the Go module that carries them (the Go client
# checks its checksum against the sums below). Idempotent: a second run finds the prefix and is instant.
#   scripts/install-duckdb.sh          installs
#   scripts/install-duckdb.sh --check  exit 1 if it is not there
#   scripts/install-duckdb.sh --where  says where it is or would go
# The prefix is machine-wide, so that fresh clones need no download: /usr/local/lib/strom/duckdb-VERSION for root,
# else $HOME/.cache/strom/duckdb-VERSION. cmake/FindDuckDB.cmake looks into both.
set -euo pipefail
readonly VERSION=1.5.6
readonly MODULE_VERSION=v0.10506.0  # The bindings count 1.5.6 as 0.10506.0.
readonly PLATFORM=linux-amd64
readonly MODULE=github.com/duckdb/duckdb-go-bindings/lib/$PLATFORM

system=/usr/local/lib/strom/duckdb-$VERSION
own=${XDG_CACHE_HOME:-$HOME/.cache}/strom/duckdb-$VERSION
if [ -e "$system/complete" ] || [ "$(id -u)" = 0 ]; then prefix=$system; else prefix=$own; fi

case ${1:-} in
  --where) echo "$prefix"; exit 0 ;;
  --check) [ -e "$prefix/complete" ] || exit 1; exit 0 ;;
esac
[ -e "$prefix/complete" ] && exit 0

[ "$(uname -sm)" = "Linux x86_64" ] || { echo "install-duckdb: there are libraries for Linux x86_64 only, this is $(uname -sm)" >&2; exit 1; }
command -v go >/dev/null || { echo "install-duckdb: needs go" >&2; exit 1; }

mkdir -p "$(dirname "$prefix")"
work=$prefix.$$  # Beside the prefix: what is whole is renamed into place.
mkdir "$work"
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir "$work/module" "$work/tree"
cd "$work/module"
printf 'module fetch\n\ngo 1.19\n' >go.mod
cat >go.sum <<SUMS
$MODULE $MODULE_VERSION h1:yy2TUU+YWxiBiOQryYseUl0AcUzoFFYRmmrCGijUxiU=
$MODULE $MODULE_VERSION/go.mod h1:KAIynZ0GHCS7X5fRyuFnQMg/SZBPK/bS9OCOVojClxw=
SUMS
# The module goes to a cache of its own, that is removed again: 300 MB that nobody else reads. The checksums stand in
# go.sum, so no checksum database is asked.
export GOTOOLCHAIN=local GOFLAGS=-mod=mod GOWORK=off GOMODCACHE=$work/cache
download=$(go mod download -json "$MODULE@$MODULE_VERSION") || { echo "$download" >&2; exit 1; }
directory=$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p' <<<"$download")
mkdir "$work/tree/include" "$work/tree/lib"
install -m 644 "$directory/duckdb.h" "$work/tree/include/"
install -m 644 "$directory"/*.a "$work/tree/lib/"
touch "$work/tree/complete"
[ -e "$prefix" ] && rm -rf "$prefix"
chmod 755 "$work/tree"
mv "$work/tree" "$prefix"
echo "install-duckdb: DuckDB $VERSION is in $prefix"
