#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Goodput of a download over bad paths: Isla beside the kernel's TCP, on the same path.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

PORT=80
SERVER_CPU=0
CLIENT_CPU=1

usage()
{
	cat <<'END'
Usage: scripts/bench-goodput.sh [OPTION...] [-- ISLA_OPTION...]

Downloads a file by curl from nginx on the kernel's TCP (CUBIC) and from Isla, compares it byte for
byte, and prints medians of the goodput and the ratio Isla/kernel. The client is the same kernel.
Needs root, nginx, nftables and a build. All happens in network namespaces that are removed.

Two paths, at several rates of loss:
  plain    as near as can be: Isla over its TAP, the kernel over veth, which sends plain
           frames (no offloads), as a TAP does
  shaped   both servers on one bridge, behind one relay (tests/perf/relay.c) with a rate, a
           buffer and a delay towards the client
Loss is an nftables rule where frames come in at the client: the same one for both, so it hits data
only, one frame at a time. The server has CPU 0, the client CPU 1, the relay what is left of CPU 1.

  --build DIR        where isla was built [build]
  --paths "P..."     [plain shaped]
  --loss "PERCENT..." [0 0.1 1 5]
  --size-mb N        of the file [50]
  --runs N           of which the median counts [3]
  --max-seconds N    end a download then, and count what came [60]
  --rate RATE        of the shaped path [100mbit]
  --delay TIME       of the shaped path [20ms]
  --buffer BYTES     of the shaped path, in front of the rate [256K]
  --kernel-cc NAME   the kernel's congestion control [cubic]
  -- OPTION...       further options for isla, such as --tcp-sndbuf=4M

Example: scripts/bench-goodput.sh --paths plain --loss 1 --size-mb 10 --runs 1
Exit code: 0 done; 1 wrong use, not possible, or a file that did not come as it was sent.
END
}

build=$ISLA_BUILD
paths="plain shaped"
losses="0 0.1 1 5"
size_mb=50
runs=3
max_seconds=60
rate=100mbit
delay=20ms
buffer=256K
kernel_cc=cubic

parse_options()
{
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) usage; exit 0 ;;
		--) shift; isla_options=("$@"); return ;;
		--build | --paths | --loss | --size-mb | --runs | --max-seconds | --rate | --delay | \
			--buffer | --kernel-cc) need_value "$1" $# ;;
		*) die "unknown option '$1'; see --help" ;;
		esac
		case $1 in
		--build) build=$2 ;;
		--paths) paths=$2 ;;
		--loss) losses=$2 ;;
		--size-mb) size_mb=$2 ;;
		--runs) runs=$2 ;;
		--max-seconds) max_seconds=$2 ;;
		--rate) rate=$2 ;;
		--delay) delay=$2 ;;
		--buffer) buffer=$2 ;;
		--kernel-cc) kernel_cc=$2 ;;
		esac
		shift 2
	done
}

check_options()
{
	local path loss number tool

	for path in $paths; do
		[[ $path = plain || $path = shaped ]] ||
			die "--paths '$path': there are plain and shaped"
	done
	for loss in $losses; do
		[[ $loss =~ ^[0-9]{1,2}(\.[0-9]{1,3})?$ ]] ||
			die "--loss '$loss': give percents below 100, such as '0 0.1'"
	done
	for number in "$size_mb" "$runs" "$max_seconds"; do
		[[ $number =~ ^[1-9][0-9]{0,4}$ ]] ||
			die "'$number' is not possible: give a number from 1 to 99999"
	done
	[[ -x $build/app/isla && -x $build/tests/perf/relay ]] ||
		die "$build has no isla and relay: build them, or give --build DIR"
	is_root || die "it makes network namespaces, which needs root"
	for tool in nginx nft ethtool curl ss; do
		command -v "$tool" >/dev/null ||
			die "$tool is needed: apt-get install nginx-light nftables ethtool curl iproute2"
	done
	tun_device_ensure || die "/dev/net/tun cannot be opened: load the module tun (modprobe tun)"
}

# in_ns NAME COMMAND...
in_ns()
{
	ip netns exec "$ns-$1" "${@:2}"
}

# veth_add NS IFACE PEER_NS PEER_IFACE: a pair that sends frames as they stand on a wire.
veth_add()
{
	ip link add "$2" netns "$ns-$1" type veth peer name "$4" netns "$ns-$3"
	in_ns "$1" ethtool -K "$2" tx off gso off tso off gro off >/dev/null
	in_ns "$3" ethtool -K "$4" tx off gso off tso off gro off >/dev/null
	ip -n "$ns-$1" link set "$2" up
	ip -n "$ns-$3" link set "$4" up
}

# kernel_settings NS: nothing remembered from one run to the next, no window that is too small.
kernel_settings()
{
	in_ns "$1" sysctl -qw net.ipv4.tcp_no_metrics_save=1 net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
}

# kernel_address IFACE PREFIX: with congestion control by route, since a namespace may choose by
# sysctl only among those that the machine's administrator allows to everybody.
kernel_address()
{
	ip -n "$ns-kernel" addr add "$2.2/24" dev "$1"
	ip -n "$ns-kernel" route replace "$2.0/24" dev "$1" src "$2.2" congctl lock "$kernel_cc" ||
		die "--kernel-cc '$kernel_cc': the kernel does not have it"
}

# What the kernel's server really uses, seen on a connection.
kernel_cc_now()
{
	local pid cc

	in_ns client curl -s --limit-rate 100K --max-time 2 -o /dev/null "http://$1:$PORT/file.bin" &
	pid=$!
	sleep 0.5
	cc=$(in_ns kernel ss -tin | grep -owE "$kernel_cc|cubic|reno|bbr|dctcp" | head -n 1) || true
	wait "$pid" || true
	say "${cc:-unknown}"
}

# serve_nginx NS: one worker on the server's CPU.
serve_nginx()
{
	cat >"$dir/nginx.conf" <<END
user root; worker_processes 1; daemon off; pid $dir/nginx.pid; error_log $dir/nginx.log;
events { worker_connections 64; }
http {
	access_log off; sendfile on; tcp_nopush on;
	client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3;
	uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
	server { listen $PORT; root $dir/www; }
}
END
	in_ns "$1" taskset -c "$SERVER_CPU" nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" \
		>/dev/null 2>&1 &
	on_exit stop_process $!
	wait_until 10 test -s "$dir/nginx.pid" || die "nginx does not start: $(cat "$dir/nginx.log")"
}

# serve_isla NS ADDRESS
serve_isla()
{
	in_ns "$1" "$build/app/isla" -l "$SERVER_CPU" --no-huge --no-shconf -m 512 --no-pci \
		"--file-prefix=$ns-$1" --log-level=pmd.net.tap:3 --vdev=net_tap0,iface=isla0 -- \
		--ip "$2/24" --service "http:$PORT" --docroot "$dir/www" "${isla_options[@]}" \
		>"$dir/isla-$1.log" 2>&1 &
	on_exit stop_process $!
	wait_until 60 grep -sq "^isla: ready" "$dir/isla-$1.log" ||
		die "isla does not start: $(tail -n 1 "$dir/isla-$1.log")"
}

# 10.98.1.0/24: the kernel over veth; 10.98.2.0/24: Isla over its TAP.
make_plain()
{
	veth_add kernel eth1 client plain1
	kernel_address eth1 10.98.1
	ip -n "$ns-client" addr add 10.98.1.1/24 dev plain1
	serve_isla client 10.98.2.2
	ip -n "$ns-client" addr add 10.98.2.1/24 dev isla0
	ip -n "$ns-client" link set isla0 up
}

# 10.98.3.0/24: both on a bridge, and the relay between it and the client.
make_shaped()
{
	local iface

	ip -n "$ns-switch" link add br0 type bridge
	serve_isla switch 10.98.3.3
	veth_add kernel eth3 switch port3
	taskset -c "$CLIENT_CPU" "$build/tests/perf/relay" "$ns-switch" relay0 "$ns-client" shaped0 \
		"tx delay $delay rate $rate buffer $buffer limit 20000" >"$dir/relay.log" 2>&1 &
	on_exit stop_process $!
	wait_until 10 grep -sq "^relay: ready" "$dir/relay.log" || die "$(cat "$dir/relay.log")"
	# It wakes for every frame: whoever computes in between must not make it late.
	chrt -f -p 1 $! 2>/dev/null || warn "the relay runs without real-time priority"
	for iface in isla0 port3 relay0; do
		ip -n "$ns-switch" link set "$iface" master br0
		ip -n "$ns-switch" link set "$iface" up
	done
	ip -n "$ns-switch" link set br0 up
	kernel_address eth3 10.98.3
	ip -n "$ns-client" addr add 10.98.3.1/24 dev shaped0
	ip -n "$ns-client" link set shaped0 up
}

# loss_set PERCENT: of the segments that come from a server.
loss_set()
{
	local share

	share=$(awk "BEGIN { print int($1 * 1000 + 0.5) }")
	in_ns client nft -f - <<END
table inet bench
delete table inet bench
table inet bench {
	chain in {
		type filter hook input priority 0;
		tcp sport $PORT numgen random mod 100000 < $share counter drop
	}
}
END
}

# download ADDRESS: prints Mbit/s; false where a byte is wrong or nothing came.
download()
{
	local out=$dir/out rc=0 result bytes seconds

	rm -f "$out"
	result=$(in_ns client taskset -c "$CLIENT_CPU" curl -s -f --connect-timeout 10 \
		--max-time "$max_seconds" -o "$out" -w '%{size_download} %{time_total}' \
		"http://$1:$PORT/file.bin") || rc=$?
	read -r bytes seconds <<<"$result"
	# 28: the time was over.
	[[ $rc -eq 0 || $rc -eq 28 ]] && [ "$bytes" -gt 0 ] || return 1
	cmp -s -n "$bytes" "$out" "$dir/www/file.bin" || return 1
	[[ $rc -eq 28 || $bytes -eq $((size_mb * 1000000)) ]] || return 1
	awk "BEGIN { printf \"%.1f\", $bytes * 8 / 1e6 / $seconds }"
}

# median VALUE...
median()
{
	printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"
}

# rtt ADDRESS: the median of some round trips in ms.
rtt()
{
	local times

	mapfile -t times < <(in_ns client ping -c 9 -i 0.1 "$1" | grep -oP 'time=\K[0-9.]+')
	[ ${#times[@]} -gt 0 ] || die "no answer from $1"
	median "${times[@]}"
}

# measure PATH KERNEL_ADDRESS ISLA_ADDRESS: in turns, so that whatever else goes on meets both.
measure()
{
	local loss i value kernel isla kernel_median isla_median

	loss_set 0
	say "# $1: round trip $(rtt "$2") ms to the kernel, $(rtt "$3") ms to Isla"
	printf '%-8s %7s %14s %14s %8s\n' path loss/% "kernel Mbit/s" "Isla Mbit/s" ratio
	for loss in $losses; do
		loss_set "$loss"
		kernel=()
		isla=()
		for ((i = 0; i < runs; i++)); do
			value=$(download "$2") || die "$2: the file did not come as it was sent"
			kernel+=("$value")
			value=$(download "$3") || die "$3: the file did not come as it was sent"
			isla+=("$value")
		done
		kernel_median=$(median "${kernel[@]}")
		isla_median=$(median "${isla[@]}")
		printf '%-8s %7s %14s %14s %8s\n' "$1" "$loss" "$kernel_median" \
			"$isla_median" "$(awk "BEGIN { printf \"%.2f\", $isla_median / $kernel_median }")"
	done
}

# What Isla's own is called, as far as it says so.
isla_cc()
{
	local default

	default=$("$build/app/isla" -- --help |
		awk '/--tcp-cc=/ { seen = 1 } seen && match($0, /\[[a-z0-9]+\]/) {
			print substr($0, RSTART + 1, RLENGTH - 2); exit }')
	say "${default:-unknown} where not chosen${isla_options[*]:+, ${isla_options[*]}}"
}

isla_options=()
parse_options "$@"
check_options
ns=isla-goodput-$$
trap_exit
dir=$(mktemp -d /dev/shm/isla-goodput.XXXXXX)
on_exit rm -rf "$dir"
mkdir "$dir/www"
head -c $((size_mb * 1000000)) /dev/urandom >"$dir/www/file.bin"
for name in kernel client switch; do
	netns_add "$ns-$name"
	kernel_settings "$name"
done
[[ $paths = *plain* ]] && make_plain
[[ $paths = *shaped* ]] && make_shaped
serve_nginx kernel

say "# $(uname -r), $(nproc) CPUs, $size_mb MB, median of $runs, at most $max_seconds s each"
kernel_addr=10.98.1.2
[[ $paths = *plain* ]] || kernel_addr=10.98.3.2
say "# kernel: nginx, congestion control $(kernel_cc_now "$kernel_addr")"
say "# Isla: $("$build/app/isla" -- --version), congestion control $(isla_cc)"
[[ $paths != *shaped* ]] || say "# shaped: $rate, $delay towards the client, buffer $buffer"
for path in $paths; do
	case $path in
	plain) measure plain 10.98.1.2 10.98.2.2 ;;
	shaped) measure shaped 10.98.3.2 10.98.3.3 ;;
	esac
done
