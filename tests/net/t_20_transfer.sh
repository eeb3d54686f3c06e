#!/bin/bash
# 100 MB each way with equal hashes at both ends; many connections at once.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

check "100 MB down, by name" downloads big.lab.example 100000000
check "100 MB up, by name" uploads big.lab.example 100000000
check "20 MB down from an IPv6 address" downloads "[$DEST6]" 20000000
check "20 MB up to an IPv6 address" uploads "[$DEST6]" 20000000
check "500 connections at once, IPv4" many 500 "$DEST4"
check "500 connections at once, IPv6" many 500 "$DEST6"
check "and all is well afterwards" fetches http://www.lab.example/

# How these cells were encrypted: the relays are of a version that has CGO, so
# circuits are by it at their ends, both of them where two are joined.
cgo_at_the_end() {
	local said
	said=$(sut_get crypto-of "$DEST4:80" | sort -u)
	echo "$said"
	[ "$said" = CGO ]
}
if ! sut_is_tor; then
	check "a slow download begins" drip_start
	check "its exit is spoken to by CGO" cgo_at_the_end
	drip_stop
fi
