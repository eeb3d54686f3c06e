noinst_LIBRARIES += base/libbase.a
base_libbase_a_SOURCES = \
	base/addr.c base/addr.h \
	base/arrival.c base/arrival.h \
	base/borrow.c base/borrow.h \
	base/buf.c base/buf.h \
	base/enc.c base/enc.h \
	base/endpoint.h \
	base/hash.c base/hash.h \
	base/log.c base/log.h \
	base/clock.h base/sanitizer.h base/loop.c base/loop.h \
	base/map.c base/map.h \
	base/permit.h \
	base/quota.c base/quota.h \
	base/rand.c base/rand.h \
	base/secret.c base/secret.h \
	base/why.c base/why.h \
	base/wire.c base/wire.h
