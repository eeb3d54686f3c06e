#!/bin/bash
# With a warm cache the program comes back by its own guards, without a
# word to an authority.
. "$(dirname "$0")/check.sh"
need_lab
sut_fresh

# Two clients' worth of circuits, so that the guards in use are all seen.
check "it works at first" fetches "http://$DEST4/"
check "a transfer runs" drip_start
drip_stop
primary=$(sut_get primaries)
before=$(sut_get sampled)

# The consensus lives for seconds here.  A cache that is a little too old is
# still good for finding the way to a newer one: that is the point.
sut_stop
lab_oracle_reset
sut_start
check "a restart bootstraps" sut_wait
check "a restart works" fetches "http://$DEST4/"
check "a transfer runs after it" drip_start
guard=$(drip_path | cut -d' ' -f1)
drip_stop
again=$(sut_get primaries)

no_authority() {
	echo "met: $(lab_met | paste -sd' ')"
	! lab_met | grep '^a'
}
only_guards() {
	local n
	echo "guards before: $before; met: $(lab_met | paste -sd' ')"
	for n in $(lab_met); do
		grep -qx "$n" <<<"$before" || return 1
	done
}
check "restart: no authority" no_authority
check "restart: only guards that it had" only_guards

# The first one that was ever used stays the first.  Behind it those that are
# only known change places when one of them is used first; no other joins them.
# Which of them a stream's circuit has depends on its exit.
check "restart: the same first guard" \
	same "$(head -n 1 <<<"$again")" "$(head -n 1 <<<"$primary")"
check "restart: the same primary guards" \
	same "$(sort <<<"$again")" "$(sort <<<"$primary")"
one_of_them() {
	echo "guard '$guard' of: $(paste -sd' ' <<<"$primary")"
	grep -qx "$guard" <<<"$primary"
}
check "restart: one of them carries streams" one_of_them

# killed without a chance to write anything down
sut_stop KILL
lab_oracle_reset
sut_start
check "killed and restarted: bootstraps" sut_wait
check "killed and restarted: works" fetches "http://$DEST4/"
check "killed and restarted: only guards that it had" only_guards
