noinst_LIBRARIES += onion/link/liblink.a
onion_link_liblink_a_SOURCES = \
	onion/link/cell.c onion/link/cell.h \
	onion/link/chan.c onion/link/chan.h onion/link/chan_int.h \
	onion/link/chan_fsm.c onion/link/chan_fsm.h \
	onion/link/chanmux.c \
	onion/link/chanpad.c onion/link/chanpad.h \
	onion/link/chanset.c \
	onion/link/chanshake.c \
	onion/link/hello.c onion/link/hello.h \
	onion/link/link.h \
	onion/link/relayid.h \
	onion/link/tcpdial.c onion/link/tcpdial.h \
	onion/link/tlslink.c onion/link/tlslink.h
