#!/bin/bash
# Programs that speak to a proxy: SOCKS 4, 4a and 5, HTTP CONNECT, tor's
# lookups; who may share circuits; SafeSocks and TestSocks.  What is not ours
# alone is true of tor as well.
. "$(dirname "$0")/check.sh"
need_lab

SOCKS=9050 HTTP=8118
with() {
	# shellcheck disable=SC2034 # for sut.sh
	SUT_EXTRA=$(printf '%s\n' "$@")
	sut_fresh && let_in
}
# What is for the proxies' ports is for the gateway itself.
let_in() {
	local ports="tcp dport { $SOCKS, 9051-9053, $HTTP } accept"
	lab_in gw nft -f - <<-N
	insert rule inet gate prerouting iifname "br0" ip daddr $LAN4 $ports
	insert rule inet gate prerouting iifname "br0" ip6 daddr $LAN6 $ports
	insert rule inet gate input iifname "br0" $ports
	N
}
has_ports() {
	with "SocksPort $LAN4:$SOCKS" "SocksPort [$LAN6]:$SOCKS" \
		"SocksPort $LAN4:9051 ExtendedErrors" \
		"SocksPort $LAN4:9052 NoDNSRequest" \
		"SocksPort $LAN4:9053 NoIsolateSOCKSAuth" \
		"SocksPort unix:$(sut_data)/socks" \
		"HTTPTunnelPort $LAN4:$HTTP" "$@"
}

by() { # OPTION ARG... : a page with these options of curl
	rm -f "$LAB_DIR/tmp/page"
	lab_until 300 fetch "$URL" --max-time 60 "$@" -o "$LAB_DIR/tmp/page" &&
		seen_exit
}
URL=http://www.lab.example/
by_address() { URL="http://$DEST4/" by "$@"; }

check "it works" has_ports
check "SOCKS 4: a page by address" by_address --socks4 "$LAN4:$SOCKS"
check "SOCKS 4a: a page by name" by --socks4a "$LAN4:$SOCKS"
check "SOCKS 5: a page by address" by_address --socks5 "$LAN4:$SOCKS"
URL="http://[$DEST6]/"
check "SOCKS 5: a page from an IPv6 address" by --socks5 "$LAN4:$SOCKS"
URL=http://www.lab.example/
check "SOCKS 5: a page by name" by --socks5-hostname "$LAN4:$SOCKS"
check "SOCKS 5 over IPv6: a page by name" \
	by --socks5-hostname "[$LAN6]:$SOCKS"
check "HTTP CONNECT: a page by name" \
	by --proxytunnel --proxy "http://$LAN4:$HTTP"
URL="http://[$DEST6]/"
check "HTTP CONNECT: a page from an IPv6 address" \
	by --proxytunnel --proxy "http://$LAN4:$HTTP"
URL=http://www.lab.example/

# The unix socket is on the gateway itself, whoever runs the program.
by_unix() {
	lab_in gw "${CURL[@]}" --max-time 60 "$URL" \
		--proxy "socks5h://localhost$(sut_data)/socks"
}
check "a unix socket: a page by name" lab_until 300 by_unix

# ---- much ------------------------------------------------------------------

much() {
	same "$(fetch "http://www.lab.example/bytes/20000000" "$@" |
		sha256sum | cut -d' ' -f1)" "$(web_sum 20000000)"
}
check "SOCKS 5: 20 MB" much --socks5-hostname "$LAN4:$SOCKS"
check "HTTP CONNECT: 20 MB" much --proxytunnel --proxy "http://$LAN4:$HTTP"
much_up() {
	local file=$LAB_DIR/tmp/upload
	head -c 5000000 /dev/urandom >"$file"
	same "$(fetch "http://www.lab.example/" -T "$file" "$@")" \
		"$(sha256sum <"$file" | cut -d' ' -f1)"
}
check "SOCKS 5: 5 MB up" much_up --socks5-hostname "$LAN4:$SOCKS"

# ---- what is refused, and how it is told -----------------------------------

# curl's status 97: the proxy said no
says() { # WHAT ARG...
	local out
	out=$(lab_lan curl -q -sS -o /dev/null --max-time 120 "${@:2}" 2>&1)
	echo "$out"
	grep -q "$1" <<<"$out"
}
check "a name that is none: host unreachable" says '(4)' \
	--socks5-hostname "$LAN4:$SOCKS" http://no-such-name.lab.example/
check "a private address: refused" says "complete SOCKS5" \
	--socks5 "$LAN4:$SOCKS" http://10.1.2.3/
check "NoDNSRequest: a name is not allowed" says '(2)' \
	--socks5-hostname "$LAN4:9052" http://www.lab.example/
URL="http://$DEST4/"
check "NoDNSRequest: an address is" by --socks5 "$LAN4:9052"
URL=http://www.lab.example/
http_status() { # STATUS URL
	same "$(lab_lan curl -q -sS -o /dev/null --max-time 120 -w \
		'%{http_connect}' --proxytunnel --proxy "http://$LAN4:$HTTP" \
		"$2" 2>/dev/null)" "$1"
}
check "HTTP CONNECT to no such name: 503" \
	http_status 503 http://no-such-name.lab.example/
bad_onion=http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.onion/
check "a wrong onion address: F6 with ExtendedErrors" says '(246)' \
	--socks5-hostname "$LAN4:9051" "$bad_onion"
check "a wrong onion address: general failure without" says '(1)' \
	--socks5-hostname "$LAN4:$SOCKS" "$bad_onion"

raw() { # BYTES, as of printf: what comes back, in hex
	# shellcheck disable=SC2059
	printf "$1" | lab_lan timeout 200 "$PYTHON" -c '
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(sys.stdin.buffer.read())
s.settimeout(100)
got = b""
try:
    while len(got) < 4096:
        d = s.recv(4096)
        if not d:
            break
        got += d
except OSError:
    pass
sys.stdout.write(got.hex())' "$LAN4" "${2:-$SOCKS}"
}
hex_is() { same "$(raw "$2" "${@:3}")" "$1"; }
hex_begins() {
	local got
	got=$(raw "$2" "${@:3}")
	echo "$got"
	case $got in "$1"*) ;; *) return 1 ;; esac
}
has() { # WHAT, in hex: tor leaves out the reply before it
	local got
	got=$(raw "$2" "${@:3}")
	echo "$got"
	grep -q "$1" <<<"$got"
}
check "BIND: not supported" \
	has 05070001000000000000 '\5\1\0\5\2\0\1\1\2\3\4\0\x50'
check "no method of ours" hex_is 05ff '\5\1\x80'
check "SOCKS 4 to port 0: rejected" \
	hex_begins 005b '\4\1\0\0\1\2\3\4\0'
check "HTTP on a SocksPort: a page" \
	hex_begins 485454502f312e3020353031 'GET / HTTP/1.0\r\n\r\n'
tls_is_closed() { [ -z "$(raw '\x16\3\1\2\0\1\0')" ] || sut_is_tor; }
check "TLS on a SocksPort: closed" tls_is_closed
check "GET on an HTTPTunnelPort: nothing is said" \
	same "<$(raw 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n' $HTTP)>" "<>"
# optimistic: all at once
check "all that there is to say at once, and data behind it" \
	lab_until 300 hex_begins 05000500 '\5\1\0\5\1\0\3\17www.lab.example\0\x50GET / HTTP/1.0\r\n\r\n'

# ---- lookups ---------------------------------------------------------------

# shellcheck disable=SC2086
check "RESOLVE, SOCKS 5" lab_until 300 hex_is "0500050000""01$(printf %02x \
	${DEST4//./ })0000" '\5\1\0\5\xf0\0\3\21only4.lab.example\0\0'
tor_resolves() { lab_until 300 resolves "$@"; }
resolves() { same "$(lab_lan tor-resolve "$@" "$LAN4:$SOCKS")" "$WANT"; }
WANT=$DEST4
check "tor-resolve" tor_resolves only4.lab.example
check "tor-resolve -4" tor_resolves -4 only4.lab.example
WANT=www.lab.example
check "tor-resolve -x" tor_resolves -x "$DEST6"
no_such() { ! lab_lan tor-resolve no-such-name.lab.example "$LAN4:$SOCKS"; }
check "tor-resolve of no such name" no_such
if command -v torsocks >/dev/null; then
	torsocked() {
		lab_lan torsocks -a "$LAN4" -P "$SOCKS" "${CURL[@]}" \
			--max-time 60 http://www.lab.example/ |
			grep -q '^Hello'
	}
	check "torsocks" lab_until 300 torsocked
else
	skip "torsocks (not installed)"
fi

if sut_is_tor; then
	skip "resolve (ours alone)"
else
	resolves() {
		same "$(lab_in gw "$LAB_SUT" resolve -f "$LAB_DIR/sut.rc" \
			"$@")" "$WANT"
	}
	WANT=$DEST4
	check "resolve" tor_resolves only4.lab.example
	check "resolve -p ADDRESS:PORT" \
		tor_resolves -p "$LAN4:$SOCKS" only4.lab.example
	WANT=www.lab.example
	check "resolve -x" tor_resolves -x "$DEST6"
	not_found() {
		local out
		out=$(lab_in gw "$LAB_SUT" resolve -f "$LAB_DIR/sut.rc" \
			"no-such-name.lab.example" 2>&1) && return 1
		echo "$out"
		grep -q 'no-such-name.lab.example: not found' <<<"$out"
	}
	check "resolve of no such name: status and reason" not_found
	nobody() {
		local out
		out=$(lab_in gw "$LAB_SUT" resolve -p 9 a.example 2>&1) &&
			return 1
		echo "$out"
		grep -q 'nobody answers at 127.0.0.1:9' <<<"$out"
	}
	check "resolve where nobody listens: status and reason" nobody
fi

# ---- who shares circuits ---------------------------------------------------

# Streams that stay open, one by one, and the circuits that they are on.
hold() { # NAME ARG...
	lab_spawn "hold-$1" lan1 curl -q -sS -o /dev/null "${@:2}" \
		"http://$DEST4/drip/1000000000"
}
circuits() { # HOW MANY STREAMS THERE SHOULD BE
	sut_get circuits-of "$DEST4:80" >"$LAB_DIR/tmp/held"
	[ "$(grep -c . "$LAB_DIR/tmp/held")" -ge "$1" ] || return 1
	sort -u "$LAB_DIR/tmp/held" | grep -c .
}
settled() { lab_until 300 circuits "$1" >/dev/null; }
shares() { # WANT ARGS-OF-ONE ARGS-OF-OTHER: on how many circuits
	local n
	sut_restart || return 1
	# shellcheck disable=SC2086
	hold one $2
	settled 1
	# shellcheck disable=SC2086
	hold two $3
	settled 2
	n=$(circuits 2)
	cat "$LAB_DIR/tmp/held"
	lab_stop hold-one KILL
	lab_stop hold-two KILL
	same "$n" "$1"
}
S="--socks5 $LAN4:$SOCKS"
# A stream that is not answered in time goes to another circuit, and who shares
# one with another may not have to; so one time of some is enough.
share() { lab_until 300 shares 1 "$@"; }
check "the same user: one circuit" \
	share "$S --proxy-user a:x" "$S --proxy-user a:x"
check "another user: another circuit" \
	shares 2 "$S --proxy-user a:x" "$S --proxy-user b:x"
check "another password: another circuit" \
	shares 2 "$S --proxy-user a:x" "$S --proxy-user a:y"
S="--socks5 $LAN4:9053"
check "NoIsolateSOCKSAuth: one circuit" \
	share "$S --proxy-user a:x" "$S --proxy-user b:y"
S="--proxytunnel --proxy http://$LAN4:$HTTP"
echo "X-Tor-Stream-Isolation: a" >"$LAB_DIR/tmp/iso-a"
echo "X-Tor-Stream-Isolation: b" >"$LAB_DIR/tmp/iso-b"
check "X-Tor-Stream-Isolation, the same: one circuit" share \
	"$S --proxy-header @$LAB_DIR/tmp/iso-a" \
	"$S --proxy-header @$LAB_DIR/tmp/iso-a"
check "X-Tor-Stream-Isolation, another: another circuit" shares 2 \
	"$S --proxy-header @$LAB_DIR/tmp/iso-a" \
	"$S --proxy-header @$LAB_DIR/tmp/iso-b"
check "Proxy-Authorization, another: another circuit" shares 2 \
	"$S --proxy-user tor:a" "$S --proxy-user tor:b"
check "two ports: two circuits" \
	shares 2 "--socks5 $LAN4:$SOCKS" "--socks5 $LAN4:9051"

# ---- SafeSocks, TestSocks, SocksPolicy -------------------------------------

check "SafeSocks, TestSocks: it works" has_ports "SafeSocks 1" "TestSocks 1"
check "SafeSocks: a page by name" by --socks5-hostname "$LAN4:$SOCKS"
check "SafeSocks: a page by name, 4a" by --socks4a "$LAN4:$SOCKS"
check "SafeSocks: an address is refused" says '(2)' \
	--socks5 "$LAN4:$SOCKS" "http://$DEST4/"
check "SafeSocks: an address is refused, 4" says '91' \
	--socks4 "$LAN4:$SOCKS" "http://$DEST4/"
WANT=$DEST4
check "SafeSocks: a lookup is let through" tor_resolves only4.lab.example
check "TestSocks: it is in the log" \
	lab_until 30 grep -q 'TestSocks\|This is good' "$LAB_DIR/log/sut.out"
check "SocksPolicy: it works" has_ports "SocksPolicy reject $LAN4/24"
refused() { ! lab_lan curl -q -sS -o /dev/null --max-time 60 "$@"; }
check "SocksPolicy: whom it rejects cannot come" \
	refused --socks5-hostname "$LAN4:$SOCKS" http://www.lab.example/
sut_stop
