#!/bin/bash
# The same with TPROXY instead of REDIRECT.
. "$(dirname "$0")/check.sh"
need_lab
need_sut tproxy

check "a page by name" fetches http://www.lab.example/
check "the server saw an exit" seen_exit
check "a page from an IPv6 address" fetches "http://[$DEST6]/"
check "20 MB down" downloads "$DEST4" 20000000
check "20 MB down, IPv6" downloads "[$DEST6]" 20000000
check "20 MB up" uploads "$DEST4" 20000000
check "20 MB up, IPv6" uploads "[$DEST6]" 20000000
check "200 connections at once" many 200 "$DEST4"
check "200 connections at once, IPv6" many 200 "$DEST6"
