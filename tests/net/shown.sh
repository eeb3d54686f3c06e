# shellcheck shell=bash disable=SC2034
# tests/net/shown.sh - run what README, docs/rulesets.md and manual show, as they
# show it
#
# Sourced by a test after check.sh.  Only names are changed: of the interface,
# the account and the address that the lab has for theirs.

# shellcheck source=tests/docs.sh
. "$LAB_SRC/../docs.sh"
README=$LAB_SRC/../../README.md
RULESETS=$LAB_SRC/../../docs/rulesets.md
MANUAL=$LAB_SRC/../../docs/onion-transparent.8
SUT_USER=nobody OTHER_USER=daemon

shown() { # FILE HEADING WORD
	doc_block "$@" | sed "s/\"lan0\"/\"br0\"/
		s/\"onion-transparent\"/\"$SUT_USER\"/
		s/^User .*/User $SUT_USER/
		s/^TransClients lan0/TransClients br0/
		/^DataDirectory /d
		s/192\.168\.1\.1/$LAN4/"
}

# shown_gate FILE HEADING: load the rules, and the routes that belong to them
shown_gate() {
	lab_gate off
	shown "$1" "$2" "table inet" >"$LAB_DIR/tmp/shown.nft"
	shown "$1" "$2" "ip rule" | sed 's/^ip /ip -n gw /' \
		>"$LAB_DIR/tmp/shown.sh"
	[ -s "$LAB_DIR/tmp/shown.nft" ] &&
		lab_in gw nft -f - <"$LAB_DIR/tmp/shown.nft" &&
		sh -e "$LAB_DIR/tmp/shown.sh"
}

# shown_sut FILE HEADING: the program, from nothing, below these rules and
# with the listeners that are shown with them
shown_sut() {
	SUT_DOORS=$(shown "$1" "$2" TransPort)
	grep -q '^User ' <<<"$SUT_DOORS" ||
		SUT_DOORS+=$'\n'"User $SUT_USER"
	sut_stop
	sut_wipe
	echo shown >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
}
unprivileged() { # the process that hears the network
	local engine
	engine=$(pgrep -P "$(lab_pid sut)" -x ot-engine) || return 1
	same "$(stat -c %U "/proc/$engine")" "$SUT_USER"
}

# without_rules FILE HEADING CMD...: the command succeeds when the rules are
# taken away; they are back afterwards, and the oracle forgets it
without_rules() {
	local file=$1 heading=$2 rc
	shift 2
	lab_oracle_reset
	lab_gate off
	"$@"
	rc=$?
	shown_gate "$file" "$heading"
	lab_until 300 oracle_quiet
	oracle_zero
	return "$rc"
}

# Of what the test calls its stimulus nothing gets out; and it would be seen if
# it did, which a test of no rules at all asks.
holds() {
	stimulus
	lab_oracle
	lab_leaks
	[ "$(lab_leaked)" -eq 0 ] && [ "$(lab_count good)" -gt 0 ]
}
seen() { lab_until 60 seen_once; }
seen_once() {
	stimulus
	lab_oracle
	[ "$(lab_count leak4)" -gt 30 ] && [ "$(lab_count leak6)" -gt 15 ]
}
