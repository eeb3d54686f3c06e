#!/bin/bash
# FlowRule: what goes past Tor is what a rule lets, and nothing else does; a
# reload takes it back.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no FlowRule"
	exit 0
fi

# Ports 80 and 17 of the server answer with whom they see.
direct() { [ "$(seen_last)" = "$1" ]; }
exit_at_17() {
	local who
	who=$(lab_lan timeout 300 bash -c "cat <>/dev/tcp/$DEST4/17")
	relay_at "${who//[[:space:]]/}" | grep -xF "$(lab_exits)"
}
# Told so at once: a reset, or no connection at all.
refused() {
	lab_lan curl -q -sS --max-time 60 -o /dev/null "$1"
	was_refused $?
}
said() { sut_log | grep -qF "$1"; }
# The oracle knows relays only: all else that it met must be this.  Where it
# is, it is forgotten, with what those connections still have to say.
only() {
	same "$(lab_leaks | sort)" "$(printf '%s\n' "$@" | sort)" &&
		lab_until 300 oracle_quiet
}
nothing() { lab_leaks; [ "$(lab_leaked)" -eq 0 ]; }
counted() {
	local n
	n=$(sut_status | sed -n 's/.*"direct":\([0-9]*\).*/\1/p')
	[ "$n" -ge "$1" ]
}
hup() {
	sed -i '/^FlowRule/d' "$LAB_DIR/sut.rc"
	printf '%s\n' "$@" >>"$LAB_DIR/sut.rc"
	kill -HUP "$(lab_pid sut)"
}
in_force() { [ "$(sut_log | grep -c 'configuration is in force')" -eq "$1" ]; }

SUT_EXTRA="FlowRule direct to $DEST4/32 port 80"
check "the program bootstraps" sut_fresh redirect
lab_oracle_reset
check "the log says what goes past Tor" said "'$SUT_EXTRA'"
check "a page from the address and port of the rule" fetches "http://$DEST4/"
check "the server saw the gateway itself" direct "$UP4"
check "another port of it sees an exit" lab_until 300 exit_at_17
check "another address" fetches "http://[$DEST6]/"
check "the server saw an exit" seen_exit
check "100 MB past Tor" downloads "$DEST4" 100000000
check "an upload past Tor" uploads "$DEST4" 20000000
check "status counts them" counted 3
check "nothing else got past Tor" only "$DEST4 . tcp . 80"

# The gateway is no way to itself, however wide a rule is.
lab_spawn own gw "$PYTHON" -c 'import socket, sys
s = socket.create_server((sys.argv[1], 7777))
while True:
    c = s.accept()[0]
    c.recv(9999)
    c.send(b"HTTP/1.0 204 None\r\n\r\n")
    c.close()' "$UP4"
own_up() { lab_in gw curl -q -sf --noproxy '*' "http://$UP4:7777/"; }
hup "FlowRule direct to 0.0.0.0/0 port 81,7777" \
	"FlowRule reject to $DEST4 port 80" "FlowRule direct to ::/0 port 80"
check "a reload" lab_until 60 in_force 1
check "a warning where a rule is wide" said "THESE CONNECTIONS DO NOT"
check "a server on the gateway" lab_until 300 own_up
check "it is not to be had from the LAN" refused "http://$UP4:7777/"
check "what is to be rejected is" refused "http://$DEST4/"
check "nothing got past Tor" nothing
check "what is refused there is refused here" refused "http://$DEST4:81/"
check "IPv6 past Tor" fetches "http://[$DEST6]/"
check "the server saw the gateway itself (IPv6)" direct "$UP6"
check "nothing else got past Tor" \
	only "$DEST4 . tcp . 81" "$DEST6 . tcp . 80"
lab_stop own

hup
check "a reload without rules" lab_until 60 in_force 2
check "a page from the address of the rule that was" fetches "http://$DEST4/"
check "the server saw an exit" seen_exit
check "nothing got past Tor" nothing
SUT_EXTRA=
