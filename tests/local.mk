include tests/base/local.mk
include tests/onion/crypto/local.mk
include tests/onion/link/local.mk
include tests/onion/dir/local.mk
include tests/onion/path/local.mk
include tests/onion/circ/local.mk
include tests/onion/hs/local.mk
include tests/onion/local.mk
include tests/tun/local.mk
include tests/natlook/local.mk
include tests/dnsport/local.mk
include tests/policy/local.mk
include tests/daemon/local.mk
include tests/fuzz/local.mk

dist_check_SCRIPTS += tests/check-layers tests/check-docs \
	tests/check-promises tests/check-catalogue tests/check-firewall \
	tests/check-completion tests/check-pages
check_SCRIPTS = tests/check-hardening
TESTS = $(check_PROGRAMS) tests/check-layers tests/check-hardening \
	tests/check-docs tests/check-promises tests/check-catalogue \
	tests/check-firewall tests/check-completion tests/check-pages \
	$(NOMEM_TEST)

noinst_HEADERS += tests/unit.h tests/quiet.h tests/fakepermit.h \
	tests/fuzz/fuzz.h \
	tests/daemon/testconf.h tests/daemon/nolookup.h \
	tests/daemon/fakeengine.h tests/daemon/fakedial.h \
	tests/daemon/golden.h tests/platform/listenat.h
EXTRA_DIST += tests/layers tests/check-layers.awk tests/packages.sh \
	tests/docs.sh tests/net tests/bench docs/design.md docs/testing.md \
	docs/promises.md docs/known-issues.md docs/rulesets.md \
	docs/faults.md docs/load.md docs/catalogue.md docs/package.md \
	docs/appliance.md
