CRYPTO_TESTS_LDADD = $(ONION_LIBS) $(CHECK_LIBS)
CRYPTO_TESTS_HEX = tests/onion/crypto/hex.h
SIMHAND = tests/sim/simhand.c tests/sim/simhand.h \
	tests/onion/crypto/cgorelay.c tests/onion/crypto/cgorelay.h

check_PROGRAMS += \
	tests/onion/crypto/test_crypt \
	tests/onion/crypto/test_cert \
	tests/onion/crypto/test_cgo \
	tests/onion/crypto/test_handshake \
	tests/onion/crypto/test_hopcrypt \
	tests/onion/crypto/test_polyval \
	tests/onion/crypto/test_wipe
tests_onion_crypto_test_crypt_SOURCES = tests/onion/crypto/test_crypt.c \
	$(CRYPTO_TESTS_HEX)
tests_onion_crypto_test_crypt_LDADD = $(CRYPTO_TESTS_LDADD)
tests_onion_crypto_test_cert_SOURCES = tests/onion/crypto/test_cert.c \
	tests/onion/crypto/mint.c tests/onion/crypto/mint.h \
	$(CRYPTO_TESTS_HEX)
tests_onion_crypto_test_cert_LDADD = $(CRYPTO_TESTS_LDADD)
tests_onion_crypto_test_cgo_SOURCES = tests/onion/crypto/test_cgo.c \
	tests/onion/crypto/cgorelay.c tests/onion/crypto/cgorelay.h \
	tests/vectors/cgo.h $(CRYPTO_TESTS_HEX)
tests_onion_crypto_test_cgo_LDADD = $(CRYPTO_TESTS_LDADD)
tests_onion_crypto_test_handshake_SOURCES = \
	tests/onion/crypto/test_handshake.c tests/vectors/crypto.h \
	$(CRYPTO_TESTS_HEX) $(SIMHAND)
tests_onion_crypto_test_handshake_LDADD = $(CRYPTO_TESTS_LDADD)
tests_onion_crypto_test_hopcrypt_SOURCES = \
	tests/onion/crypto/test_hopcrypt.c tests/vectors/crypto.h \
	$(CRYPTO_TESTS_HEX) $(SIMHAND)
tests_onion_crypto_test_hopcrypt_LDADD = $(CRYPTO_TESTS_LDADD)
tests_onion_crypto_test_polyval_SOURCES = tests/onion/crypto/test_polyval.c \
	$(CRYPTO_TESTS_HEX)
tests_onion_crypto_test_polyval_LDADD = $(CRYPTO_TESTS_LDADD)
tests_onion_crypto_test_wipe_SOURCES = tests/onion/crypto/test_wipe.c \
	tests/vectors/cgo.h $(CRYPTO_TESTS_HEX) $(SIMHAND)
tests_onion_crypto_test_wipe_LDADD = $(CRYPTO_TESTS_LDADD)
tests_onion_crypto_test_wipe_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free

EXTRA_DIST += \
	tests/vectors/certs-relay1.bin \
	tests/vectors/certs-relay2.bin \
	tests/vectors/make-crypto.py \
	tests/fuzz/corpus/certs/cut \
	tests/fuzz/corpus/certs/empty \
	tests/fuzz/corpus/certs/no-cross \
	tests/fuzz/corpus/certs/pkcs1 \
	tests/fuzz/corpus/certs/relay1 \
	tests/fuzz/corpus/certs/relay2 \
	tests/fuzz/corpus/certs/twice \
	tests/fuzz/corpus/edcert/critical \
	tests/fuzz/corpus/edcert/cut \
	tests/fuzz/corpus/edcert/extensions \
	tests/fuzz/corpus/edcert/link \
	tests/fuzz/corpus/edcert/signing \
	tests/fuzz/corpus/ntor/fast \
	tests/fuzz/corpus/ntor/fast_kh \
	tests/fuzz/corpus/ntor/fast_x \
	tests/fuzz/corpus/ntor/ntor \
	tests/fuzz/corpus/ntor/ntor3 \
	tests/fuzz/corpus/ntor/ntor3_mac \
	tests/fuzz/corpus/ntor/ntor3_msg \
	tests/fuzz/corpus/ntor/ntor3_reply_msg \
	tests/fuzz/corpus/ntor/ntor3_x_top \
	tests/fuzz/corpus/ntor/ntor3_y_top \
	tests/fuzz/corpus/ntor/ntor_auth \
	tests/fuzz/corpus/ntor/ntor_id \
	tests/fuzz/corpus/ntor/ntor_undone \
	tests/fuzz/corpus/ntor/ntor_x_top \
	tests/fuzz/corpus/ntor/ntor_y_top \
	tests/fuzz/corpus/ntor3_reply/cc \
	tests/fuzz/corpus/ntor3_reply/cut \
	tests/fuzz/corpus/ntor3_reply/empty \
	tests/fuzz/corpus/ntor3_reply/raw \
	tests/fuzz/corpus/ntor3_reply/trailing \
	tests/fuzz/corpus/ntor3_reply/twice \
	tests/fuzz/corpus/ntor3_reply/unknown
