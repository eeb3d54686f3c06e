check_PROGRAMS += \
	tests/base/test_addr tests/base/test_borrow tests/base/test_buf \
	tests/base/test_enc \
	tests/base/test_hash \
	tests/base/test_log tests/base/test_loop tests/base/test_map \
	tests/base/test_quota \
	tests/base/test_rand tests/base/test_secret tests/base/test_wire
tests_base_test_addr_SOURCES = tests/base/test_addr.c
tests_base_test_addr_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_borrow_SOURCES = tests/base/test_borrow.c
tests_base_test_borrow_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_buf_SOURCES = tests/base/test_buf.c
tests_base_test_buf_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_enc_SOURCES = tests/base/test_enc.c
tests_base_test_enc_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_hash_SOURCES = tests/base/test_hash.c
tests_base_test_hash_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_log_SOURCES = tests/base/test_log.c
tests_base_test_log_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_loop_SOURCES = tests/base/test_loop.c
tests_base_test_loop_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_map_SOURCES = tests/base/test_map.c
tests_base_test_map_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_quota_SOURCES = tests/base/test_quota.c
tests_base_test_quota_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_rand_SOURCES = tests/base/test_rand.c
tests_base_test_rand_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_secret_SOURCES = tests/base/test_secret.c
tests_base_test_secret_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
tests_base_test_wire_SOURCES = tests/base/test_wire.c
tests_base_test_wire_LDADD = $(BASE_LIBS) $(CHECK_LIBS)
