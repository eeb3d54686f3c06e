#!/bin/bash
# Clients that ask for much and never read: what waits for them is bounded by
# MaxMemInQueues, and the others do not notice.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor takes no MaxMemInQueues below 256 MB"
	exit
fi

# Without a limit each of them is worth some 1.5 MB, in all of its queues: three
# times the bound that is set here, which leaves room for what comes within a
# second, until it is looked at again, and for what malloc() keeps.
MANY=140 LIMIT_MB=20
SUT_EXTRA="MaxMemInQueues $LIMIT_MB MB"
check "the program bootstraps" sut_fresh

rss_mb() { echo $(($(sut_usage | cut -d' ' -f2) / 1024)); }
said_so() { sut_log | grep 'more than MaxMemInQueues allows'; }
stays_small() {
	local i now
	for ((i = 0; i < 20; i++)); do
		now=$(rss_mb)
		[ "$now" -lt $((BEFORE + 3 * LIMIT_MB)) ] || break
		sleep 1
	done
	echo "RSS in MB: $BEFORE before, $now now"
	[ "$i" -eq 20 ]
}

check "a page before" fetches "http://$DEST4/"
BEFORE=$(rss_mb)
lab_spawn starve lan1 "$PYTHON" "$LAB_SRC/load.py" starve "$MANY" "$DEST4"
check "the limit is reached, and said so" lab_until 600 said_so
check "what waits stays bounded" stays_small
check "the other client is served meanwhile" \
	lab_lan2 "${CURL[@]}" -o /dev/null "http://$DEST4/bytes/1000000"
lab_stop starve KILL
# shellcheck disable=SC2034	# sut.sh uses it
SUT_EXTRA=
check "the program bootstraps without it" sut_fresh
