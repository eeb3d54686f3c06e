# shellcheck shell=bash
# tests/net/onhost.sh - programs on the gateway itself, as on a workstation
#
# Sourced by a test after check.sh and shown.sh.  What programs of other
# accounts than the daemon's ask for is carried through circuits; what they send
# otherwise must not leave.
#	ON_HOST_DNS	who their resolver asks

onhost_resolver() {
	printf 'nameserver %s\noptions timeout:30 attempts:3\n' "$ON_HOST_DNS" \
		>"$LAB_DIR/resolv.ws"
}
as() { # ACCOUNT CMD...
	lab_in_as resolv.ws gw setpriv --reuid "$1" --regid "$(id -g "$1")" \
		--clear-groups -- "${@:2}"
}
page() { # ACCOUNT URL
	as "$1" "${CURL[@]}" --max-time 60 "$2" >"$LAB_DIR/tmp/page"
}
ask() { same "$(as "$OTHER_USER" dig +short +noedns +time=30 +tries=3 "$@" \
	www.lab.example A | grep -v "^;;")" "$DEST4"; }

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
	# the kernel is to give that port to nobody who names none
	lab_in gw sysctl -qw "net.ipv4.ip_local_reserved_ports=$PORT"
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
probe_end() { lab_in net nft delete table netdev probe; }
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

# pages_of ACCOUNT: by name and by address; the server sees an exit each time
pages_of() {
	check "$1: a page by name" lab_until 600 page "$1" \
		http://www.lab.example/
	check "$1: the server saw an exit" seen_exit
	check "$1: a page from an IPv4 address" \
		lab_until 600 page "$1" "http://$DEST4/"
	check "$1: the server saw an exit (IPv4)" seen_exit
	check "$1: a page from an IPv6 address" \
		lab_until 600 page "$1" "http://[$DEST6]/"
	check "$1: the server saw an exit (IPv6)" seen_exit
}
