#!/bin/bash
# Relays die, one or all, and the uplink goes dark.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

# ---- the exit
drip_start
exit=$(drip_exit)
lab_kill_relay "$exit"
check "exit killed in mid-transfer: the stream ends" drip_failed
check "exit killed: new streams work" fetches "http://$DEST4/"
check "exit killed: not through the dead one" \
	test "$(relay_at "$(seen_last)")" != "$exit"
lab_start_relay "$exit"

# ---- the guard
sut_fresh
drip_start
guard=$(drip_path | cut -d' ' -f1)
lab_kill_relay "$guard"
check "the guard killed: the stream ends" drip_failed
check "the guard killed: new streams work" fetches "http://$DEST4/" 180
lab_start_relay "$guard"
lab_wait_consensus

# ---- everything, and back
sut_fresh
fetch "http://$DEST4/" >/dev/null
for n in $(lab_nodes); do lab_kill_relay "$n"; done
no_fetch() { ! fetch "http://$DEST4/" --max-time 20; }
check "all relays gone: a fetch fails" no_fetch
check "all relays gone: the program lives" lab_alive sut
for n in $(lab_nodes); do lab_start_relay "$n"; done
check "all relays back: they agree again" lab_wait_consensus
check "all relays back: the program recovers" fetches "http://$DEST4/" 600

# ---- a dark uplink: nothing is refused, packets just vanish
drip_start
lab_uplink off
check "dark uplink: a fetch fails" no_fetch
check "dark uplink: the program lives" lab_alive sut
lab_uplink on
check "uplink back: the program recovers" fetches "http://$DEST4/" 600
drip_stop
