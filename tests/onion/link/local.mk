LINK_TESTS_LDADD = $(ONION_LIBS) $(CHECK_LIBS)
SIMLINK = tests/sim/simlink.c tests/sim/simlink.h \
	tests/onion/crypto/mint.c tests/onion/crypto/mint.h
LINK_RIG = tests/onion/link/rig.c tests/onion/link/rig.h $(SIMLINK)

check_PROGRAMS += \
	tests/onion/link/test_cell \
	tests/onion/link/test_hello \
	tests/onion/link/test_chan_fsm \
	tests/onion/link/test_chan \
	tests/onion/link/test_chanmux \
	tests/onion/link/test_chanpad \
	tests/onion/link/test_chanset \
	tests/onion/link/test_tcpdial \
	tests/onion/link/test_tlslink
tests_onion_link_test_cell_SOURCES = tests/onion/link/test_cell.c
tests_onion_link_test_cell_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_hello_SOURCES = tests/onion/link/test_hello.c
tests_onion_link_test_hello_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_chan_fsm_SOURCES = tests/onion/link/test_chan_fsm.c
tests_onion_link_test_chan_fsm_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_chan_SOURCES = tests/onion/link/test_chan.c $(LINK_RIG)
tests_onion_link_test_chan_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_chanmux_SOURCES = \
	tests/onion/link/test_chanmux.c $(LINK_RIG)
tests_onion_link_test_chanmux_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_chanpad_SOURCES = \
	tests/onion/link/test_chanpad.c $(LINK_RIG)
tests_onion_link_test_chanpad_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_chanset_SOURCES = \
	tests/onion/link/test_chanset.c $(LINK_RIG)
tests_onion_link_test_chanset_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_tcpdial_SOURCES = tests/onion/link/test_tcpdial.c
tests_onion_link_test_tcpdial_LDADD = $(LINK_TESTS_LDADD)
tests_onion_link_test_tlslink_SOURCES = tests/onion/link/test_tlslink.c
tests_onion_link_test_tlslink_LDADD = $(LINK_TESTS_LDADD) -lpthread

# Against a real relay; run by hand or by tests/net.
noinst_PROGRAMS += tests/onion/link/probe_link
tests_onion_link_probe_link_SOURCES = tests/onion/link/probe_link.c
tests_onion_link_probe_link_LDADD = $(ONION_LIBS)

EXTRA_DIST += \
	tests/fuzz/corpus/chan_cells/certs_bad \
	tests/fuzz/corpus/chan_cells/netinfo \
	tests/fuzz/corpus/chan_cells/netinfo_bad \
	tests/fuzz/corpus/chan_cells/open_cells \
	tests/fuzz/corpus/chan_cells/open_certs \
	tests/fuzz/corpus/chan_cells/open_chop \
	tests/fuzz/corpus/chan_cells/open_create \
	tests/fuzz/corpus/chan_cells/open_detach \
	tests/fuzz/corpus/chan_cells/open_free \
	tests/fuzz/corpus/chan_cells/versions \
	tests/fuzz/corpus/chan_cells/versions_odd \
	tests/fuzz/corpus/hello/challenge \
	tests/fuzz/corpus/hello/giant \
	tests/fuzz/corpus/hello/netinfo4 \
	tests/fuzz/corpus/hello/netinfo6 \
	tests/fuzz/corpus/hello/netinfo_short \
	tests/fuzz/corpus/hello/versions \
	tests/fuzz/corpus/hello/versions_cell \
	tests/fuzz/corpus/tls_peer_bytes/alert \
	tests/fuzz/corpus/tls_peer_bytes/close_notify \
	tests/fuzz/corpus/tls_peer_bytes/data \
	tests/fuzz/corpus/tls_peer_bytes/empty_records \
	tests/fuzz/corpus/tls_peer_bytes/hello12 \
	tests/fuzz/corpus/tls_peer_bytes/hello12_certs \
	tests/fuzz/corpus/tls_peer_bytes/hello12_chopped \
	tests/fuzz/corpus/tls_peer_bytes/hello12_done \
	tests/fuzz/corpus/tls_peer_bytes/hello13 \
	tests/fuzz/corpus/tls_peer_bytes/hello_request \
	tests/fuzz/corpus/tls_peer_bytes/hello_retry \
	tests/fuzz/corpus/tls_peer_bytes/http \
	tests/fuzz/corpus/tls_peer_bytes/ssl2 \
	tests/fuzz/corpus/tls_peer_bytes/too_long \
	tests/fuzz/corpus/tls_peer_bytes/trickled
