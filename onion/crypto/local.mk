noinst_LIBRARIES += onion/crypto/libcrypto.a
onion_crypto_libcrypto_a_SOURCES = \
	onion/crypto/cert.c onion/crypto/cert.h \
	onion/crypto/cgo.c onion/crypto/cgo.h \
	onion/crypto/crypt.c onion/crypto/crypt.h \
	onion/crypto/fast.c onion/crypto/fast.h \
	onion/crypto/handshake.c onion/crypto/handshake.h \
	onion/crypto/hopcrypt.c onion/crypto/hopcrypt.h \
	onion/crypto/ntor.c onion/crypto/ntor.h \
	onion/crypto/ntor3.c onion/crypto/ntor3.h \
	onion/crypto/polyval.c onion/crypto/polyval.h
