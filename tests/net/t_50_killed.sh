#!/bin/bash
# Relays die, one or all, and the uplink goes dark.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

# a transfer that a relay of that name carries: without both, what follows
# would kill nothing, and show nothing
named() { lab_nodes | grep -qx "$1"; }

another_exit() { seen_exit && [ "$(relay_at "$(seen_last)")" != "$exit" ]; }

# ---- the exit
check "a transfer runs" drip_start
exit=$(drip_exit)
check "its exit is known" named "$exit"
lab_kill_relay "$exit"
check "exit killed in mid-transfer: the stream ends" drip_failed
check "exit killed: new streams work" fetches "http://$DEST4/"
check "exit killed: not through the dead one" another_exit
lab_start_relay "$exit"

# ---- the guard
sut_fresh
check "a transfer runs again" drip_start
guard=$(drip_path | cut -d' ' -f1)
check "its guard is known" named "$guard"
lab_kill_relay "$guard"
check "the guard killed: the stream ends" drip_failed
check "the guard killed: new streams work" fetches "http://$DEST4/"
lab_start_relay "$guard"
lab_wait_consensus

# ---- everything, and back
sut_fresh
check "a page before all relays go" fetches "http://$DEST4/"
for n in $(lab_nodes); do lab_kill_relay "$n"; done
no_fetch() { ! fetch "http://$DEST4/" --max-time 20; }
check "all relays gone: a fetch fails" no_fetch
check "all relays gone: the program lives" lab_alive sut
for n in $(lab_nodes); do lab_start_relay "$n"; done
check "all relays back: they agree again" lab_wait_consensus
check "all relays back: the program recovers" fetches "http://$DEST4/"

# ---- a dark uplink: nothing is refused, packets just vanish
check "a transfer runs once more" drip_start
lab_uplink off
check "dark uplink: a fetch fails" no_fetch
check "dark uplink: the program lives" lab_alive sut
lab_uplink on
check "uplink back: the program recovers" fetches "http://$DEST4/"
drip_stop

# ---- its own engine: back within seconds, by the same guards, without a storm
if sut_is_tor; then
	skip "tor is one process"
	exit 0
fi
KILLS=3
engine() { pgrep -P "$(lab_pid sut)" -x ot-engine; }
another_engine() { [ -n "$(engine)" ] && [ "$(engine)" != "$first" ]; }
ups() { sut_log | grep -c 'the engine is up again'; }
up_again() { [ "$(ups)" -gt "$up" ]; }
only_guards() {
	local n
	echo "guards before: $(paste -sd' ' <<<"$before");" \
		"met: $(lab_met | paste -sd' ')"
	for n in $(lab_met); do
		grep -qx "$n" <<<"$before" || return 1
	done
}
no_storm() { # a handful for each life
	echo "$(lab_count dials) connections to relays"
	[ "$(lab_count dials)" -le $((KILLS * 8)) ]
}
sut_fresh
check "a page before the engine is killed" fetches "http://$DEST4/"
before=$(sut_get sampled)
parent=$(lab_pid sut)
lab_oracle_reset
for ((i = 1; i <= KILLS; i++)); do
	first=$(engine) up=$(ups)
	kill -KILL "$first"
	check "engine killed ($i): there is another" lab_until 100 another_engine
	check "engine killed ($i): it is up" lab_until 100 up_again
	check "engine killed ($i): pages are fetched" fetches "http://$DEST4/"
done
check "engine killed: the parent is the same" same "$parent" "$(lab_pid sut)"
check "engine killed: only guards that it had" only_guards
check "engine killed: no storm of connections" no_storm
