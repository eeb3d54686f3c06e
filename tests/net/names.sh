# shellcheck shell=bash disable=SC2034
# tests/net/names.sh - what the tests of names have in common
#
# Sourced by a test after check.sh.

VIRT4=10.192.0.0/10 VIRT6=fd61:7574:6f6d::/48

# The client's configuration: every name in .onion and .exit has a virtual
# address, or with "." every name.
names_rc() { # [SUFFIXES]
	cat <<-C
	AutomapHostsOnResolve 1
	AutomapHostsSuffixes ${1-.onion,.exit}
	VirtualAddrNetworkIPv4 $VIRT4
	VirtualAddrNetworkIPv6 [${VIRT6%/*}]/${VIRT6#*/}
	C
}
socks_rc() {
	cat <<-C
	SocksPort $LAN4:$SOCKSPORT ExtendedErrors
	ClientOnionAuthDir $AUTH
	C
}
AUTH=$LAB_DIR/tmp/auth

# A client's questions; lan2's by asker lab_lan2.
ASKER=lab_lan
ask() { "$ASKER" dig +noedns +time=30 +tries=3 "$@"; }
asker() { local ASKER=$1; "${@:2}"; }
# One time in some thousand dig is blind to an answer that is there, says so in
# a line of ";;", and asks again.
short() { ask +short "$@" | grep -v '^;;'; }
answers() { same "$(short "${@:2}" | sort | paste -sd' ')" "$1"; }
# status CODE QUESTION...: the answer's
status() {
	same "$(ask "${@:2}" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p' |
		head -n 1)" "$1"
}
no_answer() { status NOERROR "$@" && [ -z "$(short "$@")" ]; }
# explained CODE TEXT QUESTION...: with an extended error (RFC 8914) of which
# TEXT is a part
explained() {
	local out
	out=$("$ASKER" dig +time=30 +tries=3 "${@:3}")
	echo "$out"
	grep "status: $1," <<<"$out" && grep -E "EDE: $2" <<<"$out"
}

# within NETWORK ADDRESS...: all of them are in it, and there is one
within() {
	"$PYTHON" -c 'import ipaddress, sys
net = ipaddress.ip_network(sys.argv[1])
sys.exit(not all(ipaddress.ip_address(a) in net for a in sys.argv[2:])
         or len(sys.argv) < 3)' "$@" || { echo "not in it: $*"; return 1; }
}

# refused URL [CURL OPTIONS...]: no page, and said so: by a reset, by an end
# without a word, or by no connection at all; never by silence
refused() {
	local rc
	lab_lan curl -q -sS --max-time 300 -o /dev/null "${@:2}" "$1"
	rc=$?
	echo "curl ended with $rc"
	was_refused "$rc"
}

# What the exits' resolver was asked for a name since heard_anew, each line
# "query[A] name from ADDRESS".  Whatever went before a page of ours is in its
# log when that page's name is.  Exits have caches: a name that somebody asked for
# in the last minutes may come by without a word, so that names which are to be
# heard are fresh ones.
fresh() { echo "${1-n}$RANDOM$RANDOM.many.lab.example"; }
heard_anew() { HEARD=$(wc -l <"$LAB_DIR/log/dns.out"); }
HEARD=0
heard() { # NAME...
	local told n
	told=$(fresh last)
	lab_until 600 lab_lan "${CURL[@]}" --max-time 60 -o /dev/null \
		"http://$told/" && lab_until 300 grep -qi "$told" \
		"$LAB_DIR/log/dns.out" || { echo "cannot ask"; return 2; }
	for n in "$@"; do heard_line "$n"; done | grep .
}
heard_line() {
	tail -n "+$((HEARD + 1))" "$LAB_DIR/log/dns.out" |
		grep -iE "query\[[A-Z0-9]+\] ${1//./\\.} from"
}
not_heard() {
	heard "$@"
	[ $? -eq 1 ]
}
