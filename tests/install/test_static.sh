#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Build the application with DPDK linked statically, and run it: its drivers are in it, and no
# library of DPDK's is asked for.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

isla_ready()
{
	grep -q '^isla: ready' "$dir/log" || process_gone "$pid"
}

trap_exit
dir=$(mktemp -d)
on_exit rm -rf "$dir"
run_logged "meson setup" meson setup "$dir/build" "$root" -Ddpdk_linkage=static -Dtests=false \
	-Doptimization=0 || exit 1
run_logged "the build" ninja -C "$dir/build" || exit 1
app=$dir/build/app/isla
if ldd "$app" | grep librte_; then
	die "the static binary wants shared libraries of DPDK's"
fi

on_exit rm -rf "/run/dpdk/isla-static-$$"
in_netns=()
vdev=net_ring0
if is_root && tun_device_ensure; then
	netns_add "isla-static-$$" || exit 1
	in_netns=(ip netns exec "isla-static-$$")
	vdev=net_tap0,iface=isla0
fi
"${in_netns[@]}" "$app" -l 0 --no-huge --no-shconf -m 256 --no-pci \
	--file-prefix="isla-static-$$" --vdev="$vdev" >"$dir/log" 2>&1 </dev/null &
pid=$!
on_exit stop_process "$pid"
wait_until 30 isla_ready || true
grep -q '^isla: ready' "$dir/log" || { cat "$dir/log"; die "the static binary does not start"; }
if [ "$vdev" != net_ring0 ]; then
	ip -n "isla-static-$$" address replace 192.168.1.1/24 dev isla0
	wait_until 15 "${in_netns[@]}" ping -q -c 1 -W 1 192.168.1.2 >/dev/null ||
		{ cat "$dir/log"; die "the static binary does not answer to ping"; }
fi
stop_process "$pid" INT
wait "$pid" || { cat "$dir/log"; die "the static binary ended with exit code $?"; }
echo "a static binary of $(($(stat -c %s "$app") / 1024)) KB starts on $vdev and stops"
