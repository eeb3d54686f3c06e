# Holds the tree to tests/layers: a module includes only what is listed above
# it, in its own folder, in base/, or, for daemon/, what is public.
# usage: awk -f tests/check-layers.awk tests/layers FILES...
#
# A private header, <noun>_int.h, belongs to its module.
# onion/'s subfolders are layers of one folder: crypto < link < dir < path <
# circ; any of them may include any module of a lower one, and onion/ itself
# (the door) all of them.
FILENAME == ARGV[1] {
	if ($1 == "+")
		public[$2] = 1
	if ($0 !~ /^#/ && NF)
		line[$NF] = FNR
	next
}
FNR == 1 {
	me = stem(FILENAME)
}
/^[ \t]*#[ \t]*include[ \t]+"/ {
	split($0, q, "\"")
	t = stem(q[2])
	if (t == me || t == "config")
		next
	if (!(t in line))
		bad(q[2] " is not listed")
	else if (line[t] > line[me])
		bad(q[2] " comes after " me)
	else if (!(top(t) == top(me) || top(t) == "base" || \
	    (top(me) == "daemon" && t in public)))
		bad(q[2] " is private to " top(t) "/")
}
END {
	for (i = 2; i < ARGC; i++) {	# also empty files, which have no line
		t = stem(ARGV[i])
		seen[t] = 1
		if (!(t in line)) {
			print ARGV[i] ": not listed in " ARGV[1] > "/dev/stderr"
			failed = 1
		}
	}
	for (t in line)
		if (!(t in seen)) {
			print ARGV[1] ": " t " does not exist" > "/dev/stderr"
			failed = 1
		}
	exit failed
}

function stem(p) {
	sub(/^\.\//, "", p)
	sub(/(_int)?\.[ch]$/, "", p)
	return p
}
function top(p) { sub(/\/.*/, "", p); return p }
function bad(m) {
	print FILENAME ":" FNR ": " m > "/dev/stderr"
	failed = 1
}
