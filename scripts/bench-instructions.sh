#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a TCP segment costs in instructions.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<'END'
Usage: scripts/bench-instructions.sh

What a TCP segment costs in instructions, without loss: callgrind counts, so the figures repeat
whatever else the machine does. Needs valgrind, and a build in build/ (ISLA_BUILD).
END
}

case ${1:-} in
-h | --help) usage; exit 0 ;;
-*) die "unknown option $1; see --help" ;;
'') ;;
*) die "unexpected argument $1; see --help" ;;
esac
perf=$ISLA_BUILD/tests/perf/perf_tcp
[ -x "$perf" ] || die "$perf is not there: build first (meson setup build && ninja -C build)"
command -v valgrind >/dev/null || die "valgrind is not there: apt-get install valgrind"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# count FUNCTION SEGMENTS BURST FAMILY OFFLOAD: instructions within FUNCTION; the run's own counts
# are left in $tmp/counts
count()
{
	valgrind --tool=callgrind --callgrind-out-file="$tmp/out" --toggle-collect="$1" \
		"$perf" "${@:2}" >"$tmp/counts" 2>"$tmp/err" || die "$(tail -3 "$tmp/err")"
	awk '/^summary:|^totals:/ {n = $2} END {print n + 0}' "$tmp/out"
}

# Two runs of different length: what they differ by is the steady state.
cost()
{
	local few many segs_few acks_few segs_many acks_many

	few=$(count "$1" 4000 "${@:2}")
	read -r _ segs_few _ acks_few _ <"$tmp/counts"
	many=$(count "$1" 24000 "${@:2}")
	read -r _ segs_many _ acks_many _ <"$tmp/counts"
	echo $(((many - few) / (segs_many - segs_few))) $(((many - few) / (acks_many - acks_few)))
}

printf '%-34s %10s %10s %10s\n' 'instructions' 'received' 'an ACK' 'sent'
printf '%-34s %10s %10s %10s\n' '' 'a segment' '' 'a segment'
for burst in 2 32; do
	for family in 4 6; do
		for offload in offload software; do
			read -r rx _ <<<"$(cost measure_receive $burst $family $offload)"
			read -r _ ack <<<"$(cost measure_acks $burst $family $offload)"
			read -r tx _ <<<"$(cost measure_send $burst $family $offload)"
			printf '%-34s %10s %10s %10s\n' "IPv$family, bursts of $burst, checksum $offload" \
				"$rx" "$ack" "$tx"
		done
	done
done
