PATH_TESTS_LDADD = $(ONION_LIBS) $(CHECK_LIBS)
PATH_TESTS_SIM = tests/sim/simdir.c tests/sim/simdir.h \
	tests/onion/path/pathtest.h

check_PROGRAMS += \
	tests/onion/path/test_geoip \
	tests/onion/path/test_relayset \
	tests/onion/path/test_weights \
	tests/onion/path/test_kin \
	tests/onion/path/test_path \
	tests/onion/path/test_vanguard \
	tests/onion/path/test_path_enough \
	tests/onion/path/test_path_million \
	tests/onion/path/test_guard \
	tests/onion/path/test_guard_state \
	tests/onion/path/test_timeout \
	tests/onion/path/test_pathstate
tests_onion_path_test_geoip_SOURCES = tests/onion/path/test_geoip.c
tests_onion_path_test_geoip_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_relayset_SOURCES = tests/onion/path/test_relayset.c
tests_onion_path_test_relayset_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_weights_SOURCES = tests/onion/path/test_weights.c \
	$(PATH_TESTS_SIM)
tests_onion_path_test_weights_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_kin_SOURCES = tests/onion/path/test_kin.c \
	$(PATH_TESTS_SIM)
tests_onion_path_test_kin_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_path_SOURCES = \
	tests/onion/path/test_path.c tests/onion/path/choosetest.h \
	$(PATH_TESTS_SIM)
tests_onion_path_test_path_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_vanguard_SOURCES = \
	tests/onion/path/test_vanguard.c tests/onion/path/choosetest.h \
	$(PATH_TESTS_SIM)
tests_onion_path_test_vanguard_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_path_enough_SOURCES = \
	tests/onion/path/test_path_enough.c tests/onion/path/choosetest.h \
	$(PATH_TESTS_SIM)
tests_onion_path_test_path_enough_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_path_million_SOURCES = \
	tests/onion/path/test_path_million.c tests/onion/path/choosetest.h \
	$(PATH_TESTS_SIM)
tests_onion_path_test_path_million_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_guard_SOURCES = tests/onion/path/test_guard.c \
	tests/onion/path/guardtest.h $(PATH_TESTS_SIM)
tests_onion_path_test_guard_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_guard_state_SOURCES = \
	tests/onion/path/test_guard_state.c tests/onion/path/guardtest.h \
	$(PATH_TESTS_SIM)
tests_onion_path_test_guard_state_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_timeout_SOURCES = tests/onion/path/test_timeout.c \
	$(PATH_TESTS_SIM)
tests_onion_path_test_timeout_LDADD = $(PATH_TESTS_LDADD)
tests_onion_path_test_pathstate_SOURCES = tests/onion/path/test_pathstate.c \
	$(PATH_TESTS_SIM)
tests_onion_path_test_pathstate_LDADD = $(PATH_TESTS_LDADD)
