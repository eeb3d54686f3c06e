noinst_LIBRARIES += onion/libonion.a
onion_libonion_a_SOURCES = \
	onion/bridges.c onion/bridges.h \
	onion/dircirc.c onion/dircirc.h \
	onion/nodes.c onion/nodes.h \
	onion/onion.c onion/onion.h onion/onion_int.h onion/onionconf.h \
	onion/onionmake.c \
	onion/hs/hsnet.c onion/hs/hsnet.h \
	onion/relayaddr.c \
	onion/country.c \
	onion/show.c
