#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The scripts, as far as that needs no root and touches nothing of the machine's.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
nb=0

# check WHAT COMMAND...: the command must succeed.
check()
{
	local what=$1

	shift
	nb=$((nb + 1))
	"$@" >"$dir/out" 2>"$dir/err" </dev/null && return
	failed=$((failed + 1))
	echo "not ok: $what: $*"
	cat "$dir/out" "$dir/err"
}

# exits CODE COMMAND...
exits()
{
	local want=$1 rc=0

	shift
	"$@" || rc=$?
	[ "$rc" -eq "$want" ] || { echo "exit code $rc instead of $want"; return 1; }
}

# One line on standard error that names the script, nothing on standard output, exit code 1.
complains()
{
	local rc=0

	"$@" >"$dir/c.out" 2>"$dir/c.err" || rc=$?
	cat "$dir/c.out" "$dir/c.err"
	[ "$rc" -eq 1 ] && [ ! -s "$dir/c.out" ] && [ "$(wc -l <"$dir/c.err")" -eq 1 ] &&
		grep -q "^${1##*/}: " "$dir/c.err"
}

# outputs REGEX COMMAND...
outputs()
{
	local regex=$1

	shift
	"$@" >"$dir/o" 2>&1
	cat "$dir/o"
	grep -qE "$regex" "$dir/o"
}

every_script()
{
	local script

	for script in "$root"/scripts/*.sh "$root"/scripts/check-headers "$root"/.ci/run \
		"$root"/tests/*/*.sh; do
		check "syntax" bash -n "$script"
		if command -v shellcheck >/dev/null; then
			check "shellcheck" env -C "$root" shellcheck -x "$script"
		fi
	done
	for script in "$root"/scripts/*; do
		[ -x "$script" ] || continue
		check "--help" exits 0 "$script" --help
		check "--help" outputs '^([Uu]sage: )' "$script" --help
		check "unknown option" complains "$script" --no-such-option
	done
}

arguments()
{
	local hugepages=$root/scripts/setup-hugepages.sh tap=$root/scripts/setup-tap.sh words

	for words in "" "grow" "reserve" "reserve 0" "reserve -5" "reserve 1x" "reserve 5 6" \
		"show --node" "show --node x" "show --node 4000"; do
		# shellcheck disable=SC2086
		check "setup-hugepages $words" complains "$hugepages" $words
	done
	for words in "" "make" "create remove" "create --name" "create --name a/b" \
		"create --name abcdefghijklmnop" "create --owner no-such-user" \
		"create --address 10.0.0.1" "create --address 10.0.0.1/24x" "create --netns"; do
		# shellcheck disable=SC2086
		check "setup-tap $words" complains "$tap" $words
	done
	check "quickstart --netns" complains "$root/scripts/quickstart.sh" --netns
	check "run-tests -k" complains "$root/scripts/run-tests.sh" -k
	check "run-tests, both" complains "$root/scripts/run-tests.sh" --unit --dts
}

# A kernel made of files: all nodes together, and node 0. It grants what is written.
make_sysfs()
{
	local where

	rm -rf "$dir/sys"
	for where in kernel/mm devices/system/node/node0; do
		mkdir -p "$dir/sys/$where/hugepages/hugepages-${kb}kB"
		echo "$1" >"$dir/sys/$where/hugepages/hugepages-${kb}kB/nr_hugepages"
		echo "$2" >"$dir/sys/$where/hugepages/hugepages-${kb}kB/free_hugepages"
	done
}

has_pages()
{
	local nr

	nr=$(<"$dir/sys/$1/hugepages/hugepages-${kb}kB/nr_hugepages")
	[ "$nr" -eq "$2" ] || { echo "$nr pages instead of $2"; return 1; }
}

hugepages()
{
	local script=$root/scripts/setup-hugepages.sh mb

	kb=$(awk '$1 == "Hugepagesize:" { print $2 }' /proc/meminfo)
	if [ -z "$kb" ] || [ "$kb" -gt 4096 ]; then
		echo "hugepages are not tried: this kernel has none of 2 or 4 MB"
		return
	fi
	export ISLA_SYSFS=$dir/sys
	mb=$((kb / 1024))
	make_sysfs 3 1
	check "show" outputs "all nodes: 3 pages of $kb kB \($((3 * mb)) MB\), 1 free" \
		"$script" show
	check "show" outputs "node 0: 3 pages" "$script" show
	check "reserve" exits 0 "$script" reserve $((7 * mb)) --no-mount
	check "reserve" has_pages kernel/mm 7
	check "reserve again" exits 0 "$script" reserve $((7 * mb)) --no-mount
	check "reserve again" has_pages kernel/mm 7
	check "reserve never takes away" exits 0 "$script" reserve "$mb" --no-mount
	check "reserve never takes away" has_pages kernel/mm 7
	check "reserve rounds up" exits 0 "$script" reserve $((7 * mb + 1)) --no-mount
	check "reserve rounds up" has_pages kernel/mm 8
	check "reserve on a node" exits 0 "$script" reserve $((5 * mb)) --node 0 --no-mount
	check "reserve on a node" has_pages devices/system/node/node0 5
	check "reserve on a node" has_pages kernel/mm 8
	check "reserve too much" complains "$script" reserve 999999999 --no-mount
	check "reserve too much" has_pages kernel/mm 8
	check "clear" exits 0 "$script" clear
	check "clear" has_pages kernel/mm 0
	check "no such node" complains "$script" reserve 2 --node 7 --no-mount
	hugepages_short
	unset ISLA_SYSFS
}

# A kernel that grants ten pages at most, and does not take back the last two.
hugepages_short()
{
	local mb=$((kb / 1024))

	cp -r "$root/scripts" "$dir/scripts"
	cat >>"$dir/scripts/lib.sh" <<-'END'
		hugepages_write()
		{
			say "$(($2 > 10 ? 10 : $2 < 2 ? 2 : $2))" >"$1/nr_hugepages"
		}
	END
	make_sysfs 3 1
	check "fewer are granted" exits 2 "$dir/scripts/setup-hugepages.sh" reserve $((20 * mb)) \
		--no-mount
	check "fewer are granted" outputs 'granted 10 of 20 pages' \
		"$dir/scripts/setup-hugepages.sh" reserve $((20 * mb)) --no-mount
	check "some are in use" exits 2 "$dir/scripts/setup-hugepages.sh" clear
	make_sysfs 6 2
	check "missing ones are added" in_lib "hugepages_ensure_free $((5 * mb))
		[ \$hugepages_added -eq 3 ] && has_nr 9; hugepages_give_back; has_nr 6"
	check "enough are free" in_lib "hugepages_ensure_free $((2 * mb)) &&
		[ \$hugepages_added -eq 0 ] && hugepages_give_back && has_nr 6"
	check "too few are undone" in_lib "! hugepages_ensure_free $((9 * mb)) && has_nr 6"
}

# Run commands with the (copied) functions of lib.sh.
in_lib()
{
	bash -c "set -eu; . '$dir/scripts/lib.sh'
		has_nr() { [ \"\$(<\"\$(hugepages_dir all)/nr_hugepages\")\" -eq \"\$1\" ]; }
		$1"
}

library()
{
	local lib="set -euo pipefail; . '$root/scripts/lib.sh'; trap_exit"

	check "the last is cleaned up first" outputs '^third second first $' bash -c \
		"$lib; on_exit printf '%s ' first; on_exit printf '%s ' second
		on_exit printf '%s ' third"
	check "exit code stays" exits 7 bash -c "$lib; on_exit false; on_exit true; exit 7"
	check "a failure cleans up" exits 1 bash -c "$lib; on_exit touch '$dir/cleaned'; false"
	check "a failure cleans up" test -e "$dir/cleaned"
	check "SIGTERM cleans up" exits 143 bash -c \
		"$lib; on_exit touch '$dir/terminated'; kill -TERM \$\$; sleep 5"
	check "SIGTERM cleans up" test -e "$dir/terminated"
	check "quoting" exits 0 bash -c "$lib; on_exit touch '$dir/a  b'"
	check "quoting" test -e "$dir/a  b"
	check "waiting is bounded" exits 3 bash -c "$lib; wait_until 1 false || exit 3"
	check "waiting ends at once" exits 0 bash -c "$lib; wait_until 0 true"
	check "missing packages" outputs '^no-such-package-x$' bash -c \
		"$lib; packages_missing dpkg no-such-package-x bash"
	check "no package is missing" exits 0 bash -c \
		"$lib; [ -z \"\$(packages_missing dpkg bash)\" ] && packages_install dpkg bash"
	check "a stubborn process" exits 0 bash -c "$lib
		wait_until() { shift; sleep 0.2; \"\$@\"; }
		bash -c 'trap \"\" TERM; exec sleep 60' & sleep 0.2; stop_process \$!
		wait \$! || [ \$? -eq 137 ]"
}

results()
{
	local tool=$root/scripts/test-tool

	cat >"$dir/a.xml" <<-'END'
		<testsuites><testsuite><testcase classname="c" name="good"/>
		<testcase name="bad"><failure message="why"/></testcase>
		<testcase name="worse"><error message="how"/></testcase>
		<testcase name="not now"><skipped message="no root"/></testcase>
		<testcase name="sick"><skipped message="no tool"/></testcase>
		<testcase name="ill"><skipped message="no tool"/></testcase>
		<testcase name="better"><system-out>x</system-out></testcase>
		</testsuite></testsuites>
	END
	check "count" outputs '^2 2 3$' "$tool" count "$dir/a.xml"
	check "count names" outputs '^failed: bad: why$' "$tool" count "$dir/a.xml"
	check "count names" outputs '^skipped: not now: no root$' "$tool" count "$dir/a.xml"
	check "count sums up" outputs '^skipped: 2 tests, sick among them: no tool$' \
		"$tool" count "$dir/a.xml"
	check "count, a missing file" outputs '^2 3 3$' "$tool" count "$dir/a.xml" "$dir/none.xml"
	echo "<broken" >"$dir/b.xml"
	check "count, a broken file" outputs '^0 1 0$' "$tool" count "$dir/b.xml"
	check "count nothing" outputs '^0 0 0$' "$tool" count
}

every_script
arguments
hugepages
library
results
echo "$nb checks, $failed failed"
[ "$failed" -eq 0 ]
