#!/usr/bin/env bash
# Checks docs/design/replication.pml with Spin: that our rule of replication holds, that Fluss's does not, and that ours
# without any one of its parts does not either. One line a run; exit code 1 if a result is another than expected.
#   scripts/model.sh           all of it: three minutes, 1.5 GB
#   scripts/model.sh --quick   our rule with fewer records, and Fluss's: half a minute
#   scripts/model.sh --trace   all of it, with every counterexample step by step
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
quick=; trace=
case ${1:-} in
  '') ;;
  --quick) quick=1 ;;
  --trace) trace=1 ;;
  *) echo "usage: model.sh [--quick | --trace]" >&2; exit 2 ;;
esac
command -v spin >/dev/null || { echo "model: spin is not here (scripts/install.sh --for model)" >&2; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
ln -s "$repo/docs/design/replication.pml" .
readonly FORMAT='%-48s %7s %11s %6s %8s  %s\n'
unexpected=0
: >traces

# The steps of the last counterexample: what happened; of each server the log and the high watermark.
print_trace() {
  spin -t "$@" replication.pml | awk -F'|' '
    BEGIN { printf "  %4s %-58s %-8s %-8s %s\n", "", "", "server 1", "server 2", "server 3" }
    { sub(/^ +/, ""); gsub(/  +/, " ") }
    NF == 4 { sub(/ +$/, "", $1); printf "  %3d. %-58s %-8s %-8s %s\n", ++n, $1, $2, $3, $4 }
    /\.$/ { print "       " $0; exit }'
}

# check EXPECTED NAME FLAG…: EXPECTED is `holds` (every state is looked at, depth first) or `fails` (breadth first: the
# shortest counterexample). Every reachable state is stored whole: no hashing, no bitstate, no partial order.
check() {
  local expected=$1 name=$2 search=; shift 2
  local records=4 flag
  for flag in "$@"; do case $flag in -DRECORDS=*) records=${flag#*=} ;; esac; done
  [ "$expected" = holds ] || search=-DBFS
  rm -f ./*.trail pan*
  spin -a "$@" replication.pml >spin.log || { cat spin.log >&2; exit 1; }
  gcc -O1 -w -DSAFETY -DNOREDUCE -DNOBOUNDCHECK -DMEMLIM=1900 $search -o pan pan.c
  ./pan -n -E -m100000 -w22 >pan.log 2>&1 || true
  local states depth seconds result steps
  states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' pan.log | head -n 1)
  depth=$(sed -nE 's/.*depth reached ([0-9]+).*/\1/p' pan.log)
  seconds=$(sed -nE 's/^pan: elapsed time ([0-9.e+-]+) seconds.*/\1/p' pan.log)
  if ls ./*.trail >/dev/null 2>&1; then
    steps=$(print_trace "$@")
    result="fails: $(sed -nE '$s/^ +//p' <<<"$steps")"
    case $trace$name in 1*|Fluss*) printf '\n%s\n%s\n' "${name#"${name%%[! ]*}"}" "$steps" >>traces ;; esac
  elif grep -q 'errors: 0$' pan.log && ! grep -q 'Search not completed' pan.log; then
    result=holds
  else
    result="no answer: $(grep -m 1 -E 'error|limit|memory' pan.log || tail -n 1 pan.log)"
  fi
  if [ "${result%%:*}" != "$expected" ]; then result="UNEXPECTED: $result"; unexpected=$((unexpected + 1)); fi
  # shellcheck disable=SC2059
  printf "$FORMAT" "$name" "$records" "$states" "$depth" "${seconds:-0}" "$result"
}

echo "3 servers, 3 leader epochs, min ISR 2"
# shellcheck disable=SC2059
printf "$FORMAT" rule records states depth seconds result
check fails "Fluss 0.9: high watermark = log end, no epochs" -DRULE=FLUSS -DCALM -DONLY=LOSS
check fails "Fluss before 0.7: cut at the high watermark" -DRULE=HW -DCALM -DONLY=LOSS
if [ -n "$quick" ]; then
  check holds "Strom, replicated: crashes" -DRULE=STROM -DRECORDS=2
  check holds "Strom, durable: power failures" -DRULE=STROM -DPOWER -DRECORDS=1
else
  check holds "Strom, replicated: crashes" -DRULE=STROM -DRECORDS=4
  check holds "Strom, durable: power failures" -DRULE=STROM -DPOWER -DRECORDS=2
  check fails "  if what the leader has is acknowledged" -DRULE=STROM -DBREAK=ACK_AT_APPEND -DRECORDS=2
  check fails "  if an ISR counts before it is stored" -DRULE=STROM -DBREAK=ISR_AT_ONCE -DRECORDS=2
  check fails "  if anybody may be elected" -DRULE=STROM -DBREAK=UNCLEAN -DRECORDS=2
  check fails "  if followers join below the epoch's start" -DRULE=STROM -DBREAK=JOIN_TOO_EARLY -DRECORDS=2
  check fails "  if fetches are answered under any epoch" -DRULE=STROM -DBREAK=NO_EPOCH_CHECK -DRECORDS=2
  check fails "  if a restarted server believes old notices" -DRULE=STROM -DBREAK=OLD_NOTICE -DRECORDS=2
  check fails "  if a restarted leader keeps its epoch" -DRULE=STROM -DPOWER -DBREAK=LEAD_TWICE -DRECORDS=2
  check fails "  if positions count before they are synced" -DRULE=STROM -DPOWER -DBREAK=ACK_BEFORE_SYNC -DRECORDS=2
fi
printf '\nIn each log a, b, c are records of leader epochs 0, 1, 2; the number is the high watermark.\n'; cat traces; echo
[ "$unexpected" = 0 ] || { echo "model: $unexpected results are not as expected" >&2; exit 1; }
echo "model: all as expected"
