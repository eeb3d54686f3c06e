# shellcheck shell=bash
# tests/net/zones.sh - a resolver behind the exits, and zones to ask it for
# (part of lab.sh)
#
# unbound in [dest], at addresses of its own, over UDP, TCP and TLS, knows a
# private root and what hangs below it, and validates nothing: that is left to
# who asks.  The zones are signed by BIND's tools, neither by the library that
# the program validates with nor by the one of unbound:
#	.		RSA		lab.example	ECDSA, NSEC
#	signed.example	Ed25519, NSEC3	plain.example	insecure: no DS
#	bogus.example	ECDSA; what is below `changed` was changed since, `naked`
#			has lost its signatures
#	expired.example	signed for a month that is over
#	other.example	its DS is another key's
# $LAB_DIR/zones holds the trust anchor (anchor), that of a root that is another
# one (anchor.other), the CA of the resolver's certificate (ca.pem) and one that
# has nothing to do with it (ca.other.pem).

ZONES=(lab.example signed.example plain.example bogus.example
	expired.example other.example)
RESOLVER_NAME=resolver.lab.example	# in its certificate

lab_zones_up() {
	local z=$LAB_DIR/zones
	[ -e "$z/anchor" ] || { mkdir -p "$z" && zones_make "$z"; } || return
	ip -n dest addr show dev eth0 | grep -qF " $RESOLVER4/" ||
		addr dest eth0 "$RESOLVER4/24" "$RESOLVER6/64"
	zones_conf "$z" >"$z/unbound.conf"
	lab_spawn unbound dest unbound -d -p -c "$z/unbound.conf"
	lab_until 300 zones_answer
}
zones_answer() {
	lab_dest dig +time=1 +tries=1 +short "@$RESOLVER4" lab.example MX |
		grep -q www
}
# lab_asked NAME [TYPE]: the resolver was asked for it; the lines of its log
lab_asked() {
	grep -iE "info: [^ ]+ ${1//./\\.}\. ${2-[A-Z0-9]+} IN" \
		"$LAB_DIR/log/unbound.out"
}

zones_conf() {
	local z=$1 n
	cat <<-C
	server:
		directory: "$z"
		chroot: ""
		username: ""
		pidfile: ""
		use-syslog: no
		log-queries: yes
		num-threads: 1
		module-config: "iterator"
		interface: $RESOLVER4
		interface: $RESOLVER6
		interface: $RESOLVER4@853
		interface: $RESOLVER6@853
		tls-port: 853
		tls-service-key: "$z/server.key"
		tls-service-pem: "$z/server.pem"
		access-control: 0.0.0.0/0 allow
		access-control: ::/0 allow
	remote-control:
		control-enable: no
	C
	for n in root "${ZONES[@]}"; do
		cat <<-C
		auth-zone:
			name: "${n/#root/.}"
			zonefile: "$z/$n.signed"
			for-upstream: yes
			for-downstream: no
			fallback-enabled: no
		C
	done
}

# ---- what is in them -------------------------------------------------------

zone_head() {
	cat <<-Z
	\$TTL 600
	@ SOA ns hostmaster 1 3600 900 604800 300
	@ NS ns
	ns A $RESOLVER4
	ns AAAA $RESOLVER6
	Z
}
zone_root() {
	local n
	cat <<-Z
	\$TTL 600
	@ SOA ns.example. hostmaster.example. 1 3600 900 604800 300
	@ NS ns.example.
	ns.example. A $RESOLVER4
	Z
	for n in "${ZONES[@]}"; do
		echo "$n. NS ns.$n."
		echo "ns.$n. A $RESOLVER4"
		echo "ns.$n. AAAA $RESOLVER6"
	done
}
# A record of each type that somebody asks for, and what is odd.
zone_lab.example() {
	cat <<-Z
	@ MX 10 www
	@ MX 20 mail
	@ TXT "plain text" "second string"
	@ CAA 0 issue "ca.lab.example"
	@ HTTPS 1 . alpn=h2 ipv4hint=$DEST4
	@ NAPTR 10 100 "S" "SIP+D2U" "" _sip._udp
	_http._tcp SRV 0 5 80 www
	_443._tcp TLSA 3 1 1 $(printf %064d 7)
	host SSHFP 4 2 $(printf %064d 9)
	uri URI 10 1 "https://www.lab.example/"
	mail A $DEST4
	www A $DEST4
	www AAAA $DEST6
	big A $DEST4
	only4 A $DEST4
	only6 AAAA $DEST6
	alias CNAME www
	inside4 A 192.168.7.7
	inside6 AAAA fd00:dead::7
	inside HTTPS 1 . ipv4hint=192.168.7.7
	stray MX 10 printer.lan.
	first CNAME second
	second CNAME third
	third TXT "at the end"
	across CNAME text.signed.example.
	nowhere CNAME not.there.signed.example.
	loop CNAME pool
	pool CNAME loop
	long $(for i in 1 2 3 4 5 6 7 8 9; do
		printf ' TXT "%0230d"\n' "$i"
	done)
	Z
}
zone_signed.example() {
	cat <<-Z
	text TXT "signed, NSEC3"
	host A $DEST4
	host MX 10 host
	*.wild TXT "wild"
	Z
}
zone_plain.example() {
	cat <<-Z
	text TXT "not signed"
	host A $DEST4
	Z
}
zone_bogus.example() {
	cat <<-Z
	good TXT "untouched"
	changed TXT "as it was signed"
	changed A 203.0.113.66
	naked TXT "without its signature"
	Z
}
zone_expired.example() { echo 'text TXT "of last year"'; }
zone_other.example() { echo 'text TXT "by another key"'; }

# ---- keys and signatures ---------------------------------------------------

zones_make() (
	cd "$1" || exit
	exec >"$LAB_DIR/log/zones" 2>&1
	for n in "${ZONES[@]}"; do
		{ zone_head; "zone_$n"; } >"$n"
	done
	zone_keys lab.example ECDSAP256SHA256
	zone_keys signed.example ED25519
	zone_keys bogus.example ECDSAP256SHA256
	zone_keys expired.example ECDSAP256SHA256
	zone_keys other.example ECDSAP256SHA256
	zone_sign lab.example lab.example
	zone_sign signed.example signed.example -3 -
	cp plain.example plain.example.signed
	zone_sign bogus.example bogus.example
	sed -i '/^changed\..*TXT/s/as it was/as it was not/
		/^changed\..*A/s/203\.0\.113\.66/203.0.113.67/
		/^naked\..*RRSIG[[:space:]]TXT/d' bogus.example.signed
	zone_sign expired.example expired.example -P \
		-s "$(days_ago 400)" -e "$(days_ago 370)"
	zone_sign other.example other.example
	mkdir other
	dnssec-keygen -q -K other -a ECDSAP256SHA256 -f KSK other.example
	dnssec-dsfromkey -2 other/Kother.example.*.key >dsset-other.example.
	{ zone_root; cat dsset-*.example.; } >root
	zone_keys . RSASHA256 -b 2048
	zone_sign . root
	cp dsset-. anchor
	dnssec-keygen -q -K other -a RSASHA256 -b 2048 -f KSK .
	dnssec-dsfromkey -2 other/K.+*.key >anchor.other
	zones_cert ca server "$RESOLVER_NAME"
	zones_cert ca.other
	for n in root "${ZONES[@]}"; do [ -s "$n.signed" ] || exit 1; done
	[ -s anchor ] && [ -s anchor.other ] && [ -s server.pem ]
)
days_ago() { date -u -d "$1 days ago" +%Y%m%d%H%M%S; }
zone_keys() { # ZONE ALGORITHM OPTIONS...
	dnssec-keygen -q -K . -a "$2" "${@:3}" "$1"
	dnssec-keygen -q -K . -a "$2" "${@:3}" -f KSK "$1"
}
# One line for each record: what is to be changed is found by it.
zone_sign() { # ZONE FILE OPTIONS...
	dnssec-signzone -q -S -K . -d . -O full -o "$1" -f "$2.signed" \
		"${@:3}" "$2"
}
# zones_cert CA [NAME HOST]: a CA, and a certificate that it made
zones_cert() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 30 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem"
	[ $# -gt 1 ] || return 0
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$3" -keyout "$2.key" -out "$2.csr"
	openssl x509 -req -days 30 -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" \
		-CAcreateserial -out "$2.pem" -extfile - <<-X
	subjectAltName = DNS:$3, IP:$RESOLVER4, IP:$RESOLVER6
	X
}
