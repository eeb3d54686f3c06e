#!/bin/bash
# A client that sends no more still gets its answer; one that is gone leaves
# nothing behind, though a stream has no way to tell the exit the one from the
# other.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

load() { lab_lan "$PYTHON" "$LAB_SRC/load.py" "$@"; }
half() { same "$(load half "$1" "$DEST4")" "$(web_sum "$1")"; }
streams_at() { sut_get circuits-of "$DEST4:$1"; }
no_streams_at() {
	streams_at "$1"
	[ -z "$(streams_at "$1")" ]
}
holds() { streams_at "$1" | grep .; }

# C tor ends the stream as soon as the client sends its FIN.
if sut_is_tor; then
	skip "tor has no half-closed clients"
	exit
fi

check "a client has its word and goes" load leave "$DEST4"
check "its stream is still there" holds 7
check "send no more, then read 5 MB" half 5000000
check "the stream of the one that went is ended" lab_until 300 no_streams_at 7
