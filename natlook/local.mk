noinst_LIBRARIES += natlook/libnatlook.a
natlook_libnatlook_a_SOURCES = \
	natlook/kernel.c \
	natlook/natlook.c natlook/natlook.h natlook/natlook_int.h \
	natlook/netfilter.c \
	natlook/pf.c natlook/pfvar.h
