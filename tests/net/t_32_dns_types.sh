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
check "delv: what is signed is valid" delved 'fully validated' lab.example MX
check "delv: so is NSEC3" delved 'fully validated' any.wild.signed.example TXT
check "delv: so is a chain" delved 'fully validated' across.lab.example TXT
check "delv: what is not is not" delved 'unsigned answer' text.plain.example TXT
check "delv: what was changed" \
	delved 'failed to verify' changed.bogus.example TXT
check "delv: a signature is missing" \
	delved 'proof failed' naked.bogus.example TXT
check "delv: of last year" delved expired text.expired.example TXT
check "delv: another's key" delved 'broken trust chain' text.other.example TXT
over_tls() { # CA NAME
	lab_dest dig +tls "+tls-ca=$Z/$1" "+tls-hostname=$2" "@$RESOLVER4" \
		lab.example MX | tee "$LAB_DIR/tmp/dig" | grep "10 www" ||
		{ cat "$LAB_DIR/tmp/dig"; return 1; }
}
not_over_tls() { ! over_tls "$@"; }
check "dig: its certificate" over_tls ca.pem "$RESOLVER_NAME"
check "dig: is not another's" not_over_tls ca.pem another.lab.example
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
	lab_lan timeout 200 "$@"
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
	for ((i = 0; i < $1; i++)); do echo "p$RANDOM-$i.many.lab.example A"; done
}
clients() {
	check "dig" answers "$DEST4" www.lab.example A
	check "host" hosts www.lab.example "has address $DEST4"
	check "host, of an alias" hosts alias.lab.example \
		"has address $DEST4"
	check "glibc" getents www.lab.example "$DEST4" "$DEST6"
	check "glibc, a name with only IPv4" getents only4.lab.example "$DEST4"
	check "musl" musl www.lab.example "$DEST4" "$DEST6"
	check "musl, a name with only IPv6" musl only6.lab.example "$DEST6"
	check "Go" gopher "http://$UNIQUE/"
	check "glibc: no such name" gives_up \
		getent ahosts no-such-name.lab.example
	check "musl: no such name" gives_up \
		"$LAB_DIR/tmp/lookup" no-such-name.lab.example
	check "glibc: a name that may not leave" gives_up \
		getent ahosts printer.lan
	perf_names 1000 >"$LAB_DIR/tmp/perf.names"
	check "dnsperf: a thousand names are answered" \
		perf "$LAB_DIR/tmp/perf.names" -q 50 -Q 500
	check "and names still work" answers "$DEST4" www.lab.example A
}

# ---- none is configured
none() {
	local type
	for type in MX TXT SRV HTTPS CAA NS SOA DNSKEY DS NAPTR TLSA; do
		status NOTIMP lab.example "$type" || return
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
	answers "10 www.lab.example. 20 mail.lab.example." lab.example MX &&
	answers '"plain text" "second string"' lab.example TXT &&
	answers '0 issue "ca.lab.example"' lab.example CAA &&
	answers "1 . alpn=\"h2\" ipv4hint=$DEST4" lab.example HTTPS &&
	answers "0 5 80 www.lab.example." _http._tcp.lab.example SRV &&
	answers '10 100 "S" "SIP+D2U" "" _sip._udp.lab.example.' \
		lab.example NAPTR &&
	answers "ns.lab.example." lab.example NS &&
	short lab.example SOA | grep "^ns.lab.example. hostmaster" &&
	short lab.example DNSKEY | grep "^257 3 13 " &&
	short lab.example DS | grep ' 13 2 ' &&
	short _443._tcp.lab.example TLSA | grep "^3 1 1 [0 ]*7$" &&
	short host.lab.example SSHFP | grep "^4 2 [0 ]*9$" &&
	answers '10 1 "https://www.lab.example/"' uri.lab.example URI
}
chains() {
	answers '"at the end" second.lab.example. third.lab.example.' \
		first.lab.example TXT &&
	short across.lab.example TXT | grep '^"signed, NSEC3"$'
}
negative() {
	no_answer www.lab.example MX && no_answer host.signed.example TXT &&
		status NXDOMAIN not.there.lab.example MX &&
		status NXDOMAIN not.there.signed.example TXT &&
		status NXDOMAIN nowhere.lab.example TXT
}
# By UDP so much fits as the client says; the rest it has to fetch by TCP.
long() {
	"$ASKER" dig +time=30 +tries=3 +notcp +ignore +bufsize=1232 \
		long.lab.example TXT | grep -E '^;; flags:.* tc' &&
	same "$("$ASKER" dig +time=30 +short "$@" long.lab.example TXT |
		grep -c '^"0')" 9
}
case_kept() {
	"$ASKER" dig +time=30 +tries=3 +qr wWw.lAb.eXaMpLe MX |
		grep -c '^;wWw\.lAb\.eXaMpLe\.' | grep -x 2
}
several() { # pipelined, on one connection
	"$ASKER" dig +tcp +keepopen +short +time=30 lab.example MX \
		lab.example TXT lab.example CAA third.lab.example TXT |
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
	no_or_refused inside4.lab.example A &&
		no_or_refused inside6.lab.example AAAA &&
		no_or_refused inside.lab.example HTTPS &&
		status NXDOMAIN stray.lab.example MX
}
no_or_refused() {
	local out
	out=$(ask "$@")
	echo "$out"
	! grep -E '192\.168\.7\.7|fd00:dead::7' <<<"$out"
}
LOCAL=(somebody.local printer.internal nas.home.arpa localhost a.localhost
	singlelabel 3.2.1.10.in-addr.arpa 7.7.168.192.in-addr.arpa
	www.lab.example.r1.exit site.test use-application-dns.net
	_dns.resolver.arpa expyuzz4wqqyqhjn.onion.lab.example
	duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion)
local_names() {
	local n type
	for n in "${LOCAL[@]}"; do
		for type in TXT MX HTTPS SRV DS; do
			# of one label it is a top-level domain's
			[[ $type != DS || $n = *.* ]] || continue
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
	answers '"at the end"' third.lab.example TXT || return
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
		third.lab.example TXT
	check "$1: the resolver saw exits" by_exits third.lab.example
}
check "DNSUpstream: the program bootstraps" start "DNSUpstream $RESOLVER4"
with_upstream TCP
check "answers that point inside are refused" rebinding
check "names that may not leave" local_names
check "... and do not" nobody_asked_for_local
check "A by the exit, as before" answers "$DEST4" www.lab.example A
check "a loop of names ends" status SERVFAIL loop.lab.example TXT
check "what is not signed is as good, where nobody looks" \
	answers '"of last year"' text.expired.example TXT
other_client() {
	asker lab_lan2 answers '"at the end"' third.lab.example TXT &&
		[ "$(lab_asked third.lab.example TXT | wc -l)" -gt "$1" ]
}
check "another client's question goes there again (C09)" \
	other_client "$(lab_asked third.lab.example TXT | wc -l)"

lab_stop unbound
check "the resolver is gone: SERVFAIL, and why" \
	explained SERVFAIL '(22|23)' third.lab.example MX
check "the resolver is back" lab_zones_up
check "the resolver is back: answers, too" lab_until 300 \
	answers '"at the end"' third.lab.example TXT

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
	"DNSUpstream $RESOLVER4:853 tls=another.lab.example" \
	"DNSUpstreamCA $Z/ca.pem"
check "TLS, another's name: SERVFAIL" status SERVFAIL lab.example MX
check "TLS, another CA: the program bootstraps" start \
	"DNSUpstream $RESOLVER4:853 tls=$RESOLVER_NAME" \
	"DNSUpstreamCA $Z/ca.other.pem"
check "TLS, another CA: SERVFAIL" status SERVFAIL lab.example MX

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
check "DNSSEC: ECDSA and NSEC" authentic lab.example MX
check "DNSSEC: Ed25519 and NSEC3" authentic text.signed.example TXT
check "DNSSEC: RSA" authentic . SOA
check "DNSSEC: addresses, too" authentic www.lab.example A
check "DNSSEC: addresses, too (IPv6)" authentic www.lab.example AAAA
check "DNSSEC: a page by such a name" fetches http://www.lab.example/
check "DNSSEC: the server saw an exit" seen_exit
check "DNSSEC: a wildcard, NSEC3" authentic any.wild.signed.example TXT
check "DNSSEC: a chain over two zones" authentic across.lab.example TXT
check "DNSSEC: no such name, NSEC" authentic not.there.lab.example TXT
check "DNSSEC: no such name, NSEC3" authentic not.there.signed.example TXT
check "DNSSEC: no such type, NSEC" authentic www.lab.example TXT
check "DNSSEC: no such type, NSEC3" authentic host.signed.example TXT
check "DNSSEC: keys and their digests" authentic signed.example DS
check "DNSSEC: an insecure zone's answer comes" \
	answers '"not signed"' text.plain.example TXT
check "DNSSEC: and is not authentic" not_authentic text.plain.example TXT
check "DNSSEC: what was not changed" \
	answers '"untouched"' good.bogus.example TXT
check "DNSSEC: what was changed: SERVFAIL, bogus" \
	explained SERVFAIL 6 changed.bogus.example TXT
check "DNSSEC: an address that was changed: SERVFAIL, bogus" \
	explained SERVFAIL 6 changed.bogus.example A
check "DNSSEC: glibc gets no such address" gives_up \
	getent ahosts changed.bogus.example
check "DNSSEC: a signature is missing: SERVFAIL" \
	explained SERVFAIL '(6|10)' naked.bogus.example TXT
check "DNSSEC: signatures of last year: SERVFAIL, expired" \
	explained SERVFAIL '(6|7)' text.expired.example TXT
check "DNSSEC: another's key: SERVFAIL" \
	explained SERVFAIL '(6|9)' text.other.example TXT
check "DNSSEC: who does not want it checked gets it" \
	status NOERROR +cdflag changed.bogus.example TXT
check "DNSSEC: answers that point inside are refused" rebinding
check "DNSSEC: names that may not leave do not" nobody_asked_for_local
check "another root's key: the program bootstraps" start \
	"DNSUpstream $RESOLVER4" "DNSValidate 1" \
	"DNSTrustAnchor $Z/anchor.other"
check "another root's key: SERVFAIL" \
	explained SERVFAIL '[0-9]+' text.signed.example TXT

lab_stop unbound
# shellcheck disable=SC2034	# sut.sh uses it
SUT_EXTRA=
check "and all is well without" sut_fresh
