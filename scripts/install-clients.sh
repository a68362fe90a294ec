#!/usr/bin/env bash
# Makes ready what runs the official Fluss clients, and Apache Fluss itself: install-clients.sh [PART...]
#   python   a venv with pyfluss, for tests/integration/clients                        $STROM_CACHE/venv
#   java     the compiled Java test with its jars, for the same                        $STROM_CACHE/java
#   bench    the compiled program of bench/java; its jars are those of the Java test   $STROM_CACHE/bench
#   peer     the jars of Apache Fluss's servers, for bench/                            $STROM_CACHE/peer
# Without PART: python and java. Every wheel and jar is pinned by hash. Idempotent: what is up to date is left alone,
# without network. STROM_CACHE is <repository>/.strom unless it is set.
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

# Runs Maven's GOALs on PROJECT, whose pom puts jars into OUT/lib; they must be exactly those of PROJECT/lib.sha256.
run_maven() {  # run_maven PROJECT OUT GOAL...
  local project=$1 out=$2; shift 2
  echo "install-clients: $out"
  rm -rf "$out"
  # -C: a checksum that does not match is an error. Offline first: after the first time all is in Maven's own store.
  local mvn=(mvn -q -B -ntp -C -f "$project/pom.xml" "-Dstrom.out=$out" "$@")
  "${mvn[@]}" -o >"$STROM_CACHE/maven-offline.log" 2>&1 || { rm -rf "$out"; "${mvn[@]}"; }
  (cd "$out/lib" && sha256sum --quiet --strict -c "$project/lib.sha256" &&
    diff <(ls) <(sed 's/^.*[ *]//' "$project/lib.sha256" | LC_ALL=C sort)) ||
    { rm -rf "$out"; echo "install-clients: jars differ from $project/lib.sha256" >&2; exit 1; }
}

install_java() {
  local java=$STROM_CACHE/java project=$clients/java stamp sources
  mapfile -t sources < <(find "$project/src" -name '*.java' | LC_ALL=C sort)
  stamp=$(stamp_of "$project/pom.xml" "$project/lib.sha256" "${sources[@]}")
  is_current "$java" "$stamp" && return
  run_maven "$project" "$java" dependency:copy-dependencies compiler:compile
  echo "$stamp" >"$java/stamp"
}

install_bench() {
  local bench=$STROM_CACHE/bench stamp sources
  install_java
  mapfile -t sources < <(find "$repo/bench/java" -name '*.java' | LC_ALL=C sort)
  stamp=$(stamp_of "$clients/java/lib.sha256" "${sources[@]}")
  is_current "$bench" "$stamp" && return
  echo "install-clients: $bench"
  rm -rf "$bench"
  javac --release 17 -encoding UTF-8 -Xlint:all,-try,-processing -Werror -cp "$STROM_CACHE/java/lib/*" \
    -d "$bench/classes" "${sources[@]}"
  echo "$stamp" >"$bench/stamp"
}

install_peer() {
  local peer=$STROM_CACHE/peer project=$repo/bench/peer stamp
  stamp=$(stamp_of "$project/pom.xml" "$project/lib.sha256")
  is_current "$peer" "$stamp" && return
  run_maven "$project" "$peer" dependency:copy-dependencies
  echo "$stamp" >"$peer/stamp"
}

[ $# -gt 0 ] || set -- python java
for part in "$@"; do
  case $part in
    python|java|bench|peer) "install_$part" ;;
    *) echo "install-clients: unknown part '$part'" >&2; exit 2 ;;
  esac
done
