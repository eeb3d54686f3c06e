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
