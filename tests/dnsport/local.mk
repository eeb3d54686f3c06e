check_PROGRAMS += \
	tests/dnsport/test_answer \
	tests/dnsport/test_automap \
	tests/dnsport/test_cookie \
	tests/dnsport/test_dname \
	tests/dnsport/test_dnsconn \
	tests/dnsport/test_dnspipe \
	tests/dnsport/test_dnsport \
	tests/dnsport/test_dnsup \
	tests/dnsport/test_dnssock \
	tests/dnsport/test_dnstls \
	tests/dnsport/test_points \
	tests/dnsport/test_forged \
	tests/dnsport/test_hostile \
	tests/dnsport/test_question \
	tests/dnsport/test_stub \
	tests/dnsport/test_upstream \
	tests/dnsport/test_validate
DNSPORT_TESTS_LDADD = $(DNSPORT_LIBS) $(CHECK_LIBS)
tests_dnsport_test_answer_SOURCES = tests/dnsport/test_answer.c \
	tests/dnsport/query.h
tests_dnsport_test_answer_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_automap_SOURCES = tests/dnsport/test_automap.c
tests_dnsport_test_automap_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_dnsconn_SOURCES = tests/dnsport/test_dnsconn.c \
	tests/dnsport/query.h tests/dnsport/server.h
tests_dnsport_test_dnsconn_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_dnspipe_SOURCES = tests/dnsport/test_dnspipe.c \
	tests/dnsport/query.h tests/dnsport/server.h
tests_dnsport_test_dnspipe_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_dnsport_SOURCES = tests/dnsport/test_dnsport.c \
	tests/dnsport/query.h
tests_dnsport_test_dnsport_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_dnssock_SOURCES = tests/dnsport/test_dnssock.c \
	tests/dnsport/query.h tests/dnsport/server.h
tests_dnsport_test_dnssock_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_points_SOURCES = tests/dnsport/test_points.c
tests_dnsport_test_points_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_question_SOURCES = tests/dnsport/test_question.c \
	tests/dnsport/query.h
tests_dnsport_test_question_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_validate_SOURCES = tests/dnsport/test_validate.c \
	tests/dnsport/answers.h
tests_dnsport_test_validate_LDADD = $(DNSPORT_TESTS_LDADD)
EXTRA_DIST += tests/vectors/dnssec/answers.txt tests/vectors/dnssec/anchor \
	tests/vectors/dnssec/make tests/vectors/dnssec/record.py \
	tests/vectors/dnssec/seeds
tests_dnsport_test_forged_SOURCES = tests/dnsport/test_forged.c \
	tests/dnsport/signer.h
tests_dnsport_test_forged_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_hostile_SOURCES = tests/dnsport/test_hostile.c \
	tests/dnsport/query.h
tests_dnsport_test_hostile_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_upstream_SOURCES = tests/dnsport/test_upstream.c \
	tests/dnsport/resolver.h
tests_dnsport_test_upstream_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_cookie_SOURCES = tests/dnsport/test_cookie.c
tests_dnsport_test_cookie_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_dname_SOURCES = tests/dnsport/test_dname.c
tests_dnsport_test_dname_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_dnstls_SOURCES = tests/dnsport/test_dnstls.c \
	tests/dnsport/tlsserver.h
tests_dnsport_test_dnstls_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_dnsup_SOURCES = tests/dnsport/test_dnsup.c \
	tests/dnsport/answers.h tests/dnsport/query.h \
	tests/dnsport/resolver.h tests/dnsport/tlsserver.h
tests_dnsport_test_dnsup_LDADD = $(DNSPORT_TESTS_LDADD)
tests_dnsport_test_stub_SOURCES = tests/dnsport/test_stub.c \
	tests/dnsport/query.h tests/dnsport/resolver.h
tests_dnsport_test_stub_LDADD = $(DNSPORT_TESTS_LDADD)
