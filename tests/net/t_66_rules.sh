#!/bin/bash
# FlowRule by what is found out of a connection: the names that the client was
# given, its interface and link-layer address, the user of a local program.
# With redirected sockets and with a TUN; what goes past Tor shows where it is.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no FlowRule"
	exit 0
fi

OTHER_USER=daemon
mac_of() { ip -n "$1" -o link show eth0 | sed 's/.*link.ether \([^ ]*\) .*/\1/'; }
MAC1=$(mac_of lan1) MAC2=$(mac_of lan2)
RULES="FlowRule reject to .many.lab.example
FlowRule direct to only4.lab.example port 80
FlowRule direct to $DEST4 port 17 mac $MAC2
FlowRule reject to $DEST4 port 17 in br1
FlowRule direct to $DEST6/128 port 80 in br0
FlowRule reject user $OTHER_USER"

# page WHO URL: as a client that tries again; WHO is lab_lan or lab_lan2.
try_page() { # WHO URL
	"$1" "${CURL[@]}" -4 --max-time 60 -o "$LAB_DIR/tmp/page" "$2"
}
page6() { "$1" "${CURL[@]}" --max-time 60 -o "$LAB_DIR/tmp/page" "$2"; }
sees() { # gateway|exit PAGER WHO URL
	rm -f "$LAB_DIR/tmp/page"
	lab_until 600 "${@:2}" || return
	case $1 in
	exit) seen_exit ;;
	*) echo "the server saw $(seen_last)"; [ "$(seen_last)" = "$1" ] ;;
	esac
}
refused() { # WHO URL
	local n rc
	for n in 1 2 3; do	# without its address nothing is tried yet
		"$1" curl -q -sS -4 --max-time 60 -o /dev/null "$2"
		rc=$?
		case $rc in 6 | 28) ;; *) break ;; esac
	done
	was_refused "$rc"
}
whom17() { # WHO
	local who
	who=$("$1" timeout 300 bash -c "cat <>/dev/tcp/$DEST4/17")
	echo "${who//[[:space:]]/}"
}
direct17() { [ "$(whom17 "$1")" = "$UP4" ]; }
exit17() { relay_at "$(whom17 "$1")" | grep -xF "$(lab_exits)"; }
only() {
	same "$(lab_leaks | sort)" "$(printf '%s\n' "$@" | sort)" &&
		lab_until 300 oracle_quiet
}
name_of_many() { echo "$1$RANDOM.many.lab.example"; }
# A page by SOCKS, of a program on the gateway: ACCOUNT URL
socks() {
	lab_in gw setpriv --reuid "$1" --regid "$(id -g "$1")" --clear-groups \
		"${CURL[@]}" --max-time 60 \
		-x "socks5h://127.0.0.1:$SOCKSPORT" "$2" >"$LAB_DIR/tmp/page"
}
no_socks() { # curl says that it is the proxy that does not want to
	socks "$@"
	[ $? -eq 97 ]
}
begin() { # MODE
	SUT_EXTRA="SocksPort 127.0.0.1:$SOCKSPORT
$RULES"
	sut_fresh "$1"
}

for mode in redirect tun; do
	check "$mode: the program bootstraps" begin "$mode"
	lab_oracle_reset

	check "$mode: lan2, by a name without a rule" \
		sees exit try_page lab_lan2 http://www.lab.example/
	check "$mode: lan1, by the name of a rule, goes direct" \
		sees "$UP4" try_page lab_lan http://only4.lab.example/
	check "$mode: so it does by the address that the name was given" \
		sees "$UP4" try_page lab_lan "http://$DEST4/"
	check "$mode: lan2, which was given that by another name, does not" \
		sees exit try_page lab_lan2 "http://$DEST4/"
	check "$mode: lan1, once another name has that address, too" \
		sees exit try_page lab_lan http://www.lab.example/
	check "$mode: ... even by the rule's name, as nobody knows which" \
		sees exit try_page lab_lan http://only4.lab.example/
	check "$mode: lan2, by its link-layer address, goes direct" \
		lab_until 300 direct17 lab_lan2
	check "$mode: lan1, which has another one, does not" \
		lab_until 300 exit17 lab_lan
	check "$mode: lan2, by a name that is refused" \
		refused lab_lan2 "http://$(name_of_many a)/"
	check "$mode: lan2 by address is refused from then on" \
		refused lab_lan2 "http://$DEST4/"
	check "$mode: lan1, which never heard that name, is not" \
		sees exit try_page lab_lan "http://$DEST4/"
	check "$mode: in br0 goes direct" \
		sees "$UP6" page6 lab_lan "http://[$DEST6]/"

	check "$mode: a local program of root, by SOCKS" \
		sees exit socks root http://www.lab.example/
	check "$mode: one of another user" \
		sees exit socks bin http://www.lab.example/
	check "$mode: one of the user of a rule is refused" \
		no_socks "$OTHER_USER" http://www.lab.example/
	check "$mode: by SOCKS no name goes direct, nor through Tor" \
		no_socks root http://only4.lab.example/
	check "$mode: nothing else got past Tor" only "$DEST4 . tcp . 80" \
		"$DEST4 . tcp . 17" "$DEST6 . tcp . 80"
done

# Catalogue C07: the next host with an address is not who had it before.
lab_fresh_names() { sees "$UP4" try_page lab_lan http://only4.lab.example/; }
other_mac() {
	ip -n lan1 link set eth0 address 02:00:00:00:66:01 &&
		ip -n gw neigh flush dev br0
}
check "redirect: the program bootstraps" begin redirect
lab_oracle_reset
check "lan1 goes direct by a name" lab_fresh_names
check "... and by its address" sees "$UP4" try_page lab_lan "http://$DEST4/"
check "another host has its address" other_mac
forgotten() { try_page lab_lan "http://$DEST4/" && seen_exit; }
check "what lan1 was told is not what that one was (C07)" \
	lab_until 600 forgotten
check "it goes direct once it has asked itself" lab_fresh_names
ip -n lan1 link set eth0 address "$MAC1"
ip -n gw neigh flush dev br0
check "nothing else got past Tor" only "$DEST4 . tcp . 80"
# shellcheck disable=SC2034 # sut.sh's
SUT_EXTRA=
