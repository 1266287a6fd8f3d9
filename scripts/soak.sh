#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Everything at once, for minutes: load, downloads, faults, a flapping port, a table that moves, a
# prompt and telemetry that are never left alone. Nothing may be lost, wrong, or larger than before.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

HOST=192.168.1.1
STACK=192.168.1.2
FILE_MB=20
GROWTH_KB=8192 # of resident memory, once warm
PHASE=8        # seconds

usage()
{
	cat <<'END'
Usage: scripts/soak.sh [OPTION...] [MINUTES]

Runs isla with several shards on a TAP in a network namespace of its own, and for so many minutes (5)
  wrk asks for pages, keeping its connections; curl downloads a file again and again, which is compared
  entries of the table from hash to shard are moved, the prompt and telemetry asked without a pause
in turns of a few seconds with
  calm   nothing else: no request may fail
  fault  1 % loss, duplicates, reordering, corruption in both directions: requests may be late
  flap   the port stopped and started, its link taken down and up: requests may be late
At the end no mbuf may be missing and no memory have been taken after the first quarter of the time.
Needs root, wrk, curl and a build.

  --build DIR      where isla was built [build]
  --lcores LIST    EAL's --lcores ['(0-3)@(0,1)']
  --queues N       pairs of queues of the TAP, at most; 0: one a shard [0]
  --keep DIR       put what isla, wrk and curl said there

Exit code: 0 all was well; 1 it was not, or it was not possible.
END
}

build=$ISLA_BUILD
lcores='(0-3)@(0,1)'
queues=0
keep=
minutes=5

parse_options()
{
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) usage; exit 0 ;;
		--build | --lcores | --queues | --keep) need_value "$1" $# ;;
		-*) die "unknown option '$1'; see --help" ;;
		*)
			minutes=$1
			[[ $minutes =~ ^[1-9][0-9]{0,3}$ ]] ||
				die "'$minutes' is not possible: give minutes, 1 to 9999"
			shift
			continue
			;;
		esac
		case $1 in
		--build) build=$2 ;;
		--lcores) lcores=$2 ;;
		--queues) queues=$2 ;;
		--keep) keep=$2 ;;
		esac
		shift 2
	done
	[[ $queues =~ ^[0-9]{1,2}$ ]] || die "--queues '$queues': give a number"
}

check_tools()
{
	local tool

	is_root || die "it makes a network namespace, which needs root"
	[ -x "$build/app/isla" ] || die "$build has no isla: build it, or give --build DIR"
	for tool in wrk curl ethtool; do
		command -v "$tool" >/dev/null || die "$tool is needed: apt-get install wrk curl"
	done
	tun_device_ensure || die "/dev/net/tun cannot be opened: load the module tun (modprobe tun)"
}

in_ns()
{
	ip netns exec "$ns" "$@"
}

# ---- isla

answers()
{
	in_ns curl -s -o "$dir/page" --max-time 2 "http://$STACK/"
}

isla_start()
{
	local options=()

	[ "$queues" -eq 0 ] || options=(--rxq="$queues" --txq="$queues")
	mkfifo "$dir/prompt"
	ip netns exec "$ns" "$build/app/isla" --no-huge --no-shconf -m 1400 --no-pci --file-prefix="$ns" \
		--lcores "$lcores" --vdev=net_tap0,iface=isla0 --log-level=pmd.net.tap:3 -- \
		-i --host-ip="$HOST/24" --ip="$STACK/24" --docroot="$dir/docroot" \
		--tcp-time-wait=1s "${options[@]}" <"$dir/prompt" >"$dir/isla.out" 2>"$dir/isla.err" &
	isla=$!
	exec 4>"$dir/prompt"
	wait_until 20 answers || die "isla does not answer: $(tail -3 "$dir/isla.err")"
}

prompt()
{
	printf '%s\n' "$*" >&4
}

# prompt_done: what was asked so far has been done; others ask meanwhile.
prompt_done()
{
	nb_done=$((nb_done + 1))
	prompt "show done$nb_done"
	wait_until 60 grep -q "show done$nb_done'" "$dir/isla.out" || die "the prompt hangs"
}

rss_kb()
{
	awk '/^VmRSS/ {print $2}' "/proc/$isla/status" 2>/dev/null
}

# ---- what goes on all the time

move_entries()
{
	while :; do
		prompt "set reta $((RANDOM % 128)) $((RANDOM % nb_shards))"
		sleep 0.05
	done
}

ask_prompt()
{
	local what

	while :; do
		for what in "show shards" "show tcp conns" "show reta" "show stats" "show drops" \
			"show neigh" "show mempools" "show port stats all" "show timers" \
			"show port info 0" "ping $HOST 1" "show nonsense" "set reta 500 0"; do
			prompt "$what"
			sleep 0.05
		done
	done
}

ask_telemetry()
{
	/usr/bin/python3 - "/var/run/dpdk/$ns/dpdk_telemetry.v2" <<'END'
import itertools, json, socket, sys, time

s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.recv(65536)
for name in itertools.cycle(("info", "ports", "shards", "loop", "counters", "drops", "histograms",
                             "tcp/conns", "udp", "neigh", "timers", "mempools", "faults", "nonsense")):
    s.send(f"/isla/{name}".encode())
    json.loads(s.recv(65536))
    time.sleep(0.002)
END
}

# One line of what became of each download: its end's time, and the word "good" or what was wrong. While
# the link is down the client has no route; it tries again.
download()
{
	local rc

	while :; do
		rc=0
		in_ns curl -s --max-time 120 -o "$dir/got" "http://$STACK/file" || rc=$?
		if [ "$rc" -eq 7 ] && [ "$(cat "$dir/turn")" = flap ]; then
			say "$SECONDS good, but for the route"
			sleep 0.2
		elif [ "$rc" -ne 0 ]; then
			say "$SECONDS failed: curl $rc"
		elif cmp -s "$dir/got" "$dir/docroot/file"; then
			say "$SECONDS good"
		else
			cp "$dir/got" "$dir/wrong"
			say "$SECONDS wrong bytes, kept in wrong"
		fi
	done
}

watch_memory()
{
	while :; do
		rss_kb
		sleep 2
	done
}

background()
{
	"$1" >"$dir/$1.out" 2>"$dir/$1.err" </dev/null &
	helpers+=($!)
}

# ---- turns

# wrk_run NAME: connections that are kept, for a turn; late is late after 30 s.
wrk_run()
{
	in_ns wrk -t1 -c40 -d "${PHASE}s" --timeout 30s "http://$STACK/" >>"$dir/wrk.$1" 2>&1 &
	wrk=$!
}

turn()
{
	say "$1" >"$dir/turn"
	wrk_run "$1"
	case $1 in
	calm) sleep 1 ;;
	fault) prompt "fault set both drop 1% dup 0.5% reorder 1% corrupt 0.01%" ;;
	flap)
		for _ in 1 2 3; do
			sleep 1
			prompt "port stop 0"
			sleep 0.3
			prompt "port start 0"
			prompt_done
			sleep 1
			ip -n "$ns" link set isla0 down
			sleep 0.2
			ip -n "$ns" link set isla0 up
		done
		;;
	esac
	wait "$wrk" || problem "$1: wrk has failed"
	prompt "fault off"
	kill -0 "$isla" 2>/dev/null || return 1
	prompt_done
	# What is late gets its time, and the port's link, too.
	[ "$1" = calm ] || sleep 3
	wait_until 20 answers || problem "$1: isla does not answer any more"
}

# ---- judgement

problem()
{
	warn "$*"
	nb_problems=$((nb_problems + 1))
}

judge_wrk()
{
	local name requests allowed

	for name in calm fault flap; do
		requests=$(awk '/requests in/ {n += $1} END {print n + 0}' "$dir/wrk.$name")
		say "wrk, $name: $requests requests"
		[ "$requests" -gt 0 ] || problem "$name: no request was answered"
		! grep -q "Non-2xx" "$dir/wrk.$name" || problem "$name: answers that are none"
		allowed='connect 0, read 0, write 0, timeout 0$'
		[ "$name" = calm ] || allowed='connect 0, read 0, write 0, timeout'
		grep "Socket errors" "$dir/wrk.$name" >"$dir/errors" || continue
		! grep -v "$allowed" "$dir/errors" || problem "$name: requests have failed"
	done
}

judge_downloads()
{
	local good bad

	good=$(grep -c "good$" "$dir/download.out" || true)
	bad=$(grep -vc "good" "$dir/download.out" || true)
	say "downloads of $FILE_MB MB: $good good, $bad not"
	[ "$good" -gt 0 ] || problem "no download has ended"
	[ "$bad" -eq 0 ] || problem "downloads: $(grep -v good "$dir/download.out" | head -3)"
}

judge_memory()
{
	local first last

	# Medians, of the second quarter and of the last one.
	first=$(awk '{v[NR] = $1} END {for (i = int(NR / 4) + 1; i <= int(NR / 2); i++) print v[i]}' \
		"$dir/watch_memory.out" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}')
	last=$(awk '{v[NR] = $1} END {for (i = int(NR * 3 / 4) + 1; i <= NR; i++) print v[i]}' \
		"$dir/watch_memory.out" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}')
	say "resident memory: $first kB, at the end $last kB"
	[ $((last - first)) -le "$GROWTH_KB" ] || problem "memory grows"
}

judge_isla()
{
	local rc=0 asked what

	exec 5>&4
	prompt "quit"
	exec 4>&- 5>&-
	wait_until 20 process_gone "$isla" || problem "isla does not quit"
	wait "$isla" || rc=$?
	[ "$rc" -eq 0 ] || problem "isla has ended with $rc: $(tail -3 "$dir/isla.err")"
	grep -q "mbufs missing: 0" "$dir/isla.out" ||
		problem "mbufs: $(grep -h "mbufs missing" "$dir/isla.out" || echo "nothing was said")"
	for what in handoverOut handoverPassedOn handoverDropFull; do
		grep -h "^ *$what" "$dir/isla.out" | tail -1 || true
	done
	# Each round of questions has one that is none.
	asked=$(grep -c "show nonsense" "$dir/isla.out" || true)
	say "prompt: $asked rounds of questions"
	[ "$asked" -gt 0 ] || problem "the prompt has not answered"
}

# ---- the run

parse_options "$@"
check_tools
trap_exit
ns=isla-soak-$$
helpers=()
nb_problems=0
nb_done=0
if [ -n "$keep" ]; then
	mkdir -p "$keep"
	dir=$(cd "$keep" && pwd)
	rm -f "$dir"/wrk.* "$dir/prompt"
else
	dir=$(mktemp -d)
	on_exit rm -rf "$dir"
fi
mkdir -p "$dir/docroot"
head -c $((FILE_MB << 20)) /dev/urandom >"$dir/docroot/file"
head -c 400 /dev/urandom | base64 -w 76 >"$dir/docroot/index.html"
netns_add "$ns" || die "no network namespace can be made"
say calm >"$dir/turn"
step "Starting isla"
isla_start
nb_shards=$(/usr/bin/python3 - "/var/run/dpdk/$ns/dpdk_telemetry.v2" <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.recv(65536)
s.send(b"/isla/info")
print(json.loads(s.recv(65536))["/isla/info"]["nb_shards"])
END
)
step "$minutes minutes with $nb_shards shards"
for helper in move_entries ask_prompt ask_telemetry download watch_memory; do
	background "$helper"
done
end=$((SECONDS + minutes * 60))
while [ "$SECONDS" -lt "$end" ]; do
	for kind in calm fault calm flap; do
		[ "$SECONDS" -lt "$end" ] || break
		turn "$kind" || { problem "isla has gone in a turn of $kind"; break 2; }
	done
done
for pid in "${helpers[@]}"; do
	kill -0 "$pid" 2>/dev/null || problem "a helper has ended by itself: $(cat "$dir"/*.err | tail -3)"
	stop_process "$pid"
done
judge_wrk
judge_downloads
judge_memory
judge_isla
[ "$nb_problems" -eq 0 ] || die "$nb_problems problems"
say "all was well"
