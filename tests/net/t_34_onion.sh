#!/bin/bash
# Onion services of Debian's tor, reached by clients that know nothing of them:
# by name through redirected sockets and through a TUN, and by SOCKS; and what
# they are told where it can't be.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/names.sh
. "$LAB_SRC/names.sh"
need_lab

seen_service() { same "$(seen_last)" "$(onion_addr4 "$1")"; }
PATIENCE=600
by_socks() { # USER HOST [CURL OPTIONS...]
	rm -f "$LAB_DIR/tmp/page"
	lab_until "$PATIENCE" lab_lan "${CURL[@]}" --max-time 120 \
		-o "$LAB_DIR/tmp/page" --proxy-user "$1:x" \
		--socks5-hostname "$LAN4:$SOCKSPORT" "${@:3}" "http://$2/"
}
# told CODES USER HOST PORT: the proxy's reply is one of these
told() {
	local got
	got=$(lab_lan timeout 300 "$PYTHON" "$LAB_SRC/load.py" socks "$LAN4" \
		"$SOCKSPORT" "$2" "$3" "$4")
	echo "the proxy says '$got', wanted is '$1'"
	grep -wE "$1" <<<"$got"
}
# The network has to be asked again where it knew nothing a moment ago.
told_at_last() { lab_until 300 told "$@"; }

lab_onion_up s1
lab_onion_up s2 3 auth
lab_onion_up s3 pow
lab_onion_up s4 2
check "services publish" lab_onion_ready s1 s4
check "services with client authorization publish" lab_onion_ready s2
check "a service with proof of work publishes" lab_onion_ready s3
ONION=$(lab_onion s1)

# The first of s2 with its key, the second with another's, the third with none.
rm -rf "$AUTH"
mkdir "$AUTH"
chmod 700 "$AUTH"
lab_onion_key s2 1 "$AUTH"
lab_onion_key s2 2 "$AUTH" wrong
SUT_EXTRA=$(names_rc .onion,.exit; socks_rc)

# ---- by name
pages() { # MODE
	check "$1: the program bootstraps" sut_fresh "$1"
	check "$1: a page of an onion service" fetches "http://$ONION/"
	check "$1: the server saw the service" seen_service s1
	check "$1: a page of a subdomain" fetches "http://www.sub.$ONION/"
	check "$1: the server saw the service" seen_service s1
	check "$1: a page of one with client authorization" \
		fetches "http://$(lab_onion s2)/"
	check "$1: the server saw that service" seen_service s2
	check "$1: a page of one with proof of work" \
		fetches "http://$(lab_onion s3)/"
	check "$1: the server saw that service" seen_service s3
	check "$1: 100 MB down" downloads "$ONION" 100000000
	check "$1: 100 MB up" uploads "$ONION" 100000000
	check "$1: 100 connections at once" many 100 "$ONION"
	check "$1: a page of one of two services" \
		fetches "http://$(lab_onion s4)/"
	check "$1: a page of the other one" fetches "http://$(lab_onion s4 2)/"
	check "$1: several services at once" several
	check "$1: and a page of an ordinary name" \
		fetches http://www.lab.example/
	check "$1: the server saw an exit" seen_exit
}
several() {
	local host jobs=() job rc=0
	for host in "$ONION" "$(lab_onion s4)" "$(lab_onion s4 2)" \
		"$(lab_onion s2)" "$(lab_onion s3)" www.lab.example; do
		downloads "$host" 5000000 &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || rc=1; done
	return "$rc"
}
pages redirect
sut_is_tor || pages tun

# ---- by SOCKS, and what it says
check "the program bootstraps" sut_fresh redirect
check "SOCKS: a page of an onion service" by_socks a "$ONION"
check "SOCKS: the server saw the service" seen_service s1
check "SOCKS: a page of a subdomain" by_socks a "www.$ONION"
check "SOCKS: the server saw the service, too" seen_service s1
check "SOCKS: another user's page" by_socks b "$ONION"
check "SOCKS: a page of one with client authorization" \
	by_socks a "$(lab_onion s2)"
check "SOCKS: the server saw that service" seen_service s2
check "SOCKS: a page of one with proof of work" by_socks a "$(lab_onion s3)"
check "SOCKS: the server saw that service" seen_service s3

# Valid addresses that nobody has; and ones that can't be.
address() { "$PYTHON" "$LAB_SRC/onionaddr.py" "$@"; }
NOBODY=$(address)
LABEL=${ONION%.onion}
flipped() { # another letter at the place that the checksum is in
	local c=a
	[ "${LABEL:53:1}" != a ] || c=b
	echo "${LABEL:0:53}$c${LABEL:54}.onion"
}
check "a wrong key: F5" told_at_last f5 c "$(lab_onion s2 2)" 80
check "a wrong key: an ended connection" \
	refused "http://$(lab_onion s2 2)/"
check "no key: F4" told_at_last f4 c "$(lab_onion s2 3)" 80
check "no key: an ended connection" refused "http://$(lab_onion s2 3)/"
check "nobody's address: F0" told_at_last f0 c "$NOBODY" 80
check "nobody's address: an ended connection" refused "http://$NOBODY/"
check "a port where nobody listens: no page" refused "http://$ONION:81/"
check "a port that the service does not have: no page" \
	refused "http://$ONION:82/"
check "and it goes on" fetches "http://$ONION/"

BAD=("$(flipped)" "$(address version)" "$(address small)" \
	"${LABEL:0:55}.onion" "${LABEL}a.onion" "${LABEL:0:55}1.onion" \
	expyuzz4wqqyqhjn.onion)
bad_all() {
	local host
	for host in "${BAD[@]}"; do told f6 d "$host" 80 || return; done
}
# The log says why, and nothing of whom.
# (by TCP: words make an answer longer than UDP may have it)
bad_dns() {
	local host
	for host in "${BAD[@]}"; do
		status NXDOMAIN "$host" A && status NXDOMAIN "$host" AAAA &&
			explained NXDOMAIN '[0-9]+.*: \(.+\)' +tcp "$host" A ||
			return
	done
}
if sut_is_tor; then
	# (it says 04 of those that are not 56 characters long, takes another
	# version for a service, and maps all)
	check "another checksum: F6" told f6 d "${BAD[0]}" 80
else
	check "addresses that can't be: F6" bad_all
	check "addresses that can't be: NXDOMAIN, and why" bad_dns
fi

# ---- client authorization, changed while it runs
hup() { kill -HUP "$(lab_pid sut)"; }
lab_onion_key s2 3 "$AUTH"
hup
check "the missing key is put there: a page" \
	fetches "http://$(lab_onion s2 3)/"
check "the server saw that service" seen_service s2

# ---- introduction points die
# What was built stays; a user that was not here before needs an introduction.
USERS=0
new_user() { # HOST
	USERS=$((USERS + 1))
	by_socks "new$USERS" "$1"
}
some_intros() {
	mapfile -t intros < <(lab_onion_intros s1)
	echo "introduction points: ${intros[*]}"
	[ "${#intros[@]}" -ge 3 ]
}
check "the introduction points are known" lab_until 300 some_intros
# The first stays dead.  The others come back at once, and have forgotten whom
# they were to introduce: a network of which half is missing finds no others.
lab_kill_relay "${intros[0]}"
check "one introduction point killed: a page" new_user "$ONION"
for n in "${intros[@]:1}"; do
	lab_kill_relay "$n"
	lab_start_relay "$n"
done
# In so small a network C tor goes on asking the same relays, and now and then
# takes a quarter of an hour until it has others; then it is started anew.
anew() {
	lab_stop s1 KILL
	lab_onion_start s1
	lab_onion_ready s1
}
finds_others() { lab_until 240 lab_onion_introduced s1 || anew; }
page_of_others() {
	PATIENCE=240 new_user "$ONION" || { anew && new_user "$ONION"; }
}
check "all of them killed: the service finds others" finds_others
check "all of them killed: a page" page_of_others
check "all of them killed: the server saw the service" seen_service s1
check "all of them killed: another client's page" \
	lab_until 600 lab_lan2 "${CURL[@]}" --max-time 60 -o /dev/null \
	"http://$ONION/"
lab_start_relay "${intros[0]}"
check "all of them back: they agree again" lab_wait_consensus
check "all of them back: a page" fetches "http://$ONION/"

# ---- a service that is started again has another descriptor
lab_stop s1 KILL
check "a dead service: what is told is why" \
	told_at_last 'f[0237]' e "$ONION" 80
check "a dead service: an ended connection" refused "http://$ONION/"
lab_onion_start s1
check "started again: it publishes" lab_onion_ready s1
check "started again: a page" fetches "http://$ONION/"
check "started again: the server saw the service" seen_service s1
check "started again: a new user's page" new_user "$ONION"

# ---- proof of work, in earnest
# A service that answers nothing for so long that a client gives up is taken for
# one that is flooded: the next introduction brings a proof.  It is what the
# service itself says of it that counts.
proof_taken() {
	grep -E 'Enqueued rendezvous request with effort: ([8-9]|[1-9][0-9]+)' \
		"$LAB_DIR/log/s3.rend"
}
# The directories lost its descriptor if they were among those killed above, and
# one that is not found is no sign of a flood: then the page that comes at last
# says that it is published again, and the next user tries it.
stalled() {
	local i
	for i in 1 2 3 4; do
		kill -STOP "$(lab_pid s3)"
		told '.*' "pow$i" "$(lab_onion s3)" 80
		kill -CONT "$(lab_pid s3)"
		lab_until 300 by_socks "pow$i" "$(lab_onion s3)" &&
			proof_taken && return
	done
	return 1
}
if sut_is_tor; then
	skip "a proof of work in earnest (tor gives up before it tries again)"
else
	check "a service that was stalled gets a proof of work, and takes it" \
		stalled
fi
check "a new user's page of it" new_user "$(lab_onion s3)"

for n in s1 s2 s3 s4; do lab_stop "$n" KILL; done
# shellcheck disable=SC2034	# sut.sh uses it
SUT_EXTRA=
check "and all is well without" sut_fresh
