HS_TESTS_LDADD = $(ONION_LIBS) $(CHECK_LIBS)

check_PROGRAMS += \
	tests/onion/hs/test_blake2b \
	tests/onion/hs/test_hashx \
	tests/onion/hs/test_equix \
	tests/onion/hs/test_hspow \
	tests/onion/hs/test_hspow_thread
tests_onion_hs_test_blake2b_SOURCES = tests/onion/hs/test_blake2b.c \
	tests/onion/crypto/hex.h
tests_onion_hs_test_blake2b_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hashx_SOURCES = tests/onion/hs/test_hashx.c \
	tests/onion/crypto/hex.h
tests_onion_hs_test_hashx_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_equix_SOURCES = tests/onion/hs/test_equix.c
tests_onion_hs_test_equix_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hspow_SOURCES = tests/onion/hs/test_hspow.c \
	tests/onion/crypto/hex.h
tests_onion_hs_test_hspow_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hspow_thread_SOURCES = tests/onion/hs/test_hspow_thread.c
tests_onion_hs_test_hspow_thread_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=equix_new,--wrap=equix_free,--wrap=hspow_search_attempt
tests_onion_hs_test_hspow_thread_LDADD = $(HS_TESTS_LDADD)

# How fast it is, by hand.
noinst_PROGRAMS += tests/onion/hs/probe_pow
tests_onion_hs_probe_pow_SOURCES = tests/onion/hs/probe_pow.c
tests_onion_hs_probe_pow_LDADD = $(ONION_LIBS)

# A client and all it talks to; the hsdesc_open(), hsring_find() and hsauth_key()
# of hsfake.c come before those of libhs.a.
HS_RIG = tests/onion/hs/hsrig.c tests/onion/hs/hsrig.h tests/onion/hs/hsfake.c
check_PROGRAMS += \
	tests/onion/hs/test_hsclient \
	tests/onion/hs/test_hsclient_hostile \
	tests/onion/hs/test_hsclient_limits \
	tests/onion/hs/test_hsclient_pow \
	tests/onion/hs/test_hsclient_real
tests_onion_hs_test_hsclient_real_SOURCES = \
	tests/onion/hs/test_hsclient_real.c \
	tests/onion/hs/hsrig.c tests/onion/hs/hsrig.h \
	tests/onion/crypto/hex.h tests/onion/dir/tmpdir.h tests/vectors/hs.h
tests_onion_hs_test_hsclient_real_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsclient_SOURCES = tests/onion/hs/test_hsclient.c \
	tests/onion/dir/tmpdir.h $(HS_RIG)
tests_onion_hs_test_hsclient_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsclient_limits_SOURCES = \
	tests/onion/hs/test_hsclient_limits.c $(HS_RIG)
tests_onion_hs_test_hsclient_limits_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=hsntor_new
tests_onion_hs_test_hsclient_limits_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsclient_pow_SOURCES = \
	tests/onion/hs/test_hsclient_pow.c $(HS_RIG)
tests_onion_hs_test_hsclient_pow_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsclient_hostile_SOURCES = \
	tests/onion/hs/test_hsclient_hostile.c $(HS_RIG)
tests_onion_hs_test_hsclient_hostile_LDADD = $(HS_TESTS_LDADD)
HS_TESTS_VECTORS = tests/vectors/hs.h tests/onion/crypto/hex.h
DESCMINT = tests/onion/hs/descmint.c tests/onion/hs/descmint.h

check_PROGRAMS += \
	tests/onion/hs/test_onionaddr \
	tests/onion/hs/test_blind \
	tests/onion/hs/test_hstime \
	tests/onion/hs/test_hsring \
	tests/onion/hs/test_hsdesc \
	tests/onion/hs/test_hsdesc_inner \
	tests/onion/hs/test_hsauth \
	tests/onion/hs/test_hsntor \
	tests/onion/hs/test_intromsg \
	tests/onion/hs/test_hsreal \
	tests/onion/hs/test_hswipe
tests_onion_hs_test_onionaddr_SOURCES = tests/onion/hs/test_onionaddr.c \
	$(HS_TESTS_VECTORS)
tests_onion_hs_test_onionaddr_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_blind_SOURCES = tests/onion/hs/test_blind.c \
	$(HS_TESTS_VECTORS)
tests_onion_hs_test_blind_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hstime_SOURCES = tests/onion/hs/test_hstime.c \
	$(HS_TESTS_VECTORS)
tests_onion_hs_test_hstime_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsring_SOURCES = tests/onion/hs/test_hsring.c \
	$(HS_TESTS_VECTORS)
tests_onion_hs_test_hsring_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsdesc_SOURCES = tests/onion/hs/test_hsdesc.c \
	tests/onion/dir/tmpdir.h \
	$(DESCMINT) $(HS_TESTS_VECTORS)
tests_onion_hs_test_hsdesc_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsdesc_inner_SOURCES = \
	tests/onion/hs/test_hsdesc_inner.c $(DESCMINT) $(HS_TESTS_VECTORS)
tests_onion_hs_test_hsdesc_inner_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsauth_SOURCES = tests/onion/hs/test_hsauth.c \
	tests/onion/dir/tmpdir.h $(HS_TESTS_VECTORS)
tests_onion_hs_test_hsauth_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsntor_SOURCES = tests/onion/hs/test_hsntor.c \
	tests/onion/hs/specvec.h $(HS_TESTS_VECTORS)
tests_onion_hs_test_hsntor_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_intromsg_SOURCES = tests/onion/hs/test_intromsg.c \
	tests/onion/hs/specvec.h $(HS_TESTS_VECTORS)
tests_onion_hs_test_intromsg_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hsreal_SOURCES = tests/onion/hs/test_hsreal.c \
	tests/vectors/hs/moments.h $(HS_TESTS_VECTORS)
tests_onion_hs_test_hsreal_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hswipe_SOURCES = tests/onion/hs/test_hswipe.c \
	tests/onion/dir/tmpdir.h $(HS_TESTS_VECTORS)
tests_onion_hs_test_hswipe_LDADD = $(HS_TESTS_LDADD)
tests_onion_hs_test_hswipe_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free

EXTRA_DIST += \
	tests/vectors/hs/auth \
	tests/vectors/hs/current/auth \
	tests/vectors/hs/current/consensus \
	tests/vectors/hs/current/microdescs \
	tests/vectors/hs/current/plain \
	tests/vectors/hs/current/pow \
	tests/vectors/hs/disaster/auth \
	tests/vectors/hs/disaster/consensus \
	tests/vectors/hs/disaster/microdescs \
	tests/vectors/hs/disaster/plain \
	tests/vectors/hs/disaster/pow \
	tests/vectors/hs/open \
	tests/vectors/hs/previous/auth \
	tests/vectors/hs/previous/consensus \
	tests/vectors/hs/previous/microdescs \
	tests/vectors/hs/previous/plain \
	tests/vectors/hs/previous/pow \
	tests/vectors/make-hs.py
