#!/bin/bash
# The TUN's device, while it is in use: deleted, renamed, set down, with another
# MTU, with its routes taken away.  What is forwarded meanwhile is counted by the
# oracle, and fails the test; that it comes back is checked, and how soon is said.
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no TUN"
	exit
fi
sut_fresh tun

page() { fetches "http://$DEST4/"; }
in_force() { # the device is up and the LAN's packets go there
	ip -n gw link show ot0 | grep -q '[<,]UP[,>]' &&
		ip -n gw route show table 28532 | grep -q '^default dev ot0' &&
		ip -n gw rule | grep -q 'iif br0 lookup 28532' &&
		[ "$(mtu)" = "$own_mtu" ]
}
mtu() { ip -n gw link show ot0 | sed -n 's/.* mtu \([0-9]*\) .*/\1/p'; }
own_mtu=$(mtu)
ms() { date +%s%3N; }
# fault NAME CMD...: with a stream in flight and datagrams all the time
fault() {
	local name=$1 begin since
	shift
	check "$name: a transfer runs" drip_start
	since=$(lab_leaked)
	begin=$(ms)
	check "$name: it is done" "$@"
	check "$name: the device is in force again" lab_until 60 in_force
	echo "   # $name: in force after $(($(ms) - begin)) ms"
	check "$name: a page" page
	echo "   # $name: a page after $(($(ms) - begin)) ms"
	check "$name: nothing left meanwhile" same "$since" "$(lab_leaked)"
	drip_stop
}
# A LAN that goes on as if nothing were.  (UDP, SYNs, and what opens nothing.)
lab_spawn noise lan2 sh -c "while :; do $PYTHON $LAB_SRC/load.py odd $DEST4 \
	$DEST6; done"

deleted() { ip -n gw link del ot0; }
renamed() {
	ip -n gw link set ot0 name gone0 2>/dev/null && return
	# (kernels before 6.3 rename no device that is up)
	ip -n gw link set ot0 down && ip -n gw link set ot0 name gone0
}
set_down() { ip -n gw link set ot0 down; }
narrow() { ip -n gw link set ot0 mtu 600; }
wide() { ip -n gw link set ot0 mtu 9000; }
no_routes() {
	ip -n gw route flush table 28532
	ip -n gw -6 route flush table 28532
}
check "a page" page
parent=$(lab_pid sut)
fault deleted deleted
fault renamed renamed
fault "set down" set_down
fault "a smaller MTU" narrow
check "a smaller MTU: all of a transfer" downloads "$DEST4" 3000000
fault "a greater MTU" wide
check "a greater MTU: all of a transfer" downloads "$DEST4" 3000000
fault "its routes flushed" no_routes
check "the parent is the same" same "$parent" "$(lab_pid sut)"
lab_stop noise KILL

# The anti-test: with nobody who keeps it, that is what leaks.
sut_stop KILL
lab_gate off
lab_oracle_reset
lab_in gw sysctl -qw net.ipv4.ip_forward=1
undo() { lab_in gw "$LAB_SUT" undo -f "$LAB_DIR/sut.rc"; }
leaks() {
	lab_in lan1 "$PYTHON" "$LAB_SRC/load.py" odd "$DEST4" 2>/dev/null
	[ "$(lab_count leak4)" -gt 0 ]
}
check "what a killed daemon left is undone" undo
check "without it, all that is seen" lab_until 60 leaks
lab_until 300 oracle_quiet
check "and all is well again" sut_fresh
