#!/bin/bash
# What the destination's side sees of a client behind the TUN: nothing.  Its TTL,
# its window and its TCP options end at the gateway, whichever way its bytes go
# on from there.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no TUN"
	exit
fi

# Straight from the gateway, where something could show through, by a rule; and
# from an exit.
# shellcheck disable=SC2034	# sut.sh uses it
SUT_EXTRA="FlowRule direct to $DEST4/32 port 7"

watch() { # PORT
	lab_spawn "syns$1" dest "$PYTHON" "$LAB_SRC/load.py" syns eth0 "$1"
	lab_until 300 grep -q ready "$LAB_DIR/log/syns$1.out"
}
# seen PORT: the newest that came there; of many exits it may be any
seen() { grep ttl "$LAB_DIR/log/syns$1.out" | tail -n 1; }
count() { grep -c ttl "$LAB_DIR/log/syns$1.out"; }
connects() { # PORT
	local before
	before=$(count "$1")
	lab_until 600 connected "$1" && lab_until 300 more_than "$1" "$before"
}
connected() {
	lab_lan "$PYTHON" "$LAB_SRC/load.py" ports "$1" "$1" "$DEST4" |
		grep ' open$'
}
more_than() { [ "$(count "$1")" -gt "$2" ]; }
client() { # TTL TIMESTAMPS SACK SCALING
	lab_in lan1 sysctl -qw "net.ipv4.ip_default_ttl=$1" \
		"net.ipv4.tcp_timestamps=$2" "net.ipv4.tcp_sack=$3" \
		"net.ipv4.tcp_window_scaling=$4"
}
looks_the_same() { # PORT
	local before
	connects "$1" || return 2
	before=$(seen "$1")
	client 33 0 0 0
	connects "$1" || { client 64 1 1 1; return 2; }
	client 64 1 1 1
	same "$(tail_of "$before")" "$(tail_of "$(seen "$1")")"
}
# Which exit it was may differ; not what it says of itself.
tail_of() { echo "${1#* }"; }
differs() { looks_the_same "$1"; [ $? -eq 1 ]; }
# The gateway as a router, with nothing in between.
without_it() {
	sut_stop
	lab_gate off
	"$@"
}
# The rule's connections are no leak, nor are those of the anti-test.
forget() { lab_until 300 oracle_quiet; }

check "the program bootstraps" sut_fresh tun
check "the destination is watched" watch 7
check "and its other port" watch 17
check "what goes direct shows nothing of the client" looks_the_same 7
check "it came from the gateway" grep -q "^$UP4 " "$LAB_DIR/log/syns7.out"
check "what an exit sends shows nothing of the client" looks_the_same 17
check "it did not come from the gateway" \
	bash -c "! grep -q '^$UP4 ' '$LAB_DIR/log/syns17.out'"
check "anti-test: a client that goes its own way shows" without_it differs 7
lab_stop syns7 KILL
lab_stop syns17 KILL
# shellcheck disable=SC2034
SUT_EXTRA=
check "and all is quiet" forget
