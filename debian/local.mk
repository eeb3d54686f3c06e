# Debian's package: dpkg-buildpackage in what `make dist` makes, or in a clone.
EXTRA_DIST += debian/changelog debian/control debian/copyright debian/rules \
	debian/torrc debian/onion-transparent.bash-completion \
	debian/onion-transparent.lintian-overrides \
	debian/onion-transparent.logrotate debian/onion-transparent.postinst \
	debian/onion-transparent.postrm debian/onion-transparent.prerm \
	debian/source/format
