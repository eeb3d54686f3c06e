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

# What ends by end-of-file: the server gets that end with all that was sent,
# and the client an end and no error.
upload() {
	local sent
	sent=$(load upload "$1" "$DEST4") || return
	echo "sent: $sent"
	lab_until 300 saw_end "$sent"
}
saw_end() { lab_web_log | grep "^9 .* EOF after $1\$"; }

# Nobody else uses port 77, so its streams are those of this test.
check "a client has its word and goes" load leave "$DEST4"
check "its stream is still there" holds 77
check "send no more, then read 5 MB" half 5000000
check "an upload that ends by end-of-file" upload 3000000
check "one of nothing at all" upload 0
check "the stream of the one that went is ended" lab_until 900 no_streams_at 77
