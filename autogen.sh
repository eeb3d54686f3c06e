#!/bin/sh
# Makes ./configure.  Needs autoconf, automake and libtool's pkg.m4 (pkgconf).
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "autogen.sh: $tool is missing: apt install autoconf automake pkg-config" >&2
		exit 1
	}
done
exec autoreconf --install --warnings=all,no-portability
