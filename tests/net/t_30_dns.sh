#!/bin/bash
# Names: what RELAY_RESOLVE can answer, and what it cannot.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/names.sh
. "$LAB_SRC/names.sh"
need_lab
need_sut

check "A" answers "$DEST4" www.lab.example A
check "AAAA" answers "$DEST6" www.lab.example AAAA
check "PTR" answers seven.lab.example. -x 203.0.113.7
check "PTR, IPv6" answers www.lab.example. -x "$DEST6"
check "a name of mixed case" answers "$DEST4" wWw.LaB.eXaMpLe A
check "a question with EDNS" answers "$DEST4" +edns=0 www.lab.example A
check "a name that has no AAAA: no answer" no_answer only4.lab.example AAAA
check "NXDOMAIN" status NXDOMAIN no-such-name.lab.example A
check "MX: NOTIMP" status NOTIMP lab.example MX
check "TXT: NOTIMP" status NOTIMP lab.example TXT
check "class CHAOS: REFUSED" status REFUSED version.bind CH TXT
check "a question to any server is caught" \
	answers "$DEST4" @192.0.2.53 www.lab.example A
check "over IPv6" answers "$DEST4" "@$LAN6" www.lab.example A
if sut_is_tor; then
	skip "over TCP (tor's DNSPort has no TCP)"
else
	check "over TCP" answers "$DEST4" +tcp www.lab.example A
	check "over TCP and IPv6" answers "$DEST4" +tcp "@$LAN6" \
		www.lab.example A
fi

# Malformed: FORMERR (1), silence, or at most NOTIMP (4); never an answer.
malformed() {
	local hex got
	for hex in "$@"; do
		got=$(lab_lan "$PYTHON" "$LAB_SRC/load.py" raw "$LAN4" "$hex")
		echo "$hex: $got"
		case $got in 1 | 4 | silence) ;; *) return 1 ;; esac
	done
}
HEAD=123401000001000000000000
malformed_all() {
	check "a truncated header" malformed 1234 12340100 123401000001
	check "no question" malformed 123401000000000000000000
	check "a question cut short" malformed "${HEAD}03777777" "${HEAD}03777777000001"
	check "a label longer than the message" malformed "${HEAD}3f7777770000010001"
	check "a compression loop" malformed "${HEAD}c00c00010001"
	check "a reserved label type" malformed "${HEAD}80777777000001000140777777"
	check "two questions" malformed \
		123401000002000000000000037777770000010001037777770000010001
	check "an answer instead of a question" malformed \
		123481000001000000000000037777770000010001
	check "opcode STATUS" malformed 123410000001000000000000037777770000010001
}
# (libevent 2.1.12, which answers for tor's DNSPort, crashes on the first)
if sut_is_tor; then skip "malformed questions"; else malformed_all; fi
check "and names still work" answers "$DEST4" www.lab.example A

# 200 names in the air at once
flood() {
	local i jobs=()
	for ((i = 0; i < 20; i++)); do
		short -f <(for ((j = 0; j < 10; j++)); do
			echo "n$i-$j.many.lab.example A"
		done) >"$LAB_DIR/tmp/dig.$i" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	same "$(cat "$LAB_DIR"/tmp/dig.* | sort | uniq -c | tr -s ' ')" \
		" 200 $DEST4"
}
check "200 names at once" flood

# What must not leave: the gateway answers it itself, and no exit's resolver
# ever hears of it.  (dnsmasq logs every question that it gets.)
# (A name in .onion is answered with a virtual address, without being asked of
# anybody; unless it can be none.)
LOCAL_NAMES=(somebody.local printer.lan nas.home.arpa singlelabel site.test
	use-application-dns.net expyuzz4wqqyqhjn.onion
	expyuzz4wqqyqhjn.onion.lab.example)
ONION=duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion
LOCAL_ADDRESSES=(10.1.2.3 192.168.7.7 172.16.5.4 127.0.0.1 169.254.3.3
	fd00:dead::7 fe80::7)
no_such_name() {
	local n
	status NOERROR "$ONION" A && status NOERROR "$ONION" AAAA || return
	for n in "${LOCAL_NAMES[@]}"; do
		status NXDOMAIN "$n" A && status NXDOMAIN "$n" AAAA ||
			return
	done
	for n in "${LOCAL_ADDRESSES[@]}"; do
		status NXDOMAIN -x "$n" || return
	done
}
# The last line is of a question that may leave, so that the log is whole.
exits_heard_nothing() {
	local log=$LAB_DIR/log/dns.out told=last$RANDOM.many.lab.example n
	answers "$DEST4" "$told" A && lab_until 300 grep -qi "$told" "$log" ||
		return
	for n in "$ONION" "${LOCAL_NAMES[@]}" $(names_of "${LOCAL_ADDRESSES[@]}"); do
		if grep -iF "] $n from" "$log"; then return 1; fi
	done
}
names_of() {
	"$PYTHON" -c 'import ipaddress, sys
for a in sys.argv[1:]: print(ipaddress.ip_address(a).reverse_pointer)' "$@"
}
if sut_is_tor; then
	skip "names that must not leave"
else
	check "local names and private addresses: NXDOMAIN" no_such_name
	check "no exit's resolver heard of them" exits_heard_nothing
fi
