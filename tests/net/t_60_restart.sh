#!/bin/bash
# With a warm cache the program comes back by its own guards, without a
# word to an authority.
. "$(dirname "$0")/check.sh"
need_lab
sut_fresh

# Two clients' worth of circuits, so that the guards in use are all seen.
fetch "http://$DEST4/" >/dev/null
drip_start
guard=$(drip_path | cut -d' ' -f1)
drip_stop
before=$(sut_get guards)

# The consensus lives for seconds here.  A cache that is a little too old is
# still good for finding the way to a newer one: that is the point.
sut_stop
lab_oracle_reset
sut_start
check "a restart bootstraps" sut_wait
check "a restart works" fetches "http://$DEST4/"
drip_start
again=$(drip_path | cut -d' ' -f1)
drip_stop

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
check "restart: the same guard carries streams" same "$again" "$guard"

# killed without a chance to write anything down
sut_stop KILL
lab_oracle_reset
sut_start
check "killed and restarted: bootstraps" sut_wait
check "killed and restarted: works" fetches "http://$DEST4/"
check "killed and restarted: only guards that it had" only_guards
