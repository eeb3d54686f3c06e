include daemon/conf.mk

noinst_LIBRARIES += daemon/libdaemon.a
daemon_libdaemon_a_SOURCES = \
	daemon/accounts.c daemon/accounts.h \
	daemon/app.c daemon/app.h \
	daemon/callfilter.c daemon/callfilter.h \
	daemon/confchange.c daemon/confchange.h \
	daemon/control.c daemon/control.h \
	daemon/dnsconf.c daemon/dnsconf.h \
	daemon/dnsflow.c daemon/dnsflow.h \
	daemon/dial.c daemon/dial.h \
	daemon/doors.c daemon/doors.h \
	daemon/emptyroot.c daemon/emptyroot.h \
	daemon/evloop.c daemon/evloop.h \
	daemon/facts.c daemon/facts.h \
	daemon/gateway.c daemon/gateway.h daemon/gateway_int.h \
	daemon/gateway_decide.c daemon/gateway_memory.c \
	daemon/gateway_names.c daemon/gateway_who.c \
	daemon/firewall.c daemon/firewall.h \
	daemon/fwclose.c daemon/fwclose.h \
	daemon/fwconf.c daemon/fwconf.h \
	daemon/fwhear.c daemon/fwhear.h \
	daemon/fwkeep.c daemon/fwkeep.h \
	daemon/fwproc.c daemon/fwproc.h \
	daemon/fwrules.c daemon/fwrules.h \
	daemon/fwsets.c daemon/fwsets.h \
	daemon/gateway.c daemon/gateway.h \
	daemon/gateway_rules.c daemon/gateway_rules.h \
	daemon/given.c daemon/given.h \
	daemon/hostname.c daemon/hostname.h \
	daemon/httpconnect.c daemon/httpconnect.h \
	daemon/keeper.c daemon/keeper.h \
	daemon/procmsg.c daemon/procmsg.h \
	daemon/keepproc.c daemon/keepproc.h \
	daemon/kin.c daemon/kin.h daemon/kin_int.h daemon/kin_kernel.c \
	daemon/kin_place.c \
	daemon/kin.c daemon/kin.h daemon/kin_kernel.c \
	daemon/landlock.c daemon/landlock.h \
	daemon/lend.c daemon/lend.h \
	daemon/lender.c daemon/lender.h \
	daemon/listen.c daemon/listen.h \
	daemon/mapaddress.c daemon/mapaddress.h \
	daemon/names.c daemon/names.h \
	daemon/notify.c daemon/notify.h \
	daemon/netup.c daemon/netup.h \
	daemon/onionconf.c daemon/onionconf.h \
	daemon/owner.c daemon/owner.h daemon/owner_kernel.c \
	daemon/parent.c daemon/parent.h \
	daemon/proc.c daemon/proc.h \
	daemon/process.c daemon/process.h \
	daemon/proxy.c daemon/proxy.h \
	daemon/resolve.c daemon/resolve.h \
	daemon/explain.c daemon/explain.h \
	daemon/sandbox.c daemon/sandbox.h \
	daemon/selftest.c daemon/selftest.h \
	daemon/selftest_daemon.c daemon/selftest_daemon.h \
	daemon/selftest_events.c daemon/selftest_events.h \
	daemon/selftest_items.c daemon/selftest_items.h \
	daemon/selftest_lab.c daemon/selftest_lab.h \
	daemon/selftest_oracle.c daemon/selftest_oracle.h \
	daemon/selftest_packet.c daemon/selftest_packet.h \
	daemon/selftest_report.c daemon/selftest_report.h \
	daemon/selftest_stimuli.c daemon/selftest_stimuli.h \
	daemon/selftest_trial.c daemon/selftest_trial.h \
	daemon/sendconf.c daemon/sendconf.h \
	daemon/sock.c daemon/sock.h \
	daemon/socks.c daemon/socks.h \
	daemon/splice.c daemon/splice.h \
	daemon/run.c daemon/run.h \
	daemon/runchild.c daemon/runchild.h \
	daemon/runconf.c daemon/runconf.h \
	daemon/runengine.c daemon/runengine.h \
	daemon/runfind.c daemon/runfind.h \
	daemon/runmirror.c daemon/runmirror.h \
	daemon/runmounts.c daemon/runmounts.h \
	daemon/runmsg.c daemon/runmsg.h \
	daemon/links.c daemon/links.h daemon/runnet.c daemon/runnet.h \
	daemon/runsock.c daemon/runsock.h \
	daemon/runspace.c daemon/runspace.h \
	daemon/status.c daemon/status.h \
	daemon/target.c daemon/target.h \
	daemon/tunnel.c daemon/tunnel.h \
	daemon/unixsock.c daemon/unixsock.h \
	daemon/virtnet.c daemon/virtnet.h \
	$(DAEMON_CONF)

# systemd's units, made in any case, since tests read them.
UNITS = daemon/systemd/onion-transparent.service \
	daemon/systemd/onion-transparent-early.service
UNITS_IN = daemon/systemd/onion-transparent.service.in \
	daemon/systemd/onion-transparent-early.service.in
if SYSTEMD
systemdsystemunit_DATA = $(UNITS)
else
noinst_DATA += $(UNITS)
endif
EXTRA_DIST += $(UNITS_IN)
CLEANFILES += $(UNITS)
$(UNITS): Makefile $(UNITS_IN)
	@$(MKDIR_P) daemon/systemd
	$(AM_V_GEN)sed -e 's,[@]bindir@,$(bindir),g' \
		-e 's,[@]localstatedir@,$(localstatedir),g' \
		-e 's,[@]statedir@,$(localstatedir)/lib/onion-transparent,g' \
		-e 's,[@]confdir@,$(sysconfdir)/onion-transparent,g' \
		$(srcdir)/$@.in >$@.new && mv $@.new $@

# The list of system calls, from the comments beside the code that needs them.
CALLFILTER_FILES = $(wildcard $(addprefix $(srcdir)/,base/*.c daemon/*.c \
	onion/*.c onion/*/*.c tun/*.c dnsport/*.c natlook/*.c))
EXTRA_DIST += daemon/callfilter.awk
CLEANFILES += daemon/callfilter_names.h
daemon/callfilter_names.h: daemon/callfilter.awk $(CALLFILTER_FILES)
	@$(MKDIR_P) daemon
	$(AM_V_GEN)$(AWK) -f $(srcdir)/daemon/callfilter.awk \
		$(CALLFILTER_FILES) >$@.new && mv $@.new $@
daemon/callfilter.$(OBJEXT): daemon/callfilter_names.h

# Built here, installed in bin: `run` is for every user.
bin_PROGRAMS += daemon/onion-transparent
daemon_onion_transparent_SOURCES = daemon/main.c
daemon_onion_transparent_LDADD = $(DAEMON_LIBS)
