# shellcheck shell=bash
# tests/net/build.sh - build the program for a demo, a test or a benchmark
#
# Sourced.  build_ours SRC prints the path of the binary on stdout and
# nothing else, unless it fails (then on stderr).  It builds out of tree in
# SRC/build/demo, so that a developer's own tree is left alone; where that
# tree was configured in place, automake forbids a build beside it and the
# place itself is built.  A lock lets instances take turns: the second one
# finds everything made.

build_in() {
	local src=$1 dir=$2 makefile=$1/Makefile.am
	if [ ! -x "$src/configure" ] || [ "$src/configure.ac" -nt \
		"$src/configure" ] || [ "$makefile" -nt "$src/Makefile.in" ]
	then
		(cd "$src" && ./autogen.sh) || return 1
	fi
	mkdir -p "$dir" && cd "$dir" || return 1
	[ -e config.status ] || "$src/configure" || return 1
	make -j"$(nproc)"
}

# give_back DIR: who is root builds and writes in somebody's tree; what it made
# is theirs, or they could not build there any more.
give_back() {
	local owner
	owner=$(stat -c %u:%g "$1") && [ "$(id -u)" -eq 0 ] || return 0
	case $owner in 0:*) return 0 ;; esac
	find "$1" -xdev -path "$1/.git" -prune -o -user 0 \
		-execdir chown -h "$owner" {} +
}

# build_ours SRC: print the path of the binary.
build_ours() {
	local src=$1 dir=$1/build/demo log rc
	[ -e "$src/config.status" ] && dir=$src
	mkdir -p "$src/build" || return 1
	log=$(mktemp)
	(
		flock 9
		build_in "$src" "$dir"
	) 9>"$src/build/.lock" >"$log" 2>&1
	rc=$?
	give_back "$src"
	if [ "$rc" -eq 0 ]; then
		echo "$dir/daemon/onion-transparent"
	else
		{ echo "the build failed:"; tail -n 40 "$log"; } >&2
	fi
	rm -f "$log"
	return "$rc"
}
