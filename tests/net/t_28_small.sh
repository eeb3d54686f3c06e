#!/bin/bash
# A small router: the program has 32 MiB of memory for its own file, all of its
# processes, and the kernel's buffers of their sockets, with a directory of the
# live network's size: SMALL_RELAYS relays that nobody reaches beside the
# laboratory's, SMALL_MIB of memory.
. "$(dirname "$0")/check.sh"
LAB_SUT_LOG=info
need_lab
if sut_is_tor; then
	skip "tor wants more"
	exit
fi
RELAYS=${SMALL_RELAYS-9000} MIB=${SMALL_MIB-32}
G=/sys/fs/cgroup/memory/ot-small.$(basename "$LAB_DIR")
limit=memory.limit_in_bytes most=memory.max_usage_in_bytes
if [ ! -e /sys/fs/cgroup/memory/cgroup.procs ]; then
	G=/sys/fs/cgroup/ot-small.$(basename "$LAB_DIR")
	limit=memory.max most=memory.peak
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
fi
if ! mkdir "$G" 2>/dev/null || [ ! -w "$G/$limit" ]; then
	rmdir "$G" 2>/dev/null
	skip "no control group for memory"
	exit
fi
bounded() { # MIB: of memory, and no swap
	echo $(($1 << 20)) >"$G/$limit" || return
	[ ! -e "$G/memory.swap.max" ] || echo 0 >"$G/memory.swap.max" || return
	[ ! -e "$G/memory.memsw.limit_in_bytes" ] ||
		echo $(($1 << 20)) >"$G/memory.memsw.limit_in_bytes"
}
grown() {
	sut_stop
	"$PYTHON" "$LAB_SRC/bignet.py" "$(sut_data)" "$RELAYS" \
		"$LAB_DIR"/tor/a*/keys
}
started() { sut_start; sut_wait; }
knows() {
	sut_log | grep 'Consensus of'
	sut_log | grep 'Consensus of' | tail -n 1 |
		grep -q " $(($(wc -w <<<"$(lab_nodes)") + RELAYS)) relays"
}
inside() {
	cat "$G/cgroup.procs"
	[ "$(wc -l <"$G/cgroup.procs")" -ge 2 ] &&
		grep -qx "$(lab_pid sut)" "$G/cgroup.procs"
}
many() { lab_lan "$PYTHON" "$LAB_SRC/load.py" many "$1" "$DEST4"; }
was_killed() { cat "$G"/memory.oom_control "$G"/memory.events 2>/dev/null |
	grep '^oom_kill [1-9]'; }
lives() { lab_alive sut && ! was_killed; }

check "the program bootstraps" sut_fresh
check "its directory grows to the live network's size" grown
check "the memory is bounded" bounded "$MIB"
# its file is read by itself, so that this counts, too
# shellcheck disable=SC2016
SUT_WRAP=(sh -c 'echo $$ >"$0/cgroup.procs" && cp "$2" "$1" && small=$1 &&
	shift 2 && exec "$small" "$@"' "$G" "$LAB_DIR/tmp/small")
check "it bootstraps with that directory" started
check "it has all of it" knows
check "its processes are within the bound" inside
check "a page by name" fetches http://www.lab.example/
check "20 MB down" lab_lan "${CURL[@]}" -o /dev/null \
	"http://$DEST4/bytes/20000000"
check "200 connections at once" many 200
check "and all is well afterwards" fetches "http://$DEST4/"
check "nothing of it was killed" lives
check "it has all of it still" knows
[ ! -e "$G/$most" ] || echo "     at most $(($(cat "$G/$most") >> 10)) KiB"

# that the bound is one
dies() {
	local rc
	sut_stop
	rm -f "$LAB_DIR/tmp/small"
	bounded 4 || return
	sut_start
	lab_until 300 refused lives
	rc=$?
	lab_stop sut KILL	# whose end is none to be blamed for
	return "$rc"
}
refused() { ! "$@"; }
check "control: in 4 MiB it does not live" dies
sut_stop >/dev/null 2>&1
lab_until 300 rmdir "$G" 2>/dev/null
# shellcheck disable=SC2034	# sut.sh uses them
SUT_WRAP=() LAB_SUT_LOG=
rm -f "$LAB_DIR/tmp/small"
check "the program bootstraps without it" sut_fresh
