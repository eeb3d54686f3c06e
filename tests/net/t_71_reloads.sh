#!/bin/bash
# The configuration is read again, a hundred times, while a LAN's client and the
# host send whatever there is to send.  FailClosed 1: nothing gets out but to
# relays, a download goes on, and what is wrong changes nothing.
#	LAB_RELOADS=100	so often
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
: "${LAB_RELOADS:=100}"
RC=$LAB_DIR/sut.rc GOOD=$LAB_DIR/tmp/rc.good
TAKEN="the new configuration is in force"
REFUSED="the old configuration stays in force"

times() { sut_log | grep -cF "$1"; }
more() { [ "$(times "$1")" -gt "$2" ]; }
rules() { # but for what is in sets, which is the relays' coming and going
	lab_in gw nft -t list table inet onion_transparent |
		grep -v -e counter -e 'packets [0-9]'
}
# What the N-th configuration has besides; nothing of it is the download's, and
# none of it lets out what is sent.
lines() { # N
	case $(($1 % 7)) in
	0) echo "FlowRule reject to 192.0.2.0/24" ;;
	1) echo "FirewallAllow out up0 udp 192.0.2.123 123" ;;
	2) printf '%s\n' "FlowRule direct to 192.0.2.64/26 port 8443" \
		"FlowRule drop from 10.9.0.12" ;;
	3) printf '%s\n' "HTTPTunnelPort $LAN4:$HTTPPORT" \
		"FirewallAllow in br0 tcp 10.9.0.0/24 22" ;;
	4) sed -n "/^DNSPort/s/$DNSPORT/5454/p
		/^TransPort/s/$TRANSPORT/9041/p" "$GOOD" ;;
	5) echo "TransPort nonsense" ;;
	6) printf '%s\n' "HTTPTunnelPort 192.0.2.77:$HTTPPORT" \
		"FirewallAllow out up0 udp 192.0.2.124 123" ;;
	esac
}
wrong() { [ $(($1 % 7)) -ge 5 ]; }
reload() { # N
	local said=$TAKEN before size
	! wrong "$1" || said=$REFUSED
	before=$(times "$said") size=$(stat -c %s "$LAB_DIR/tmp/drip")
	if [ $(($1 % 7)) -eq 4 ]; then
		grep -v -e ^DNSPort -e ^TransPort "$GOOD" >"$RC"
	else
		cat "$GOOD" >"$RC"
	fi
	lines "$1" >>"$RC"
	kill -HUP "$(lab_pid sut)"
	lab_until 120 more "$said" "$before" || { echo "$1: no $said"; return 1; }
	lab_until 120 drip_grew "$size" || { echo "$1: no byte comes"; return 1; }
}
reloads() {
	local n
	for ((n = 0; n < LAB_RELOADS; n++)); do reload "$n" || return; done
	cp "$GOOD" "$RC"	# whoever asks for the status reads it, too
}
as_often() {
	local n good=0
	for ((n = 0; n < LAB_RELOADS; n++)); do wrong "$n" || : $((good++)); done
	echo "taken: $(times "$TAKEN") of $good;" \
		"refused: $(times "$REFUSED") of $((LAB_RELOADS - good))"
	[ "$(times "$TAKEN")" -eq "$good" ] &&
		[ "$(times "$REFUSED")" -eq $((LAB_RELOADS - good)) ]
}
still_dripping() { alive "$DRIP" && sut_get path-of "$DEST4:80" | grep -xF "$path"; }
dripped() { # what came is what was sent
	local n
	drip_stop
	n=$(stat -c %s "$LAB_DIR/tmp/drip")
	same "$(sha256sum <"$LAB_DIR/tmp/drip" | cut -d' ' -f1)" "$(web_sum "$n")"
}
refused_change() { # N
	before=$(rules)
	reload "$1" && lab_until 60 as_before
}
as_before() { same "$before" "$(rules)"; }
allowed() { rules | grep -q "192.0.2.123"; }

probe
lab_gate off
names_by redirect
SUT_DOORS="$both_redirect
FailClosed 1"
sut_stop
sut_wipe
echo shown >"$LAB_DIR/sut.mode"
sut_start
check "the program bootstraps, closed" sut_wait
cp "$RC" "$GOOD"
check "a download runs" drip_start
path=$(drip_path)
check "its path is known" test -n "$path"
parent=$(lab_pid sut)
count_anew
check "packets of all kinds are sent" flood_start
check "read again $LAB_RELOADS times, and bytes come after each" reloads
check "each was taken, or refused, as it should be" as_often
check "packets are still sent" flood_more
check "nothing else got out" tight
check "the download goes on, by the same path" still_dripping
check "every byte of it is right" dripped
check "what allows something is in the rules" eval 'drip_start && reload 1 && allowed'
check "what cannot be read leaves the rules" refused_change 5
check "what the engine does not want leaves the rules" refused_change 6
check "... and they are those of before" allowed
cp "$GOOD" "$RC"
check "a page from the LAN" fetches "http://$DEST4/"
check "a page on the host" lab_until 600 page "$OTHER_USER" "http://$DEST4/"
check "the parent is the same" same "$parent" "$(lab_pid sut)"
drip_stop
flood_stop
check "nothing else got out after it all" tight

# ---- the same rules, but as one would do it by hand ---------------------------------

check "undone, no rule is left" undone
SUT_DOORS=$both_redirect
lab_torrc >"$RC"
by_hand() {
	"$LAB_SUT" firewall -f "$RC" >"$LAB_DIR/tmp/rules.nft" 2>/dev/null &&
		lab_in gw nft -f "$LAB_DIR/tmp/rules.nft"
}
delete_and_load() {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		lab_in gw nft delete table inet onion_transparent &&
			lab_in gw nft delete table netdev onion_transparent &&
			lab_in gw nft -f "$LAB_DIR/tmp/rules.nft" || return
	done
}
closed() { [ "$(lab_leaked)" -eq 0 ]; }
leaked() {
	lab_oracle
	[ "$(lab_count leak4)" -gt 0 ] && [ "$(lab_count leak6)" -gt 0 ]
}
check "by hand: the rules load" by_hand
lab_until 300 oracle_quiet
forget
check "by hand: packets of all kinds are sent" flood_start
check "by hand: they are still sent" flood_more
check "by hand: nothing gets out" closed
check "by hand: deleted and loaded, ten times" delete_and_load
check "by hand: packets get out" leaked
flood_stop
lab_in gw nft flush ruleset
check "what is left of that is over" flood_over
probe_end
