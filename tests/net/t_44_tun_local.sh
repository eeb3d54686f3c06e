#!/bin/bash
# TunClients local: the machine's own programs, without a single rule in its
# packet filter: routing alone takes all of theirs into the TUN, and lets nobody
# out but the daemon.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
# shellcheck source=tests/net/onhost.sh
. "$LAB_SRC/onhost.sh"
need_lab
if sut_is_tor; then
	skip "tor has no TUN"
	exit
fi

# Whom the resolver asks matters to nobody: port 53 is caught.
ON_HOST_DNS=192.0.2.53
onhost_resolver

start() {
	SUT_DOORS="User $SUT_USER
TunClients local
TunUndo 1"
	sut_stop
	sut_wipe
	echo local >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
}
down() { same "$(as "$OTHER_USER" "${CURL[@]}" "http://$1/bytes/$2" |
	sha256sum | cut -d' ' -f1)" "$(web_sum "$2")"; }
state() {
	ip -n gw rule
	ip -n gw -6 rule
	ip -n gw -brief address
	ip -n gw route show table all | sort
}
without_it() { # CMD...: the same with no daemon, and all put back
	local rc
	sut_stop
	lab_oracle_reset
	"$@"
	rc=$?
	lab_until 300 oracle_quiet
	oracle_zero
	return "$rc"
}

sut_stop
lab_gate off
BEFORE=$(state)
lab_spawn before gw "$PYTHON" "$LAB_SRC/load.py" chat "$DEST4"
check "a connection stands before the daemon does" \
	lab_until 300 grep -q said "$LAB_DIR/log/before.out"
check "the program bootstraps" start
check "who was connected before is cut off" \
	lab_until 600 dead "$(lab_pid before)"
lab_until 300 oracle_quiet
lab_oracle_reset
probe
check "it has no rights" unprivileged
for who in "$OTHER_USER" root; do pages_of "$who"; done
check "a name over UDP" ask
check "a question over IPv6" ask @2001:db8:9::53
check "a name over TCP" ask +tcp
check "20 MB down" down "$DEST4" 20000000
check "20 MB down, IPv6" down "[$DEST6]" 20000000
check "nothing else gets out" holds
check "nobody else reaches a relay" not_to_relay
check "and all is well afterwards" \
	lab_until 600 page "$OTHER_USER" http://www.lab.example/
check "without it, all that is seen" without_it seen
check "without it, relays are reached" without_it to_relay
check "all that it changed is as before" same "$(state)" "$BEFORE"
probe_end
