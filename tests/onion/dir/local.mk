DIR_TESTS_LDADD = $(ONION_LIBS) $(CHECK_LIBS)

check_PROGRAMS += \
	tests/onion/dir/test_netdoc \
	tests/onion/dir/test_params \
	tests/onion/dir/test_portlist \
	tests/onion/dir/test_protover \
	tests/onion/dir/test_authcert \
	tests/onion/dir/test_consensus \
	tests/onion/dir/test_consdiff \
	tests/onion/dir/test_microdesc \
	tests/onion/dir/test_bridgedesc \
	tests/onion/dir/test_netdir
tests_onion_dir_test_netdoc_SOURCES = tests/onion/dir/test_netdoc.c \
	tests/onion/dir/dirtest.h
tests_onion_dir_test_netdoc_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_params_SOURCES = tests/onion/dir/test_params.c
tests_onion_dir_test_params_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_portlist_SOURCES = tests/onion/dir/test_portlist.c
tests_onion_dir_test_portlist_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_protover_SOURCES = tests/onion/dir/test_protover.c
tests_onion_dir_test_protover_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_authcert_SOURCES = tests/onion/dir/test_authcert.c \
	tests/onion/dir/dirtest.h
tests_onion_dir_test_authcert_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_consensus_SOURCES = tests/onion/dir/test_consensus.c \
	tests/onion/dir/dirtest.h
tests_onion_dir_test_consensus_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_consdiff_SOURCES = tests/onion/dir/test_consdiff.c \
	tests/onion/dir/dirtest.h
tests_onion_dir_test_consdiff_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_microdesc_SOURCES = tests/onion/dir/test_microdesc.c \
	tests/onion/dir/dirtest.h
tests_onion_dir_test_microdesc_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_bridgedesc_SOURCES = tests/onion/dir/test_bridgedesc.c \
	tests/onion/dir/dirtest.h
tests_onion_dir_test_bridgedesc_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_netdir_SOURCES = tests/onion/dir/test_netdir.c \
	tests/onion/dir/dirtest.h
tests_onion_dir_test_netdir_LDADD = $(DIR_TESTS_LDADD)

EXTRA_DIST += \
	tests/vectors/dir/bridgedesc \
	tests/vectors/dir/certs \
	tests/vectors/dir/consensus \
	tests/vectors/dir/diff \
	tests/vectors/dir/diff-base \
	tests/vectors/dir/diff-result \
	tests/vectors/dir/microdescs \
	tests/fuzz/corpus/authcert/cut \
	tests/fuzz/corpus/authcert/junk-before \
	tests/fuzz/corpus/authcert/one \
	tests/fuzz/corpus/authcert/order \
	tests/fuzz/corpus/authcert/two \
	tests/fuzz/corpus/bridgedesc/after-sig \
	tests/fuzz/corpus/bridgedesc/bad-ed \
	tests/fuzz/corpus/bridgedesc/bad-nickname \
	tests/fuzz/corpus/bridgedesc/bad-rsa \
	tests/fuzz/corpus/bridgedesc/between \
	tests/fuzz/corpus/bridgedesc/cert-third \
	tests/fuzz/corpus/bridgedesc/more \
	tests/fuzz/corpus/bridgedesc/no-cert \
	tests/fuzz/corpus/bridgedesc/no-ntor \
	tests/fuzz/corpus/bridgedesc/opt-sig \
	tests/fuzz/corpus/bridgedesc/other-fingerprint \
	tests/fuzz/corpus/bridgedesc/other-master \
	tests/fuzz/corpus/bridgedesc/real \
	tests/fuzz/corpus/bridgedesc/two-ntor \
	tests/fuzz/corpus/consdiff/add \
	tests/fuzz/corpus/consdiff/change \
	tests/fuzz/corpus/consdiff/delete \
	tests/fuzz/corpus/consdiff/dollar \
	tests/fuzz/corpus/consdiff/first \
	tests/fuzz/corpus/consdiff/nodot \
	tests/fuzz/corpus/consdiff/number \
	tests/fuzz/corpus/consdiff/order \
	tests/fuzz/corpus/consdiff/real \
	tests/fuzz/corpus/consdiff/whole \
	tests/fuzz/corpus/consensus/ipv6-srv \
	tests/fuzz/corpus/consensus/none \
	tests/fuzz/corpus/consensus/sha1 \
	tests/fuzz/corpus/consensus/twice \
	tests/fuzz/corpus/consensus/two-relays \
	tests/fuzz/corpus/microdesc/cached \
	tests/fuzz/corpus/microdesc/family \
	tests/fuzz/corpus/microdesc/family-ids \
	tests/fuzz/corpus/microdesc/no-rsa \
	tests/fuzz/corpus/microdesc/ports \
	tests/fuzz/corpus/microdesc/truncated \
	tests/fuzz/corpus/portlist/all \
	tests/fuzz/corpus/portlist/bad \
	tests/fuzz/corpus/portlist/future \
	tests/fuzz/corpus/portlist/overlap \
	tests/fuzz/corpus/portlist/reject \
	tests/fuzz/corpus/portlist/web \
	tests/fuzz/corpus/protover/commas \
	tests/fuzz/corpus/protover/empty \
	tests/fuzz/corpus/protover/huge \
	tests/fuzz/corpus/protover/relay \
	tests/fuzz/corpus/protover/required \
	tests/fuzz/corpus/protover/top

# Fetching and keeping: http to bootstrap.
check_PROGRAMS += \
	tests/onion/dir/test_http \
	tests/onion/dir/test_inflate \
	tests/onion/dir/test_skew \
	tests/onion/dir/test_dirsource \
	tests/onion/dir/test_dirclient \
	tests/onion/dir/test_store \
	tests/onion/dir/test_statefile \
	tests/onion/dir/test_bootstrap \
	tests/onion/dir/test_bootplan \
	tests/onion/dir/test_bootclock \
	tests/onion/dir/test_bootcache
tests_onion_dir_test_http_SOURCES = tests/onion/dir/test_http.c
tests_onion_dir_test_http_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_inflate_SOURCES = tests/onion/dir/test_inflate.c
tests_onion_dir_test_inflate_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_skew_SOURCES = tests/onion/dir/test_skew.c
tests_onion_dir_test_skew_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_dirsource_SOURCES = tests/onion/dir/test_dirsource.c
tests_onion_dir_test_dirsource_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_dirclient_SOURCES = tests/onion/dir/test_dirclient.c
tests_onion_dir_test_dirclient_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_store_SOURCES = tests/onion/dir/test_store.c \
	tests/onion/dir/tmpdir.h
tests_onion_dir_test_store_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_statefile_SOURCES = tests/onion/dir/test_statefile.c \
	tests/onion/dir/tmpdir.h
tests_onion_dir_test_statefile_LDADD = $(DIR_TESTS_LDADD)
BOOT_RIG = tests/onion/dir/bootrig.c tests/onion/dir/bootrig.h \
	tests/onion/dir/fakeauth.c tests/onion/dir/fakeauth.h \
	tests/onion/dir/tmpdir.h tests/sim/simdir.c tests/sim/simdir.h
tests_onion_dir_test_bootstrap_SOURCES = tests/onion/dir/test_bootstrap.c \
	$(BOOT_RIG)
tests_onion_dir_test_bootstrap_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_bootplan_SOURCES = tests/onion/dir/test_bootplan.c \
	$(BOOT_RIG)
tests_onion_dir_test_bootplan_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_bootclock_SOURCES = tests/onion/dir/test_bootclock.c \
	$(BOOT_RIG)
tests_onion_dir_test_bootclock_LDADD = $(DIR_TESTS_LDADD)
tests_onion_dir_test_bootcache_SOURCES = tests/onion/dir/test_bootcache.c \
	$(BOOT_RIG)
tests_onion_dir_test_bootcache_LDADD = $(DIR_TESTS_LDADD)
