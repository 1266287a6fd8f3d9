#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Install into a directory of our own, then build and run programs against what lies there: ten
# lines in C and in C++, the examples, and the README's first program, which must really echo.
#
# Usage: test_install.sh BUILD_DIRECTORY [COMPILER_FLAG...]
set -euo pipefail
build=$1
shift
flags=("$@")
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

install_files()
{
	local pc

	meson install -C "$build" --no-rebuild --destdir "$dir/root" >"$dir/install.log" ||
		{ cat "$dir/install.log"; die "meson install failed"; }
	mapfile -t pcs < <(find "$dir/root" -name 'libisla_*.pc')
	[ "$(printf '%s\n' "${pcs[@]##*/}" | sort | tr '\n' ' ')" = \
		"libisla_engine.pc libisla_proto.pc " ] || die "wrong pkg-config files: ${pcs[*]}"
	# What lies in a DESTDIR is not where it says that it is.
	for pc in "${pcs[@]}"; do
		sed -i "s|^prefix=|prefix=$dir/root|" "$pc"
	done
	PKG_CONFIG_PATH=$(dirname "${pcs[0]}")
	export PKG_CONFIG_PATH
	# In the place of ldconfig.
	LD_LIBRARY_PATH=$(pkg-config --variable=libdir libisla_engine)
	export LD_LIBRARY_PATH
	include=$(pkg-config --variable=includedir libisla_proto)/isla
}

# Each public header, and no other.
check_headers()
{
	diff <(find "$root/lib" -name 'isla_*.h' -printf '%f\n' | sort) \
		<(find "$include" -type f -printf '%f\n' | sort) ||
		die "other headers are installed than the public ones"
	[ -x "$dir/root/$(meson_option prefix)/$(meson_option bindir)/isla" ] ||
		die "the application is not installed"
}

meson_option()
{
	meson introspect --buildoptions "$build" | /usr/bin/python3 -c "import json, sys
print(next(o['value'] for o in json.load(sys.stdin) if o['name'] == '$1'))"
}

# compile LIBRARY OUTPUT COMMAND...: with pkg-config alone, as a user would.
compile()
{
	local library=$1 output=$2 pc_flags

	shift 2
	read -ra pc_flags <<<"$(pkg-config --cflags --libs "$library")"
	"$@" -Wall -Wextra -Wno-unused-parameter -Werror "${flags[@]}" -o "$output" \
		"${pc_flags[@]}"
}

ten_lines()
{
	cat >"$dir/ten.c" <<-'END'
		#include <isla_stack.h>
		#include <stdio.h>

		int main(void)
		{
			struct isla_addr addr;
			char buf[ISLA_ADDR_STRLEN];

			if (isla_addr_parse("2001:DB8:0::1", &addr) != 0)
				return 1;
			return puts(isla_addr_format(&addr, buf, sizeof(buf))) < 0;
		}
	END
	cp "$dir/ten.c" "$dir/ten.cc"
	compile libisla_proto "$dir/ten_c" "${cc[@]}" -std=gnu11 "$dir/ten.c"
	compile libisla_proto "$dir/ten_cc" "${cxx[@]}" -std=c++11 "$dir/ten.cc"
	[ "$("$dir/ten_c")" = 2001:db8::1 ] || die "the C program is wrong"
	[ "$("$dir/ten_cc")" = 2001:db8::1 ] || die "the C++ program is wrong"
	echo "ten lines: C and C++ run"
}

# Every header in one program, in C++, linked with both libraries.
all_headers()
{
	{
		find "$include" -name '*.h' -printf '#include <%f>\n'
		echo 'int main() { isla_engine_conf conf; isla_engine_conf_init(&conf);'
		echo 'return conf.nb_ports; }'
	} >"$dir/all.cc"
	compile libisla_engine "$dir/all" "${cxx[@]}" -std=c++11 "$dir/all.cc"
	"$dir/all" || die "the C++ program with all headers is wrong"
	echo "all headers: C++ runs"
}

# The examples want nothing but what is installed.
examples()
{
	local dir_of=$root/examples

	compile libisla_engine "$dir/echo_server" "${cc[@]}" "$dir_of"/{echo_server,example}.c
	compile libisla_engine "$dir/fetch" "${cc[@]}" "$dir_of"/{fetch,answer,example}.c
	echo "the examples compile"
}

echo_once()
{
	# shellcheck disable=SC2016
	timeout 2 ip netns exec "$ns" bash -c 'exec 3<>/dev/tcp/192.168.1.2/7 || exit 1
		echo "hello, $1" >&3; read -r line <&3; [ "$line" = "hello, $1" ]' - "$RANDOM" \
		2>/dev/null
}

# More than all buffers on its way hold, both ways at once.
echo_much()
{
	head -c 4000000 /dev/urandom >"$dir/sent"
	timeout 30 ip netns exec "$ns" /usr/bin/python3 - "$dir/sent" <<'END'
import pathlib, socket, sys, threading
sent = pathlib.Path(sys.argv[1]).read_bytes()
with socket.create_connection(("192.168.1.2", 7), timeout=20) as peer:
    def send():
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    got = b""
    while piece := peer.recv(65536):
        got += piece
    sys.exit(got != sent)
END
}

first_program()
{
	# The block of C in the README, and nothing else.
	# shellcheck disable=SC2016
	sed -n '/^```c$/,/^```$/p' "$root/README.md" | sed '/^```/d' >"$dir/first.c"
	[ -s "$dir/first.c" ] || die "README.md has no program"
	compile libisla_engine "$dir/first" "${cc[@]}" "$dir/first.c"
	if ! is_root || ! tun_device_ensure; then
		echo "the README's program compiles; without root it is not run"
		return
	fi
	ns=isla-install-$$
	netns_add "$ns"
	on_exit rm -rf "/run/dpdk/isla-install-$$"
	ip netns exec "$ns" "$dir/first" -l 0 --no-huge --no-shconf -m 256 --no-pci \
		--file-prefix="isla-install-$$" --vdev=net_tap0,iface=isla0 \
		>"$dir/first.log" 2>&1 </dev/null &
	on_exit stop_process $!
	if ! wait_until 20 ip -n "$ns" address add 192.168.1.1/24 dev isla0 2>/dev/null ||
		! ip -n "$ns" link set isla0 up || ! wait_until 20 echo_once || ! echo_much; then
		cat "$dir/first.log"
		die "the README's program does not echo"
	fi
	echo "the README's program echoes"
}

read -ra cc <<<"${CC:-cc}"
read -ra cxx <<<"${CXX:-c++}"
trap_exit
dir=$(mktemp -d)
on_exit rm -rf "$dir"
install_files
check_headers
ten_lines
all_headers
examples
first_program
