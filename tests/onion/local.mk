ONION_TESTS_LDADD = $(ONION_LIBS) $(CHECK_LIBS)

check_PROGRAMS += \
	tests/onion/test_bridges \
	tests/onion/test_nodes \
	tests/onion/test_dircirc \
	tests/onion/test_hsnet \
	tests/onion/test_onion
# Its dircirc_fetch() and the like come before those of libonion.a.
tests_onion_test_bridges_SOURCES = tests/onion/test_bridges.c \
	tests/onion/dir/dirtest.h
tests_onion_test_bridges_LDADD = $(ONION_TESTS_LDADD)
tests_onion_test_nodes_SOURCES = tests/onion/test_nodes.c \
	tests/onion/dir/tmpdir.h
tests_onion_test_nodes_LDADD = $(ONION_TESTS_LDADD)
tests_onion_test_dircirc_SOURCES = tests/onion/test_dircirc.c \
	tests/sim/simdir.c tests/sim/simdir.h $(SIMRELAY)
tests_onion_test_dircirc_LDADD = $(ONION_TESTS_LDADD)
# Its hsdesc_open() and hsring_find() come before those of libhs.a.
tests_onion_test_hsnet_SOURCES = tests/onion/test_hsnet.c $(CIRC_POOLRIG)
tests_onion_test_hsnet_LDADD = $(ONION_TESTS_LDADD)
tests_onion_test_onion_SOURCES = tests/onion/test_onion.c \
	tests/onion/dir/fakeauth.c tests/onion/dir/fakeauth.h \
	tests/onion/dir/tmpdir.h tests/sim/simdir.c tests/sim/simdir.h
tests_onion_test_onion_LDADD = $(ONION_TESTS_LDADD)
