#!/bin/bash
# A LAN client that knows nothing of Tor fetches a page by name.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

three_relays() {
	local path
	path=$(drip_path)
	echo "path: $path"
	[ "$(tr ' ' '\n' <<<"$path" | sort -u | wc -l)" -eq 3 ] &&
		[ "${path##* }" = "$(drip_exit)" ]
}

# Two clients of one destination: by default they never share a circuit.
# Streams of clients that went away may still wait for the server's end, so
# it is a circuit that was not in use before that tells.
own_circuits() {
	sut_get circuits-of "$DEST4:80" | sort -u >"$LAB_DIR/tmp/circuits"
	lab_until 300 another_circuit
}
another_circuit() {
	lab_alive drip2 || lab_spawn drip2 lan2 curl -q -sS -o /dev/null \
		"http://$DEST4/drip/1000000000"
	sut_get circuits-of "$DEST4:80" | sort -u |
		comm -13 "$LAB_DIR/tmp/circuits" - | grep .
}

check "a page by name" fetches http://www.lab.example/
check "the server saw an exit (IPv4)" seen_exit
check "a page from an IPv4 address" fetches "http://$DEST4/"
check "a page from an IPv6 address" fetches "http://[$DEST6]/"
check "the server saw an exit (IPv6)" seen_exit
check "a name with only an IPv4 address" fetches http://only4.lab.example/
check "a name with only an IPv6 address" fetches http://only6.lab.example/

check "a transfer runs" drip_start
check "status shows the stream's three relays, exit last" three_relays
check "another LAN client gets another circuit" own_circuits
drip_stop
lab_stop drip2 KILL

# Nobody listens there: the client is told so, it does not hang.
refused() {
	lab_lan curl -q -sS --max-time 600 "http://$DEST4:81/"
	case $? in 0 | 28) return 1 ;; esac
}
check "a refused connection ends" refused
