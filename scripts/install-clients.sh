#!/usr/bin/env bash
# Makes the official Fluss clients ready for tests/integration/clients: a Python venv with pyfluss and the compiled Java
# test with its jars. Every wheel and jar is pinned by hash. Idempotent: what is up to date is left alone, without network.
#   STROM_CACHE   where to put them: $STROM_CACHE/venv and $STROM_CACHE/java; default <repository>/.strom
# Needs python3-venv, openjdk-17-jdk-headless and maven (scripts/install.sh).
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
clients=$repo/tests/integration/clients
: "${STROM_CACHE:=$repo/.strom}"
readonly PYTHON=/usr/bin/python3  # Debian's, also where another python3 comes first in PATH.
mkdir -p "$STROM_CACHE"
exec 9>"$STROM_CACHE/install-clients.lock"; flock 9

# One hash over the contents of the files given; a target carries it in its file `stamp` once it is complete.
stamp_of() { cat -- "$@" | sha256sum | cut -d' ' -f1; }
is_current() { [ "$(cat "$1/stamp" 2>/dev/null)" = "$2" ]; }

install_python() {
  local venv=$STROM_CACHE/venv requirements=$clients/python/requirements.txt stamp
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
    { echo "install-clients: $PYTHON is not Python 3.11" >&2; exit 1; }
  stamp=$(stamp_of "$requirements" <("$PYTHON" -VV))
  is_current "$venv" "$stamp" && return
  echo "install-clients: $venv"
  rm -rf "$venv"
  "$PYTHON" -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements"
  "$venv/bin/python" -m pip check -q
  echo "$stamp" >"$venv/stamp"
}

install_java() {
  local java=$STROM_CACHE/java project=$clients/java stamp sources
  mapfile -t sources < <(find "$project/src" -name '*.java' | LC_ALL=C sort)
  stamp=$(stamp_of "$project/pom.xml" "$project/lib.sha256" "${sources[@]}")
  is_current "$java" "$stamp" && return
  echo "install-clients: $java"
  rm -rf "$java"
  # -C: a checksum that does not match is an error. Offline first: after the first time all is in Maven's own store.
  local mvn=(mvn -q -B -ntp -C -f "$project/pom.xml" "-Dstrom.out=$java" dependency:copy-dependencies compiler:compile)
  "${mvn[@]}" -o >"$STROM_CACHE/maven-offline.log" 2>&1 || { rm -rf "$java"; "${mvn[@]}"; }
  # Exactly the pinned jars, and these with the pinned contents.
  (cd "$java/lib" && sha256sum --quiet --strict -c "$project/lib.sha256" &&
    diff <(ls) <(sed 's/^.*[ *]//' "$project/lib.sha256" | LC_ALL=C sort)) ||
    { rm -rf "$java"; echo "install-clients: jars differ from java/lib.sha256" >&2; exit 1; }
  echo "$stamp" >"$java/stamp"
}

install_python
install_java
