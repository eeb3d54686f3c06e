noinst_LIBRARIES += onion/hs/libhs.a
onion_hs_libhs_a_SOURCES = \
	onion/hs/onionaddr.c onion/hs/onionaddr.h \
	onion/hs/blind.c onion/hs/blind.h \
	onion/hs/hstime.c onion/hs/hstime.h \
	onion/hs/hsring.c onion/hs/hsring.h \
	onion/hs/hsdesc.c onion/hs/hsdesc.h onion/hs/hsdesc_int.h \
	onion/hs/hsdesc_text.c \
	onion/hs/hsdesc_inner.c \
	onion/hs/hsauth.c onion/hs/hsauth.h \
	onion/hs/hsntor.c onion/hs/hsntor.h \
	onion/hs/intromsg.c onion/hs/intromsg.h \
	onion/hs/blake2b.c onion/hs/blake2b.h \
	onion/hs/hashx.c onion/hs/hashx.h onion/hs/hashx_int.h \
	onion/hs/hashx_gen.c \
	onion/hs/equix.c onion/hs/equix.h \
	onion/hs/hspow.c onion/hs/hspow.h onion/hs/hspow_int.h \
	onion/hs/hspow_search.c \
	onion/hs/hsclient.c onion/hs/hsclient.h onion/hs/hsclient_int.h \
	onion/hs/hscircs.c \
	onion/hs/hsfetch.c \
	onion/hs/hsintro.c \
	onion/hs/hsrend.c \
	onion/hs/hstry.c
