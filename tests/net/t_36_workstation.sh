#!/bin/bash
# The rules that docs/rulesets.md shows for a workstation, as it shows them: programs on
# the machine itself, of other accounts than the daemon's, are carried through
# circuits, and nothing of theirs leaves otherwise.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
# shellcheck source=tests/net/onhost.sh
. "$LAB_SRC/onhost.sh"
need_lab

HEADING="A workstation"
ON_HOST_DNS=127.0.0.1
onhost_resolver

lab_oracle_reset
probe
check "the rules load" shown_gate "$RULESETS" "$HEADING"
check "the program bootstraps" shown_sut "$RULESETS" "$HEADING"
check "it has no rights" unprivileged
for who in "$OTHER_USER" root; do pages_of "$who"; done
check "a name over UDP" ask
check "a question to any server is caught" ask @192.0.2.53
check "a question over IPv6" ask @::1
if ! sut_is_tor; then
	check "a name over TCP" ask +tcp
	check "a question to any server is caught, over TCP" \
		ask +tcp @192.0.2.53
fi
check "nothing else gets out" holds
check "nobody else reaches a relay" not_to_relay
check "without the rules, all that is seen" \
	without_rules "$RULESETS" "$HEADING" seen
check "without the rules, relays are reached" \
	without_rules "$RULESETS" "$HEADING" to_relay
check "and all is well afterwards" \
	lab_until 600 page "$OTHER_USER" http://www.lab.example/
probe_end
