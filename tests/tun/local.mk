check_PROGRAMS += tests/tun/test_csum
tests_tun_test_csum_SOURCES = tests/tun/test_csum.c
tests_tun_test_csum_LDADD = $(TUN_LIBS) $(CHECK_LIBS)
