noinst_LIBRARIES += onion/path/libpath.a
onion_path_libpath_a_SOURCES = \
	onion/path/geoip.c onion/path/geoip.h \
	onion/path/relayset.c onion/path/relayset.h \
	onion/path/weights.c onion/path/weights.h \
	onion/path/kin.c onion/path/kin.h \
	onion/path/pareto.c onion/path/pareto.h \
	onion/path/timeout.c onion/path/timeout.h onion/path/timeout_int.h \
	onion/path/timeout_state.c \
	onion/path/guard.c onion/path/guard.h onion/path/guard_int.h \
	onion/path/guard_use.c \
	onion/path/guard_sample.c \
	onion/path/guard_state.c \
	onion/path/vanguard.c onion/path/vanguard.h \
	onion/path/path.c onion/path/path.h onion/path/path_int.h \
	onion/path/path_enough.c \
	onion/path/pathstate.c onion/path/pathstate.h
