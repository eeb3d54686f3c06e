#!/bin/bash
# A clock that is wrong by more than a day: said, survived, and forgotten.
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
need_lab
need_sut

. "$LAB_SRC/fault.sh"
check "a machine that can be wrong" fault_made
wrong() {
	world $(($1 * 3600)) 0 0 0
	SUT_WRAP=("${FAULTY[@]}")
}
right() { SUT_WRAP=(); }

# Which way it is wrong, and by how much, in status; tor has that only in its
# log.
says_clock() {
	if ! sut_is_tor; then
		sut_get text | grep -E '(ahead|behind) by 2[5-7] h' && return
		echo "status:"
		sut_get text
		return 1
	fi
	sut_log | grep -iE 'clock|expired|skew'
}

# One relay's word is no verdict, so "unknown" is as right as "good".
clock_not_wrong() {
	sut_get text | grep -A2 '"clock"' | grep -E '"(good|unknown)"'
}

for off in +26 -26; do
	wrong "$off"
	sut_stop
	sut_wipe
	sut_start
	check "clock $off h, no cache: says clock" lab_until 600 says_clock
	check "clock $off h, no cache: lives" lab_alive sut
	right
	sut_stop
	sut_start
	check "clock right again: bootstraps" sut_wait
	check "clock right again: works" fetches "http://$DEST4/"

	wrong "$off"
	sut_stop
	sut_start
	check "clock $off h, warm cache: says clock" lab_until 600 says_clock
	right
	sut_stop
	sut_start
	check "clock right again (warm): bootstraps" sut_wait
	check "clock right again (warm): works" fetches "http://$DEST4/"
	sut_is_tor || check "clock right again: nothing is said of it" \
		clock_not_wrong
done
