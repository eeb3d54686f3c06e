#!/bin/bash
# What the gateway sent anywhere but to a relay: nothing; and the proof that
# the oracle would have seen it.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

# Everything but TCP and names: none of it may pass.
stimulus() {
	lab_in lan1 ping -c 2 -W 1 "$DEST4"
	lab_in lan1 ping -c 2 -W 1 "$DEST6"
	echo hello | lab_in lan1 timeout 5 bash -c "cat >/dev/udp/$DEST4/9"
	echo hello | lab_in lan1 timeout 5 bash -c "cat >/dev/udp/$DEST6/9"
	lab_in lan1 ping -c 1 -W 1 -s 3000 "$DEST4"
	lab_in lan1 timeout 5 bash -c ": >/dev/tcp/$DEST4/9"
	fetch http://www.example.test/
	true
}
lab_oracle_reset
stimulus >/dev/null 2>&1
check "relays were used" test "$(lab_count good)" -gt 0
check "nothing else was" test "$(lab_leaked)" -eq 0
check "the program cannot be reached from the LAN directly" \
	bash -c "! nsenter --net=/run/netns/lan1 curl -q -sS --max-time 5 \
		http://$LAN4:$TRANSPORT/"
check "anti-test: the oracle sees leaks" lab_oracle_antitest
check "and works after that" fetches http://www.example.test/
