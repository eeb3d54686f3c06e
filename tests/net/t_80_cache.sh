#!/bin/bash
# Whatever the disk did to the files of the DataDirectory, the program comes
# up again and works.  It may fetch anew; it may not crash, hang or refuse.
. "$(dirname "$0")/check.sh"
need_lab
sut_fresh
check "it works at first" fetches "http://$DEST4/"
sut_stop

GOOD=$LAB_DIR/tmp/good
rm -rf "$GOOD"
cp -a "$(sut_data)" "$GOOD"
files() {
	(cd "$(sut_data)" && find . -type f -size +0 ! -name '*lock*' | sort)
}

# damage KIND FILE.  Boundaries: of the file, of a line, of the first line
# (version, digest), of a page, and inside a word.
damage() {
	local f=$2 size half
	size=$(stat -c %s "$f")
	half=$((size / 2))
	case $1 in
	gone) rm "$f" ;;
	empty) truncate -s 0 "$f" ;;
	one-byte) truncate -s 1 "$f" ;;
	first-line) sed -i '1q' "$f" ;;
	no-first-line) sed -i '1d' "$f" ;;
	half) truncate -s "$half" "$f" ;;
	half-at-line) sed -i "$(($(wc -l <"$f") / 2 + 1))q" "$f" ;;
	last-line-gone) sed -i '$d' "$f" ;;
	last-byte-gone) truncate -s -1 "$f" ;;
	page) truncate -s "$((size - size % 4096))" "$f" ;;
	zeros) truncate -s 0 "$f"; truncate -s "$size" "$f" ;;
	zeros-at-end) truncate -s "$half" "$f"; truncate -s "$size" "$f" ;;
	twice) cat "$f" >"$f.2"; cat "$f.2" >>"$f"; rm "$f.2" ;;
	junk-at-end) head -c 5000 /dev/urandom >>"$f" ;;
	junk) head -c "$size" /dev/urandom >"$f" ;;
	nul-inside) poke "$f" "$half" '\0' ;;
	flip-first) poke "$f" 0 '\377' ;;
	flip-middle) poke "$f" "$half" '\377' ;;
	flip-last) poke "$f" "$((size - 1))" '\377' ;;
	long-line) head -c 2000000 /dev/zero | tr '\0' x >>"$f" ;;
	esac
}
# shellcheck disable=SC2059
poke() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
KINDS=(gone empty one-byte first-line no-first-line half half-at-line
	last-line-gone last-byte-gone page zeros zeros-at-end twice junk-at-end
	junk nul-inside flip-first flip-middle flip-last long-line)

survives() {	# KIND FILE...
	local f kind=$1
	shift
	sut_stop
	sut_wipe
	cp -a "$GOOD" "$(sut_data)"
	for f in "$@"; do damage "$kind" "$(sut_data)/$f"; done
	sut_start
	sut_wait && fetches "http://$DEST4/"
}

check "there are files to damage" test -n "$(files)"
mapfile -t ALL < <(files)
for kind in "${KINDS[@]}"; do
	check "$kind, every file" survives "$kind" "${ALL[@]}"
done
# One file at a time, so that the others contradict it.
i=0
for f in "${ALL[@]}"; do
	for n in 1 2 3; do
		kind=${KINDS[$((i++ * 7 % ${#KINDS[@]}))]}
		check "$kind, only $f" survives "$kind" "$f"
	done
done
