#!/bin/bash
# The rules that README shows for a workstation, as it shows them: programs on
# the machine itself, of other accounts than the daemon's, are carried through
# circuits, and nothing of theirs leaves otherwise.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
need_lab

HEADING="A workstation"
printf 'nameserver 127.0.0.1\noptions timeout:30 attempts:3\n' \
	>"$LAB_DIR/resolv.ws"
as() { # ACCOUNT CMD...
	lab_in_as resolv.ws gw setpriv --reuid "$1" --regid "$(id -g "$1")" \
		--clear-groups -- "${@:2}"
}
page() { # ACCOUNT URL
	as "$1" "${CURL[@]}" --max-time 60 "$2" >"$LAB_DIR/tmp/page"
}
ask() { same "$(as "$OTHER_USER" dig +short +noedns +time=30 +tries=3 "$@" \
	www.example.test A | grep -v "^;;")" "$DEST4"; }

# What may not leave: packets of any kind, and those of a program that binds
# itself to the uplink, which needs no rights.
stimulus() {
	local who host
	for who in root "$OTHER_USER"; do
		for host in "$DEST4" "$DEST6" "$(relay_addr4 r1)"; do
			as "$who" ping -c 1 -W 1 "$host"
			as "$who" "$PYTHON" - sent up0 "$host" \
				<"$LAB_SRC/load.py"
		done
		for host in 127.0.0.1 ::1; do
			as "$who" "$PYTHON" - sent up0 "$host" \
				<"$LAB_SRC/load.py"
		done
	done
	lab_in gw "$PYTHON" "$LAB_SRC/load.py" odd "$DEST4" "$DEST6"
} >/dev/null 2>&1

# A relay's address is no leak for the oracle: whose connection it is tells
# the port that it comes from.
PORT=45678
probe() {
	lab_in net nft -f - <<-N
	table netdev probe {
		chain c_in {
			type filter hook ingress device "wan" priority -600
			policy accept
			tcp sport $PORT counter
		}
	}
	N
}
probed() {
	lab_in net nft list table netdev probe |
		sed -n 's/.*sport.*packets \([0-9]*\) .*/\1/p'
}
to_relay() {
	local before who
	before=$(probed)
	for who in root "$OTHER_USER"; do
		as "$who" curl -q -sS --max-time 10 --local-port "$PORT" \
			"http://$(relay_addr4 r1):$ORPORT/"
		as "$who" curl -q -sS --max-time 10 --local-port "$PORT" \
			"http://[$(relay_addr6 r1)]:$ORPORT/"
		as "$who" curl -q -sS --max-time 3 --local-port "$PORT" \
			--interface up0 "http://$(relay_addr4 r1):$ORPORT/"
	done
	echo "of these packets $(($(probed) - before)) left"
	[ "$(probed)" -gt "$before" ]
}
not_to_relay() { ! to_relay; }

lab_oracle_reset
probe
check "the rules load" shown_gate "$README" "$HEADING"
check "the program bootstraps" shown_sut "$README" "$HEADING"
check "it has no rights" unprivileged
for who in "$OTHER_USER" root; do
	check "$who: a page by name" lab_until 600 page "$who" \
		http://www.example.test/
	check "$who: the server saw an exit" seen_exit
	check "$who: a page from an IPv4 address" \
		lab_until 600 page "$who" "http://$DEST4/"
	check "$who: the server saw an exit (IPv4)" seen_exit
	check "$who: a page from an IPv6 address" \
		lab_until 600 page "$who" "http://[$DEST6]/"
	check "$who: the server saw an exit (IPv6)" seen_exit
done
check "a name over UDP" ask
check "a question to any server is caught" ask @192.0.2.53
check "a question over IPv6" ask @::1
if ! sut_is_tor; then
	check "a name over TCP" ask +tcp
	check "a question to any server is caught, over TCP" \
		ask +tcp @192.0.2.53
fi
check "nothing else gets out" holds
check "nobody else reaches a relay" not_to_relay
check "without the rules, all that is seen" \
	without_rules "$README" "$HEADING" seen
check "without the rules, relays are reached" \
	without_rules "$README" "$HEADING" to_relay
check "and all is well afterwards" \
	lab_until 600 page "$OTHER_USER" http://www.example.test/
lab_in net nft delete table netdev probe
