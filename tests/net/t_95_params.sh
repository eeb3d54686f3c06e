#!/bin/bash
# Authorities that vote the live network's parameters: other code paths.
. "$(dirname "$0")/check.sh"
need_lab live
check "the consensus has the parameters" \
	grep -q '^params .*cc_vegas_alpha_exit=186' <<<"$(lab_consensus)"
sut_fresh

check "a page by name" fetches http://www.lab.example/
check "the server saw an exit" seen_exit
check "50 MB down" downloads big.lab.example 50000000
check "50 MB up" uploads big.lab.example 50000000
check "20 MB down, IPv6" downloads "[$DEST6]" 20000000
check "500 connections at once" many 500 "$DEST4"
sut_restart
check "a restart works" fetches "http://$DEST4/"
