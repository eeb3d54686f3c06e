noinst_LIBRARIES += onion/dir/libdir.a
onion_dir_libdir_a_SOURCES = \
	onion/dir/netdoc.c onion/dir/netdoc.h \
	onion/dir/params.c onion/dir/params.h \
	onion/dir/portlist.c onion/dir/portlist.h \
	onion/dir/protover.c onion/dir/protover.h \
	onion/dir/authcert.c onion/dir/authcert.h \
	onion/dir/router.h \
	onion/dir/routerread.c onion/dir/routerread.h \
	onion/dir/consensus.c onion/dir/consensus.h \
	onion/dir/consverify.c \
	onion/dir/consdiff.c onion/dir/consdiff.h \
	onion/dir/intern.c onion/dir/intern.h \
	onion/dir/microdesc.c onion/dir/microdesc.h \
	onion/dir/mdset.c \
	onion/dir/bridgedesc.c onion/dir/bridgedesc.h \
	onion/dir/netdir.c onion/dir/netdir.h \
	onion/dir/http.c onion/dir/http.h \
	onion/dir/inflate.c onion/dir/inflate.h \
	onion/dir/dirsource.c onion/dir/dirsource.h \
	onion/dir/dirclient.c onion/dir/dirclient.h \
	onion/dir/store.c onion/dir/store.h \
	onion/dir/statefile.c onion/dir/statefile.h \
	onion/dir/backoff.c onion/dir/backoff.h \
	onion/dir/skew.c onion/dir/skew.h \
	onion/dir/bootclock.c onion/dir/bootplan.c onion/dir/bootround.c \
	onion/dir/bootdocs.c onion/dir/bootcache.c \
	onion/dir/bootstrap.c onion/dir/bootstrap.h onion/dir/bootstrap_int.h
