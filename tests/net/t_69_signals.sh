#!/bin/bash
# The daemon's processes are stopped, crash, and have no memory, while a LAN's
# client and the host send whatever there is to send.  FailClosed 1: nothing gets
# out but to relays; it goes on, or comes back.
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
# shellcheck source=tests/net/onhost.sh
. "$LAB_SRC/onhost.sh"
# shellcheck source=tests/net/killer.sh
. "$LAB_SRC/killer.sh"
need_lab
if sut_is_tor; then
	skip "tor has no firewall"
	exit
fi
KINDS="parent engine keeper firewall holder"

said() { sut_log | grep -cF "$1"; }
says_more() { [ "$(said "$1")" -gt "$2" ]; }
works() { check "$1: a page" fetches "http://$DEST4/"; }
state_is() { # KIND STATE
	local s
	s=$(<"/proc/$(killer_pid "$1")/stat") || return
	s=${s##*) }
	[ "${s:0:1}" = "$2" ]
}

probe
lab_gate off
names_by TUN
SUT_DOORS="$both_tun
FailClosed 1"
check "the program bootstraps, closed" killer_start
works "before"
count_anew
check "packets of all kinds are sent" flood_start

# ---- stopped for a while ---------------------------------------------------------

for kind in $KINDS; do
	pid=$(killer_pid "$kind")
	killer 60 signal SIGSTOP "$kind" >/dev/null
	check "$kind stopped: it is" lab_until 60 state_is "$kind" T
	check "$kind stopped: packets are sent" flood_more
	killer 60 signal SIGCONT "$kind" >/dev/null
	check "$kind goes on: it is the same" same "$pid" \
		"$(killer_pid "$kind")"
	works "$kind goes on"
done
check "stopped: nothing else gets out" tight

# ---- stopped for good: who does not answer is ended --------------------------------

# The engine waits for these two, and may seem to hang itself.  With the firewall's
# process the engine goes, and with it the keeper, which is not asked any more
# whether it lives: that is seen where it hangs alone.
fw="the firewall's process does not answer: it is ended"
kp="the process that keeps the network's state does not answer: it is ended"
fws=$(said "$fw")
was_fw=$(killer_pid firewall) was_kp=$(killer_pid keeper)
killer 60 signal SIGSTOP firewall >/dev/null
killer 60 signal SIGSTOP keeper >/dev/null
check "firewall hangs: it is ended" \
	lab_until 300 says_more "$fw" "$fws"
check "both hung: there is another firewall's process" lab_until 300 \
	killer_is_another firewall "$was_fw"
check "both hung: there is another keeper" lab_until 300 \
	killer_is_another keeper "$was_kp"
check "both hung: the keeper that was is gone" lab_until 60 dead "$was_kp"
works "both hung"
kps=$(said "$kp") was_kp=$(killer_pid keeper)
killer 60 signal SIGSTOP keeper >/dev/null
check "keeper hangs: it is ended" lab_until 300 says_more "$kp" "$kps"
check "keeper hung: there is another" lab_until 300 \
	killer_is_another keeper "$was_kp"
works "keeper hung"
check "hung: nothing else gets out" tight
check "stopped, and hung: the parent never died" killer_innocent

# ---- crashes ------------------------------------------------------------------------

crash() { # KIND SIGNAL
	pid=$(killer_pid "$1")
	killer 60 signal "$2" "$1" >/dev/null
	check "$1 crashes ($2): there is another" lab_until 300 \
		killer_is_another "$1" "$pid"
	works "$1 crashes ($2)"
}
crash engine SIGSEGV
crash engine SIGABRT
crash keeper SIGSEGV
crash firewall SIGSEGV
crash firewall SIGABRT
crash parent SIGSEGV
crash parent SIGABRT
check "crashes: nothing else gets out" tight
check "crashes: nothing more died" killer_innocent

# ---- no memory ------------------------------------------------------------------------

# A group of processes that gets no more memory than it has; each version of the
# kernel's interface has its own files.
oom_make() {
	local own
	if [ -d /sys/fs/cgroup/memory ]; then
		own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
		OOM=/sys/fs/cgroup/memory$own/ot-lab-$$
		OOM_MAX=memory.limit_in_bytes OOM_ALL=-1
		OOM_KILLS=memory.oom_control OOM_USED=memory.usage_in_bytes
	else
		OOM=/sys/fs/cgroup/ot-lab-$$
		OOM_MAX=memory.max OOM_ALL=max
		OOM_KILLS=memory.events OOM_USED=memory.current
	fi
	mkdir -p "$OOM" 2>/dev/null && [ -w "$OOM/$OOM_MAX" ]
}
oom_take() { # KIND...
	local kind who
	for kind in "$@"; do
		who=$(killer_pid "$kind")
		echo "$who" >"$OOM/cgroup.procs" || return
	done
}
# What they have already they keep; one kernel kills for that, too, and another
# refuses.
oom_none() { echo "$(<"$OOM/$OOM_USED")" >"$OOM/$OOM_MAX"; }
oom_limit() {
	case $1 in
	none) lab_until 60 oom_none ;;
	all) echo "$OOM_ALL" >"$OOM/$OOM_MAX" ;;
	esac
}
oom_kills() { sed -n 's/^oom_kill //p' "$OOM/$OOM_KILLS"; }
# What makes all of them want memory: a reload, rules that are to be mended, an
# interface that changes, a connection.
oom_want() {
	killer 60 signal SIGHUP parent
	lab_in gw nft delete table inet onion_transparent
	ip -n gw link add ot-oom type dummy
	ip -n gw link del ot-oom
	lab_lan curl -qs --max-time 1 "http://$DEST4/"
	return 0
} >/dev/null 2>&1
oom_killed() { # N
	oom_want
	[ "$(oom_kills)" -ge "$1" ]
}

if oom_make; then
	killer 60 hush 1 >/dev/null
	for kind in engine firewall keeper parent; do
		pid=$(killer_pid "$kind") kills=$(oom_kills)
		check "$kind without memory: it is in a group of its own" \
			oom_take "$kind"
		oom_limit none
		check "$kind without memory: it is killed" lab_until 120 \
			oom_killed $((kills + 1))
		oom_limit all
		check "$kind without memory: there is another" lab_until 300 \
			killer_is_another "$kind" "$pid"
		works "$kind had no memory"
	done
	kills=$(oom_kills)
	check "all without memory: they are in one group" \
		oom_take parent engine firewall keeper
	oom_limit none
	check "all without memory: somebody is killed" \
		lab_until 120 oom_killed $((kills + 1))
	oom_limit all
	works "all had no memory"
	killer 60 hush 0 >/dev/null
else
	skip "no group of processes without memory can be made here"
fi
check "no memory: nothing else gets out" tight

# Where the kernel says no in place of killing.
as_limit() { # LIMIT: a function that says it of a pid
	local kind pid
	for kind in parent engine keeper firewall; do
		pid=$(killer_pid "$kind")
		[ -z "$pid" ] || prlimit --pid "$pid" --as="$("$1" "$pid"):"
	done
}
as_it_is() { echo $(($(awk '/^VmSize/ { print $2 }' "/proc/$1/status") * 1024)); }
unlimited() { echo unlimited; }
killer 60 hush 1 >/dev/null
check "no address space: so it is" lab_until 60 as_limit as_it_is
for i in 1 2 3; do oom_want; done
check "no address space: packets are sent" flood_more
check "address space again: so it is" lab_until 60 as_limit unlimited
works "address space again"
killer 60 hush 0 >/dev/null
check "no address space: nothing else gets out" tight

check "after it all: packets are sent" flood_more
flood_stop
check "after it all: nothing else gets out" tight

# The same without rules.
check "undone, no rule is left" undone
names_by redirect
SUT_DOORS="$both_redirect
FailClosed 0"
check "without FailClosed: the program starts" killer_start
forget
flood_start
for sig in SIGSTOP SIGCONT SIGSEGV; do
	killer 60 signal "$sig" parent >/dev/null
	check "without FailClosed: $sig, and packets get out" \
		lab_until 60 leaks_by_thousands
	forget
done
flood_stop
sut_stop
SUT_WRAP=()
[ ! -d "${OOM-}" ] || rmdir "$OOM"
check "what is left of that is over" flood_over
probe_end
