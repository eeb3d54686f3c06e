#!/bin/bash
# Processes of the daemon are killed at random moments, one or several, while a
# LAN's client and the host send whatever there is to send.  FailClosed 1: nothing
# gets out but to relays; and it comes back each time.
#	LAB_KILLS=200	at so many moments
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
: "${LAB_KILLS:=200}"

only_guards() {
	local n
	echo "guards before: $(paste -sd' ' <<<"$guards");" \
		"met: $(lab_met | paste -sd' ')"
	[ -n "$(lab_met)" ] || return
	for n in $(lab_met); do
		grep -qx "$n" <<<"$guards" || return 1
	done
}
# A handful for each engine, of which there is one at most for each kill.
no_storm() {
	local lives
	lives=$(($(wc -l <"$KILLER/kills") + 2))
	echo "$(lab_count dials) connections to relays, $lives lives"
	[ "$(lab_count dials)" -le $((lives * 8)) ]
}
works() { # HOW
	check "$1: a page from the LAN" fetches "http://$DEST4/"
	check "$1: the server saw an exit" seen_exit
	[ "$mode" = TPROXY ] ||
		check "$1: a page on the host" lab_until 600 page \
			"$OTHER_USER" "http://$DEST4/"
}
killed() { # KILLS KIND...
	local kills=$1 half
	shift
	names_by "$mode"
	check "$mode: the program bootstraps, closed" killer_start
	works "$mode"
	guards=$(sut_get sampled)
	count_anew
	check "$mode: packets of all kinds are sent" flood_start
	for half in 1 2; do
		check "$mode: killed at $((kills / 2)) moments ($half)" \
			killer_kills $((kills / 2))
		works "$mode: killed ($half)"
	done
	check "$mode: killed: they are still sent" flood_more
	flood_stop
	check "$mode: killed: nothing else gets out" tight
	check "$mode: killed: only guards that it had" only_guards
	check "$mode: killed: no storm of connections" no_storm
	check "$mode: each of its processes was killed" killer_killed "$@"
	check "$mode: none of them died by itself" killer_innocent
}

# From one mode to the next the rules of the one before stay, so that what is
# still on its way then does not get out either.
probe
lab_gate off
mode=redirect
SUT_DOORS="$both_redirect
FailClosed 1"
killed $((LAB_KILLS * 2 / 5)) parent engine firewall holder
mode=TUN
SUT_DOORS="$both_tun
FailClosed 1"
killed $((LAB_KILLS * 2 / 5)) parent engine keeper firewall holder
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
killed $((LAB_KILLS / 5)) parent engine firewall holder
gate_tproxy_routes off
check "killed: nothing got out after it all" tight

# The same without rules.
SUT_DOORS="$both_redirect
FailClosed 0"
check "undone, no rule is left" undone
check "without FailClosed: the program starts" killer_start
forget
flood_start
check "without FailClosed: killed at 10 moments" killer_kills 10
check "without FailClosed: packets get out" lab_until 60 leaks_by_thousands
flood_stop
new_one_takes_signals() { takes_signals "$(killer_pid parent)"; }
lab_until 60 new_one_takes_signals
sut_stop
SUT_WRAP=()
check "what is left of that is over" flood_over
probe_end
