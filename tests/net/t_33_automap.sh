#!/bin/bash
# Virtual addresses: names in .onion and .exit, every name, and names that are
# mapped; what one client learns of another by them.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/names.sh
. "$LAB_SRC/names.sh"
need_lab

mkdir -p "$AUTH"
chmod 700 "$AUTH"
start() { # SUFFIXES [LINES...]
	SUT_EXTRA="$(names_rc "$1")
$(printf '%s\n' "${@:2}")"
	sut_fresh
}
lab_onion_up s1 3
check "an onion service publishes" lab_onion_ready s1
ONION=$(lab_onion s1)

# ---- onion services' names
virtual() { # FAMILY NAME: one address, of the pool
	local net=$VIRT4 type=A
	[ "$1" = 4 ] || net=$VIRT6 type=AAAA
	within "$net" "$(short "$2" "$type")"
}
back() { # NAME TYPE: the address leads back to the name
	local at
	at=$(short "$1" "$2")
	answers "$1." -x "$at"
}
stable() {
	local first i
	first=$(short "$ONION" A)
	for ((i = 0; i < 5; i++)); do
		virtual 4 "$i.$ONION" || return
		same "$(short "$ONION" A)" "$first" || return
	done
}
# Neither one after the other nor at the same distance.
scattered() {
	local i
	for ((i = 0; i < 8; i++)); do short "n$i.$ONION" A; done |
		"$PYTHON" -c 'import ipaddress, sys
at = [int(ipaddress.ip_address(line.strip())) for line in sys.stdin]
step = [b - a for a, b in zip(at, at[1:])]
print(step)
sys.exit(len(set(at)) < 8 or len(set(step)) < 7 or min(map(abs, step)) < 2)'
}
seen_service() { same "$(seen_last)" "$(onion_addr4 "$1")"; }
at_address() { # URL-HOST CURL OPTIONS...
	rm -f "$LAB_DIR/tmp/page"
	lab_until 600 fetch "http://$1/" --max-time 60 -o "$LAB_DIR/tmp/page" \
		"${@:2}"
}

check "the program bootstraps" start .onion,.exit
check "A of a name in .onion: a virtual address" virtual 4 "$ONION"
check "AAAA of it: a virtual address" virtual 6 "$ONION"
if sut_is_tor; then
	skip "addresses that lead back (tor's do not)"
else
	check "the address leads back to the name" back "$ONION" A
	check "the address leads back to the name, IPv6" back "$ONION" AAAA
fi
check "of mixed case" virtual 4 "${ONION^^}"
check "a subdomain of it" virtual 4 "www.$ONION"
check "it stays the same" stable
check "addresses are scattered" scattered
check "other names have their own addresses" answers "$DEST4" www.lab.example A
check "a page from the virtual address" \
	at_address "$(short "$ONION" A)" -H "Host: $ONION"
check "the server saw the service" seen_service s1
check "a page from the virtual address, IPv6" \
	at_address "[$(short "$ONION" AAAA)]" -H "Host: $ONION"
check "the server saw the service (IPv6)" seen_service s1

# ---- who has no mapping
# An address of the pool that nobody was given; in its middle, so that it is not
# the next one either.
check "an unknown virtual address is refused" refused http://10.213.77.99/
check "an unknown virtual address is refused, IPv6" \
	refused "http://[${VIRT6%/*}1:2:3:4]/"
check "it leads back to nothing" status NXDOMAIN -x 10.213.77.99

# ---- C10: what one client's mapping is to another
others_page() { # ADDRESS
	lab_lan2 "${CURL[@]}" --max-time 120 -o "$LAB_DIR/tmp/page2" \
		-H "Host: $ONION" "http://$1/"
}
map_oracle() { # NAME: lan2 uses the address that lan1 has for it
	others_page "$(short "$1" A)"
}
others_refused() {
	lab_lan2 curl -q -sS --max-time 300 -o /dev/null "http://$(short "$1" A)/"
	was_refused $?
}
others_address() {
	local one two
	one=$(short "$1" A)
	two=$(asker lab_lan2 short "$1" A)
	echo "lan1: $one, lan2: $two"
	within "$VIRT4" "$one" "$two" && [ "$one" != "$two" ]
}
others_name() {
	local one
	one=$(short "$1" A)
	asker lab_lan2 status NXDOMAIN -x "$one"
}
if sut_is_tor; then
	check "anti-test: by tor's map, a client knows another's (C10)" \
		map_oracle "n1.$ONION"
else
	check "another client's mapping is refused (C10)" \
		others_refused "n1.$ONION"
	check "... nor does it lead back to the name (C10)" \
		others_name "n1.$ONION"
	check "each client has its own address for a name (C10)" \
		others_address "n1.$ONION"
	check "it leads there, too (C10)" \
		lab_until 600 others_page \
		"$(asker lab_lan2 short "n1.$ONION" A)"
	check "the first client's does, as before (C10)" \
		at_address "$(short "n1.$ONION" A)" -H "Host: $ONION"
fi

# ---- .exit is off
exit_at() { # NAME: a page from whatever address that name has
	at_address "$(short "$1" A)"
}
no_exit() { # NAME: no address; or one that leads nowhere
	local at
	at=$(short "$1" A)
	echo "$1: '$at'"
	if [ -n "$at" ]; then
		refused "http://$at/"
	elif sut_is_tor; then
		status SERVFAIL "$1" A
	else
		status NXDOMAIN "$1" A
	fi
}
heard_anew
NAME=$(fresh)
check "a name in .exit is not let through" no_exit "$NAME.r1.exit"
check "and nobody heard of it" not_heard "$NAME.r1.exit" "$NAME"

# ---- every name
page_by() { # HOST [CURL OPTIONS...]: by the name's virtual address alone
	at_address "$@"
}
check "every name is mapped: the program bootstraps" start .
heard_anew
NAME=$(fresh)
check "every name: a virtual address" virtual 4 "$NAME"
check "every name: a virtual address, IPv6" virtual 6 "$NAME"
sut_is_tor || check "every name: back to the name" back "$NAME" A
check "every name: nobody was asked for it yet" not_heard "$NAME"
check "every name: a page" fetches "http://$NAME/"
check "every name: the server saw an exit" seen_exit
check "every name: the exit asked for it" heard "$NAME"
check "every name: one that has only IPv6, by a virtual IPv4 address" \
	page_by "$(short only6.lab.example A)"
check "every name: one that is not there is refused" \
	refused http://no-such-name.lab.example/
check "every name: 20 MB down" downloads big.lab.example 20000000
check "every name: and onion services" fetches "http://$ONION/"
check "every name: the server saw the service" seen_service s1
if ! sut_is_tor; then
	check "every name: but none that may not leave" \
		status NXDOMAIN printer.lan A
	check "every name: nor a single label" status NXDOMAIN singlelabel A
fi

# ---- C09: what one client's question is to another
# The exits have caches of their own: of a question of lan2 the exits' resolver
# hears only where it came to another exit than lan1's did.  Each start finds
# others.  A cache that both clients share would never let one come that far.
asks_for() { # NAMES...
	local n
	for n in "$@"; do answers "$DEST4" "$n" A || return; done
}
asked_again() {
	local names=() n
	for n in 1 2 3 4 5 6; do names+=("$(fresh "c$n")"); done
	asks_for "${names[@]}" && heard "${names[@]}" && heard_anew &&
		asker lab_lan2 asks_for "${names[@]}" &&
		heard "${names[@]}" >"$LAB_DIR/tmp/heard" || return
	echo "heard of the second client:"
	cat "$LAB_DIR/tmp/heard"
	for n in "${names[@]}"; do
		grep -qi "] $n from" "$LAB_DIR/tmp/heard" || return
	done
}
no_shared_cache() {
	local i
	for ((i = 0; i < 8; i++)); do
		! asked_again || return 0
		sut_restart
	done
	return 1
}
check "C09: the program bootstraps" start .onion,.exit
check "what one client asked is not answered to another (C09)" no_shared_cache

# ---- names that are mapped
TRUE=$(fresh)
heard_anew
check "MapAddress: the program bootstraps" start .onion,.exit \
	"MapAddress other.lab.example $TRUE" \
	"MapAddress *.wild.example *.lab.example" \
	"MapAddress 192.0.2.80 $DEST4" "MapAddress 192.0.2.81 $ONION"
check "MapAddress: a name" answers "$DEST4" other.lab.example A
check "MapAddress: all below a name" answers "$DEST4" only4.wild.example A
check "MapAddress: the exits heard of the true one" heard "$TRUE"
# (tor answers by the true name, and no word of how the one leads to the other)
sut_is_tor || check "MapAddress: a page by that name" \
	fetches http://other.lab.example/
check "MapAddress: the exits heard of none but the true ones" \
	not_heard other.lab.example only4.wild.example
sut_is_tor || check "MapAddress: a page by a name that has only IPv4" \
	fetches http://only4.wild.example/
check "MapAddress: an address" fetches http://192.0.2.80/
check "MapAddress: the server saw an exit" seen_exit
check "MapAddress: an address that is an onion service" \
	fetches http://192.0.2.81/
check "MapAddress: the server saw the service" seen_service s1

# ---- .exit is on
of_exit() { # NAME RELAY
	exit_at "$1" && seen_exit && same "$(relay_at "$(seen_last)")" "$2"
}
if sut_is_tor; then
	skip "AllowDotExit (tor has no such thing any more)"
else
	check ".exit: the program bootstraps" start .onion,.exit \
		"AllowDotExit 1"
	mapfile -t EXITS < <(lab_exits)
	for exit in "${EXITS[0]}" "${EXITS[1]}"; do
		check ".exit: by the nickname" \
			of_exit "www.lab.example.$exit.exit" "$exit"
		check ".exit: by the fingerprint" of_exit \
			"www.lab.example.\$$(relay_fp "$exit").exit" "$exit"
		check ".exit: an address" of_exit "$DEST4.$exit.exit" "$exit"
	done
	check ".exit: a relay that is not there" \
		no_exit www.lab.example.nobody.exit
	check ".exit: a relay that is no exit" \
		no_exit "www.lab.example.r$LAB_RELAYS.exit"
	exit_names_stay() {
		! grep -iE 'query.* [^ ]+\.exit from' "$LAB_DIR/log/dns.out"
	}
	check ".exit: no such name reached an exit's resolver" exit_names_stay
fi
onion_names_stay() {
	! grep -iE 'query.* [^ ]+\.onion from' "$LAB_DIR/log/dns.out"
}
check "no name in .onion reached an exit's resolver" onion_names_stay

lab_stop s1 KILL
# shellcheck disable=SC2034	# sut.sh uses it
SUT_EXTRA=
check "and all is well without" sut_fresh
