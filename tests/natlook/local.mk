check_PROGRAMS += tests/natlook/test_natlook
tests_natlook_test_natlook_SOURCES = tests/natlook/test_natlook.c
tests_natlook_test_natlook_LDADD = $(NATLOOK_LIBS) $(CHECK_LIBS)

# Kernel assumptions, run as root in namespaces by tests/platform/run.
noinst_PROGRAMS += tests/platform/origdst
tests_platform_origdst_SOURCES = tests/platform/origdst.c
tests_platform_origdst_LDADD = $(NATLOOK_LIBS)
EXTRA_DIST += tests/platform/run
