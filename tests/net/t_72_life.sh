#!/bin/bash
# What a gateway lives through, while a LAN's client and the host send whatever
# there is to send: a hundred ends and starts in order, a start without a network,
# an uplink that flaps and has another address and router, a TUN that goes, sleep.
# FailClosed 1: nothing gets out but to relays, and it works afterwards.
#	LAB_RESTARTS=100	so many ends and starts
#	KILLER_SEED	of what is random
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
: "${LAB_RESTARTS:=100}"
RANDOM=$KILLER_SEED

works() { # WHEN
	check "$1: a page from the LAN" fetches "http://$DEST4/"
	check "$1: the server saw an exit" seen_exit
	[ "$mode" = TPROXY ] || check "$1: a page on the host" lab_until 600 \
		page "$OTHER_USER" "http://$DEST4/"
}
so_many() { flood_further "$1"; }
said() { sut_log | grep -qF "$1"; }
begun() { # it keeps the rules
	sut_start
	lab_until 120 said "$BEGUN"
}

# ---- ends and starts (B04, B05) -------------------------------------------

# restart N: it ends, in order, at a random moment after its start; and starts again
# at a random one after its end.  Each second time that is as soon as it can be,
# each tenth it was of use before.
restart() {
	if [ $(($1 % 10)) -eq 9 ]; then
		lab_until 120 said "$BEGUN" && fetches "http://$DEST4/"
	elif [ $(($1 % 2)) -eq 0 ]; then
		lab_until 120 said "$BEGUN" && so_many $((RANDOM % 300))
	else
		lab_until 120 takes_signals "$(lab_pid sut)" &&
			so_many $((RANDOM % 30))
	fi || { echo "$1: it does not start"; return 1; }
	sut_stop || { echo "$1: it did not end in order"; return 1; }
	so_many $((RANDOM % 100))
	sut_start
}
restarts() { # N
	local n
	for ((n = 0; n < $1; n++)); do restart "$n" || return; done
}
stopped() { # for a while
	sut_stop && flood_more
}

# ---- a start that comes to nothing yet (B14) ------------------------------

no_page() { ! fetch "http://$DEST4/" --max-time 5 -o "$LAB_DIR/tmp/page"; }
dials() { [ "$(lab_count dials)" -gt 0 ]; }
in_the_dark() {
	sut_stop
	sut_wipe
	lab_uplink off
	oracle_zero
	begun && lab_until 60 dials && flood_more && no_page &&
		{ [ -z "${1-}" ] || lab_until 60 "$1"; } && ! sut_done
	local rc=$?
	lab_uplink on
	return "$rc"
}

# ---- an uplink (B12) ------------------------------------------------------

routes() { # [ROUTER]
	ip -n gw route replace default via "${1-198.51.100.1}"
	ip -n gw -6 route replace default via 2001:db8:100::1
}
flaps() {
	local i
	lab_in gw sysctl -qw net.ipv6.conf.up0.keep_addr_on_down=1
	for ((i = 0; i < 10; i++)); do
		ip -n gw link set up0 down && so_many 100 &&
			ip -n gw link set up0 up && routes && so_many 100 ||
			return
	done
}
moved() { # FROM TO: the machine's address is another one
	lab_in net nft insert rule netdev oracle c_in ip saddr "$2" \
		ip daddr . tcp dport @ok4 jump good4
	ip -n gw addr del "$1/24" dev up0 && so_many 100 &&
		ip -n gw addr add "$2/24" dev up0 && routes
}
rerouted() {
	addr net wan 198.51.100.3/24 && routes 198.51.100.3
}

# ---- a TUN (B11) ----------------------------------------------------------

in_force() { # the device is up and the LAN's packets go there
	ip -n gw link show ot0 | grep -q '[<,]UP[,>]' &&
		ip -n gw route show table 28532 | grep -q '^default dev ot0' &&
		ip -n gw rule | grep -q 'iif br0 lookup 28532'
}
renamed() {
	ip -n gw link set ot0 name gone0 2>/dev/null && return
	# (kernels before 6.3 rename no device that is up)
	ip -n gw link set ot0 down && ip -n gw link set ot0 name gone0
}
tun() { # NAME CMD...
	local name=$1
	shift
	check "TUN $name: it is done" "$@"
	check "TUN $name: packets are sent" flood_more
	check "TUN $name: it is in force again" lab_until 60 in_force
	works "TUN $name"
}

# ---- sleep (B13) ----------------------------------------------------------

all_of_it() { # SIGNAL
	local pid
	pid=$(lab_pid sut)
	pgrep -P "$pid" | xargs -r kill "-$1"
	kill "-$1" "$pid"
}
sleeps() {
	local rc
	all_of_it STOP
	flood_more && flood_more && flood_more
	rc=$?
	all_of_it CONT
	return "$rc"
}

# ---- here we go -----------------------------------------------------------

life() { # RESTARTS
	names_by "$mode"
	sut_stop
	sut_wipe
	echo shown >"$LAB_DIR/sut.mode"
	check "$mode: the program starts, closed" begun
	works "$mode"
	count_anew
	check "$mode: packets of all kinds are sent" flood_start
	check "$mode: it ends and starts $1 times" restarts "$1"
	works "$mode: started again"
	check "$mode: packets are still sent" flood_more
	check "$mode: restarts: nothing else gets out" tight
	check "$mode: it ends, and packets are sent" stopped
	check "$mode: ended: nothing else gets out" tight
	check "$mode: without a network it is not ready, and carries nothing" \
		in_the_dark
	check "$mode: not ready: nothing else gets out" tight
	works "$mode: ready"
	check "$mode: ready: nothing else gets out" tight
}
BEGUN="FailClosed 1: the firewall's rules are in force"

probe
lab_gate off
mode=redirect
SUT_DOORS="$both_redirect
FailClosed 1"
life $((LAB_RESTARTS * 2 / 5))
check "the uplink flaps" flaps
works "it flapped"
check "another address" moved "$UP4" 198.51.100.77
works "another address"
check "its own address" moved 198.51.100.77 "$UP4"
check "another router" rerouted
works "another router"
routes
ip -n net addr del 198.51.100.3/24 dev wan
check "packets are still sent" flood_more
check "flaps, address, router: nothing else gets out" tight
check "it sleeps, and packets are sent" sleeps
works "awake"
check "asleep: nothing else gets out" tight
flood_stop

mode=TUN
SUT_DOORS="$both_tun
FailClosed 1"
life $((LAB_RESTARTS * 2 / 5))
tun deleted ip -n gw link del ot0
tun renamed renamed
tun "set down" ip -n gw link set ot0 down
check "TUN deleted, renamed, set down: nothing else gets out" tight
flood_stop

mode=TPROXY
SUT_DOORS="User $SUT_USER
FailClosed 1
TransProxyType TPROXY
TransPort 127.0.0.1:$TRANSPORT
TransPort [::1]:$TRANSPORT
DNSPort $LAN4:$DNSPORT
TransClients br0
Uplink up0"
gate_tproxy_routes tproxy
life $((LAB_RESTARTS / 5))
flood_stop
gate_tproxy_routes off
check "nothing got out after it all" tight

# The same without rules.
mode=redirect
SUT_DOORS="$both_redirect
FailClosed 0"
BEGUN='Bootstrapped 0%'
names_by redirect
check "undone, no rule is left" undone
without() { # NAME CMD...: packets get out of it
	local name=$1
	shift
	forget
	check "without FailClosed: $name" "$@"
	check "without FailClosed: $name, and packets get out" \
		lab_until 60 leaks_by_thousands
}
check "without FailClosed: the program starts" begun
flood_start
without "it ends and starts" restarts 3
without "it ends" stopped
without "it starts without a network" in_the_dark leaks_by_thousands
check "without FailClosed: it bootstraps" sut_wait
without "the uplink flaps" flaps
without "another address" moved "$UP4" 198.51.100.77
without "its own address" moved 198.51.100.77 "$UP4"
without "it sleeps" sleeps
flood_stop
sut_stop
check "what is left of that is over" flood_over
probe_end
# Its uplink and its oracle are not what they were: the next test has another.
echo "another uplink" >"$LAB_DIR/profile"
