noinst_LIBRARIES += onion/circ/libcirc.a
onion_circ_libcirc_a_SOURCES = \
	onion/circ/relaymsg.c onion/circ/relaymsg.h \
	onion/circ/extendmsg.c onion/circ/extendmsg.h \
	onion/circ/resolvemsg.c onion/circ/resolvemsg.h \
	onion/circ/flowctl.c onion/circ/flowctl.h \
	onion/circ/sendme.c onion/circ/sendme.h \
	onion/circ/vegas.c onion/circ/vegas.h \
	onion/circ/hopflow.c onion/circ/hopflow.h \
	onion/circ/conflux.c onion/circ/conflux.h \
	onion/circ/xonxoff.c onion/circ/xonxoff.h \
	onion/circ/hops.c onion/circ/hops.h \
	onion/circ/streams.c onion/circ/streams.h onion/circ/streams_int.h \
	onion/circ/half.c \
	onion/circ/lookup.c \
	onion/circ/stream.c \
	onion/circ/streamout.c \
	onion/circ/streamin.c \
	onion/circ/circ_fsm.c onion/circ/circ_fsm.h \
	onion/circ/circ.c onion/circ/circ.h onion/circ/circ_int.h \
	onion/circ/circ_build.c \
	onion/circ/circ_link.c \
	onion/circ/circ_lookup.c \
	onion/circ/circ_service.c \
	onion/circ/circpad.c onion/circ/circpad.h \
	onion/circ/predict.c onion/circ/predict.h \
	onion/circ/pool.c onion/circ/pool.h onion/circ/pool_int.h \
	onion/circ/poolcirc.c \
	onion/circ/poolset.c \
	onion/circ/poolshare.c \
	onion/circ/poolhs.c \
	onion/circ/attach.c onion/circ/attach.h onion/circ/attach_int.h \
	onion/circ/attach_stream.c \
	onion/circ/attach_lookup.c
