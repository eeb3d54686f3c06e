#!/bin/bash
# The TUN as the LAN's way out: every TCP connection and every name, whatever
# the client asks, and a plain word about all else.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no TUN"
	exit
fi
need_sut tun

load() { lab_lan "$PYTHON" "$LAB_SRC/load.py" "$@"; }
half() { same "$(load half "$1" "$2")" "$(web_sum "$1")"; }
stalls() { same "$(load stall "$1" "$2" "$3")" "$(web_sum "$1")"; }
crowd() { # N HOST: more descriptors than a shell has by default
	lab_lan bash -c 'ulimit -n 65536; exec "$@"' sh \
		"$PYTHON" "$LAB_SRC/load.py" many "$@"
}

# A client whose connection could not be made is told so by its connect().
refused() {
	local got
	got=$(load ports "$1" "$2" "$3")
	echo "$got"
	[ "$(wc -l <<<"$got")" -eq $(($2 - $1 + 1)) ] &&
		! grep -qv 'ECONNREFUSED$' <<<"$got"
}
told() { same "$(load told "$1" "$2")" "$3"; }
asks() { # DIG OPTIONS...
	same "$(lab_lan dig +short +time=30 +tries=3 "$@" www.lab.example A |
		grep -v '^;;')" "$DEST4"
}
prohibited() { # HOST: ping is told, and does not wait
	lab_in lan1 ping -c 1 -W 60 "$1"
	[ $? -eq 1 ] && lab_in lan1 ping -c 1 -W 60 "$1" |
		grep -E 'filtered|prohibited'
}

lab_oracle_reset
check "a page by name" fetches http://www.lab.example/
check "the server saw an exit" seen_exit
check "a page from an IPv4 address" fetches "http://$DEST4/"
check "the server saw an exit (IPv4)" seen_exit
check "a page from an IPv6 address" fetches "http://[$DEST6]/"
check "the server saw an exit (IPv6)" seen_exit
check "a name with only an IPv6 address" fetches http://only6.lab.example/

check "100 MB down, by name" downloads big.lab.example 100000000
check "100 MB up, by name" uploads big.lab.example 100000000
check "20 MB down from an IPv6 address" downloads "[$DEST6]" 20000000
check "20 MB up to an IPv6 address" uploads "[$DEST6]" 20000000
check "2000 connections at once" crowd 2000 "$DEST4"
check "500 connections at once, IPv6" crowd 500 "$DEST6"
check "who sends no more gets its answer" half 5000000 "$DEST4"
check "who sends no more gets its answer, IPv6" half 5000000 "$DEST6"
check "who reads nothing for a minute gets all" stalls 20000000 60 "$DEST4"

check "a question to any server is answered" asks @192.0.2.53
check "a question over IPv6" asks @2001:db8:9::53
check "a question over TCP" asks +tcp @192.0.2.53
check "closed ports are closed" refused 81 90 "$DEST4"
check "closed ports are closed, IPv6" refused 81 90 "$DEST6"
check "a datagram is refused at once" told 443 "$DEST4" EHOSTUNREACH
check "a datagram is refused at once, IPv6" told 443 "$DEST6" EACCES
check "the device answers pings" lab_in lan1 ping -c 1 -W 60 "$TUN4"
check "the device answers pings, IPv6" lab_in lan1 ping -c 1 -W 60 "$TUN6"
check "other pings are refused at once" prohibited "$DEST4"
check "other pings are refused at once, IPv6" prohibited "$DEST6"

check "relays were used" test "$(lab_count good)" -gt 0
check "nothing else was" test "$(lab_leaked)" -eq 0
check "and all is well afterwards" fetches http://www.lab.example/
