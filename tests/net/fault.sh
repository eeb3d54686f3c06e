# shellcheck shell=bash disable=SC2034
# tests/net/fault.sh - a machine with a fault (fault.c), for those tests that
# source this: SUT_WRAP=("${FAULTY[@]}"), and then world says which.

FAULT=$LAB_DIR/tmp/fault.so
WORDS=$LAB_DIR/tmp/faults
FAULTY=(env "LD_PRELOAD=$FAULT" "FAULTS=$WORDS")

fault_made() {
	gcc -O -shared -fPIC -o "$FAULT" "$LAB_SRC/fault.c" -ldl &&
		truncate -s 32 "$WORDS"
}
# world AHEAD STOOD ERRNO SLOW-MS, in place: programs have it mapped
world() {
	"$PYTHON" -c 'import struct, sys
with open(sys.argv[1], "r+b") as f:
    f.write(struct.pack("=4q", *map(int, sys.argv[2:])))' "$WORDS" "$@"
}
