#!/bin/bash
# Every other type of question, by a real resolver behind the exits (DNSUpstream):
# its answers, what DNSSEC makes of them, and what never leaves; asked by the
# resolvers that programs have.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/names.sh
. "$LAB_SRC/names.sh"
need_lab
check "a resolver with signed zones" lab_zones_up
Z=$LAB_DIR/zones

# ---- are they what they should be?  BIND's validator says so; the resolver
# leaves out what proves a wildcard of NSEC, so that none is asked for.
delved() { # WORDS QUESTION...
	local tag alg digest hex
	read -r _ _ _ tag alg digest hex <"$Z/anchor"
	echo "trust-anchors { . static-ds $tag $alg $digest \"$hex\"; };" \
		>"$LAB_DIR/tmp/bind.keys"
	lab_dest delv "@$RESOLVER4" -a "$LAB_DIR/tmp/bind.keys" +root=. \
		"${@:2}" >"$LAB_DIR/tmp/delv" 2>&1
	cat "$LAB_DIR/tmp/delv"
	grep -E "^;+ .*$1" "$LAB_DIR/tmp/delv"
}
check "delv: what is signed is valid" delved 'fully validated' example.test MX
check "delv: so is NSEC3" delved 'fully validated' any.wild.signed.test TXT
check "delv: so is a chain" delved 'fully validated' across.example.test TXT
check "delv: what is not is not" delved 'unsigned answer' text.plain.test TXT
check "delv: what was changed" delved 'failed to verify' changed.bogus.test TXT
check "delv: a signature is missing" delved 'proof failed' naked.bogus.test TXT
check "delv: of last year" delved expired text.expired.test TXT
check "delv: another's key" delved 'broken trust chain' text.other.test TXT
over_tls() { # CA NAME
	lab_dest dig +tls "+tls-ca=$Z/$1" "+tls-hostname=$2" "@$RESOLVER4" \
		example.test MX | tee "$LAB_DIR/tmp/dig" | grep "10 www" ||
		{ cat "$LAB_DIR/tmp/dig"; return 1; }
}
not_over_tls() { ! over_tls "$@"; }
check "dig: its certificate" over_tls ca.pem "$RESOLVER_NAME"
check "dig: is not another's" not_over_tls ca.pem another.example.test
check "dig: nor of another CA" not_over_tls ca.other.pem "$RESOLVER_NAME"

# ---- as each program asks
UNIQUE=$(fresh)
getents() { # NAME ADDRESS...: what glibc gives, of both families
	same "$(lab_lan getent ahosts "$1" | awk '{ print $1 }' | sort -u |
		paste -sd' ')" "$(printf '%s\n' "${@:2}" | sort | paste -sd' ')"
}
musl() {
	musl-gcc -static -O -o "$LAB_DIR/tmp/lookup" "$LAB_SRC/lookup.c" &&
		same "$(lab_lan "$LAB_DIR/tmp/lookup" "$1" | sort -u |
		paste -sd' ')" "$(printf '%s\n' "${@:2}" | sort | paste -sd' ')"
}
# Debian's hey is a Go program; and is told to leave libc's resolver alone.
gopher() {
	lab_lan env GODEBUG=netdns=go+1 hey -n 1 -c 1 -t 300 "$1" \
		>"$LAB_DIR/tmp/hey" 2>&1
	cat "$LAB_DIR/tmp/hey"
	grep "Go's resolver" "$LAB_DIR/tmp/hey" &&
		grep '\[200\][[:space:]]*1 responses' "$LAB_DIR/tmp/hey"
}
hosts() { # NAME WORDS
	lab_lan host -W 30 -R 3 "$1" >"$LAB_DIR/tmp/host"
	cat "$LAB_DIR/tmp/host"
	grep -F "$2" "$LAB_DIR/tmp/host"
}
gives_up() { # CMD...: it fails, and not by silence
	timeout 200 "$@"
	case $? in 0 | 124) return 1 ;; esac
}
# All that was asked is answered, or refused; none is lost.
perf() { # NAMES-FILE OPTIONS...
	lab_lan dnsperf -s "$LAN4" -d "$1" -n 1 -t 60 "${@:2}" \
		>"$LAB_DIR/tmp/perf" 2>&1
	cat "$LAB_DIR/tmp/perf"
	same "$(sed -n 's/.*Queries completed: *\([0-9]*\) .*/\1/p' \
		"$LAB_DIR/tmp/perf")" "$(wc -l <"$1")"
}
perf_names() { # COUNT
	local i
	for ((i = 0; i < $1; i++)); do echo "p$RANDOM-$i.many.example.test A"; done
}
clients() {
	check "dig" answers "$DEST4" www.example.test A
	check "host" hosts www.example.test "has address $DEST4"
	check "host, of an alias" hosts alias.example.test \
		"has address $DEST4"
	check "glibc" getents www.example.test "$DEST4" "$DEST6"
	check "glibc, a name with only IPv4" getents only4.example.test "$DEST4"
	check "musl" musl www.example.test "$DEST4" "$DEST6"
	check "musl, a name with only IPv6" musl only6.example.test "$DEST6"
	check "Go" gopher "http://$UNIQUE/"
	check "glibc: no such name" gives_up \
		lab_lan getent ahosts no-such-name.example.test
	check "musl: no such name" gives_up \
		lab_lan "$LAB_DIR/tmp/lookup" no-such-name.example.test
	check "glibc: a name that may not leave" gives_up \
		lab_lan getent ahosts printer.lan
	perf_names 1000 >"$LAB_DIR/tmp/perf.names"
	check "dnsperf: a thousand names are answered" \
		perf "$LAB_DIR/tmp/perf.names" -q 50 -Q 500
	check "and names still work" answers "$DEST4" www.example.test A
}

# ---- none is configured
none() {
	local type
	for type in MX TXT SRV HTTPS CAA NS SOA DNSKEY DS NAPTR TLSA; do
		status NOTIMP example.test "$type" || return
	done
}
check "the program bootstraps" sut_fresh
clients
check "without DNSUpstream: NOTIMP" none
if sut_is_tor; then
	skip "DNSUpstream (tor has none)"
	lab_stop unbound
	exit
fi

# ---- what is not of DNSSEC
start() { # LINES...
	SUT_EXTRA=$(printf '%s\n' ClientRejectInternalAddresses\ 1 \
		ClientDNSRejectInternalAddresses\ 1 "$@")
	sut_fresh
}
types() {
	answers "10 www.example.test. 20 mail.example.test." example.test MX &&
	answers '"plain text" "second string"' example.test TXT &&
	answers '0 issue "ca.example.test"' example.test CAA &&
	answers "1 . alpn=\"h2\" ipv4hint=$DEST4" example.test HTTPS &&
	answers "0 5 80 www.example.test." _http._tcp.example.test SRV &&
	answers '10 100 "S" "SIP+D2U" "" _sip._udp.example.test.' \
		example.test NAPTR &&
	answers "ns.example.test." example.test NS &&
	short example.test SOA | grep "^ns.example.test. hostmaster" &&
	short example.test DNSKEY | grep "^257 3 13 " &&
	short example.test DS | grep ' 13 2 ' &&
	short _443._tcp.example.test TLSA | grep "^3 1 1 [0 ]*7$" &&
	short host.example.test SSHFP | grep "^4 2 [0 ]*9$" &&
	answers '10 1 "https://www.example.test/"' uri.example.test URI
}
chains() {
	answers '"at the end" second.example.test. third.example.test.' \
		first.example.test TXT &&
	short across.example.test TXT | grep '^"signed, NSEC3"$'
}
negative() {
	no_answer www.example.test MX && no_answer host.signed.test TXT &&
		status NXDOMAIN not.there.example.test MX &&
		status NXDOMAIN not.there.signed.test TXT &&
		status NXDOMAIN nowhere.example.test TXT
}
# By UDP so much fits as the client says; the rest it has to fetch by TCP.
long() {
	"$ASKER" dig +time=30 +tries=3 +notcp +ignore +bufsize=1232 \
		long.example.test TXT | grep -E '^;; flags:.* tc' &&
	same "$("$ASKER" dig +time=30 +short "$@" long.example.test TXT |
		grep -c '^"0')" 9
}
case_kept() {
	"$ASKER" dig +time=30 +tries=3 +qr wWw.eXaMpLe.TeSt MX |
		grep -c '^;wWw\.eXaMpLe\.TeSt\.' | grep -x 2
}
several() { # pipelined, on one connection
	"$ASKER" dig +tcp +keepopen +short +time=30 example.test MX \
		example.test TXT example.test CAA third.example.test TXT |
		grep -c . | grep -x 5
}
# The resolver saw exits, and nobody else.
by_exits() {
	local who
	lab_asked "$1" | grep . || return
	for who in $(lab_asked "$1" | sed 's/.*info: \([^ ]*\) .*/\1/' |
		sort -u); do
		lab_exits | grep -qx "$(relay_at "$who")" || return
	done
}
rebinding() {
	no_or_refused inside4.example.test A &&
		no_or_refused inside6.example.test AAAA &&
		no_or_refused inside.example.test HTTPS
}
no_or_refused() {
	local out
	out=$(ask "$@")
	echo "$out"
	! grep -E '192\.168\.7\.7|fd00:dead::7' <<<"$out"
}
LOCAL=(somebody.local printer.internal nas.home.arpa localhost a.localhost
	singlelabel 3.2.1.10.in-addr.arpa 7.7.168.192.in-addr.arpa
	www.example.test.r1.exit
	duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion)
local_names() {
	local n type
	for n in "${LOCAL[@]}"; do
		for type in TXT MX HTTPS SRV DS; do
			status NXDOMAIN "$n" "$type" || status NOERROR "$n" \
				"$type" || return
			if short "$n" "$type" | grep -v '^127\|^::1'; then
				return 1
			fi
		done
	done
}
nobody_asked_for_local() {
	local n
	answers '"at the end"' third.example.test TXT || return
	for n in "${LOCAL[@]}"; do
		if lab_asked "$n"; then return 1; fi
	done
}
with_upstream() { # WHAT
	check "$1: each type" types
	check "$1: chains of names" chains
	check "$1: no such name, no such type" negative
	check "$1: a long answer" long
	check "$1: a long answer, over TCP" long +tcp
	check "$1: several questions on one connection" several
	check "$1: the case of letters is kept" case_kept
	check "$1: over IPv6" answers '"at the end"' "@$LAN6" \
		third.example.test TXT
	check "$1: the resolver saw exits" by_exits third.example.test
}
check "DNSUpstream: the program bootstraps" start "DNSUpstream $RESOLVER4"
with_upstream TCP
check "answers that point inside are refused" rebinding
check "names that may not leave" local_names
check "... and do not" nobody_asked_for_local
check "A by the exit, as before" answers "$DEST4" www.example.test A
check "a loop of names ends" status SERVFAIL loop.example.test TXT
check "what is not signed is as good, where nobody looks" \
	answers '"of last year"' text.expired.test TXT
other_client() {
	asker lab_lan2 answers '"at the end"' third.example.test TXT &&
		[ "$(lab_asked third.example.test TXT | wc -l)" -gt "$1" ]
}
check "another client's question goes there again (C09)" \
	other_client "$(lab_asked third.example.test TXT | wc -l)"

lab_stop unbound
check "the resolver is gone: SERVFAIL, and why" \
	explained SERVFAIL '(22|23)' third.example.test MX
check "the resolver is back" lab_zones_up
check "the resolver is back: answers, too" lab_until 300 \
	answers '"at the end"' third.example.test TXT

# ---- TLS
check "TLS: the program bootstraps" start \
	"DNSUpstream $RESOLVER4:853 tls=$RESOLVER_NAME" \
	"DNSUpstreamCA $Z/ca.pem"
with_upstream TLS
check "TLS over IPv6: the program bootstraps" start \
	"DNSUpstream [$RESOLVER6]:853 tls=$RESOLVER_NAME" \
	"DNSUpstreamCA $Z/ca.pem"
check "TLS over IPv6: each type" types
check "TLS, another's name: the program bootstraps" start \
	"DNSUpstream $RESOLVER4:853 tls=another.example.test" \
	"DNSUpstreamCA $Z/ca.pem"
check "TLS, another's name: SERVFAIL" status SERVFAIL example.test MX
check "TLS, another CA: the program bootstraps" start \
	"DNSUpstream $RESOLVER4:853 tls=$RESOLVER_NAME" \
	"DNSUpstreamCA $Z/ca.other.pem"
check "TLS, another CA: SERVFAIL" status SERVFAIL example.test MX

# ---- DNSSEC
authentic() { # QUESTION...: the answer is marked so
	"$ASKER" dig +time=30 +tries=3 +dnssec "$@" |
		tee "$LAB_DIR/tmp/dig" | grep -E '^;; flags:.* ad' ||
		{ cat "$LAB_DIR/tmp/dig"; return 1; }
}
not_authentic() { status NOERROR "$@" && ! authentic "$@"; }
check "DNSSEC: the program bootstraps" start "DNSUpstream $RESOLVER4" \
	"DNSValidate 1" "DNSTrustAnchor $Z/anchor"
with_upstream DNSSEC
check "DNSSEC: ECDSA and NSEC" authentic example.test MX
check "DNSSEC: Ed25519 and NSEC3" authentic text.signed.test TXT
check "DNSSEC: RSA" authentic . SOA
check "DNSSEC: addresses, too" authentic www.example.test A
check "DNSSEC: addresses, too (IPv6)" authentic www.example.test AAAA
check "DNSSEC: a page by such a name" fetches http://www.example.test/
check "DNSSEC: the server saw an exit" seen_exit
check "DNSSEC: a wildcard, NSEC3" authentic any.wild.signed.test TXT
check "DNSSEC: a chain over two zones" authentic across.example.test TXT
check "DNSSEC: no such name, NSEC" authentic not.there.example.test TXT
check "DNSSEC: no such name, NSEC3" authentic not.there.signed.test TXT
check "DNSSEC: no such type, NSEC" authentic www.example.test TXT
check "DNSSEC: no such type, NSEC3" authentic host.signed.test TXT
check "DNSSEC: keys and their digests" authentic signed.test DS
check "DNSSEC: an insecure zone's answer comes" \
	answers '"not signed"' text.plain.test TXT
check "DNSSEC: and is not authentic" not_authentic text.plain.test TXT
check "DNSSEC: what was not changed" answers '"untouched"' good.bogus.test TXT
check "DNSSEC: what was changed: SERVFAIL, bogus" \
	explained SERVFAIL 6 changed.bogus.test TXT
check "DNSSEC: an address that was changed: SERVFAIL, bogus" \
	explained SERVFAIL 6 changed.bogus.test A
check "DNSSEC: glibc gets no such address" gives_up \
	lab_lan getent ahosts changed.bogus.test
check "DNSSEC: a signature is missing: SERVFAIL" \
	explained SERVFAIL '(6|10)' naked.bogus.test TXT
check "DNSSEC: signatures of last year: SERVFAIL, expired" \
	explained SERVFAIL '(6|7)' text.expired.test TXT
check "DNSSEC: another's key: SERVFAIL" \
	explained SERVFAIL '(6|9)' text.other.test TXT
check "DNSSEC: who does not want it checked gets it" \
	status NOERROR +cdflag changed.bogus.test TXT
check "DNSSEC: answers that point inside are refused" rebinding
check "DNSSEC: names that may not leave do not" nobody_asked_for_local
check "another root's key: the program bootstraps" start \
	"DNSUpstream $RESOLVER4" "DNSValidate 1" \
	"DNSTrustAnchor $Z/anchor.other"
check "another root's key: SERVFAIL" \
	explained SERVFAIL '[0-9]+' text.signed.test TXT

lab_stop unbound
# shellcheck disable=SC2034	# sut.sh uses it
SUT_EXTRA=
check "and all is well without" sut_fresh
