# daemon/callfilter.awk - collects the system calls that the engine needs
#
# Each file says what it needs in a comment of its own, beside the code:
#
#	/* seccomp: accept4 getsockname
#	 * connect */
#
# Out comes a row for each name, with the files that want it.
FNR == 1 { open = 0 }
/^\/\* seccomp: / { open = 1; sub(/^\/\* seccomp: /, "") }
open {
	last = /\*\//
	gsub(/\*\//, "")
	sub(/^ \* /, "")
	for (i = 1; i <= NF; i++) {
		if ($i !~ /^[a-z0-9_]+$/) {
			print FILENAME ":" FNR ": no system call: " $i \
				> "/dev/stderr"
			failed = 1
		}
		calls[$i] = calls[$i] " " short(FILENAME)
	}
	if (last)
		open = 0
}
END {
	print "/* made by daemon/callfilter.awk */"
	for (name in calls)
		print "{ \"" name "\" },\t/*" calls[name] " */" | "LC_ALL=C sort"
	close("LC_ALL=C sort")
	exit failed
}

function short(p,	n, parts) {
	n = split(p, parts, "/")
	return parts[n]
}
