check_PROGRAMS += \
	tests/daemon/test_app \
	tests/daemon/test_conf \
	tests/daemon/test_conf_args \
	tests/daemon/test_conf_golden \
	tests/daemon/test_conf_text \
	tests/daemon/test_control \
	tests/daemon/test_dnsflow \
	tests/daemon/test_doors \
	tests/daemon/test_evloop \
	tests/daemon/test_firewall \
	tests/daemon/test_fwconf \
	tests/daemon/test_fwsets \
	tests/daemon/test_gateway \
	tests/daemon/test_gateway_direct \
	tests/daemon/test_gateway_memory \
	tests/daemon/test_given \
	tests/daemon/test_httpconnect \
	tests/daemon/test_gateway_facts \
	tests/daemon/test_gateway_names \
	tests/daemon/test_gateway_options \
	tests/daemon/test_explain \
	tests/daemon/test_keeper \
	tests/daemon/test_kin \
	tests/daemon/test_lender \
	tests/daemon/test_listen \
	tests/daemon/test_livenet \
	tests/daemon/test_mapaddress \
	tests/daemon/test_onionconf \
	tests/daemon/test_owner \
	tests/daemon/test_proc \
	tests/daemon/test_notify \
	tests/daemon/test_process \
	tests/daemon/test_proxy \
	tests/daemon/test_resolve \
	tests/daemon/test_runchild \
	tests/daemon/test_runmounts \
	tests/daemon/test_runmsg \
	tests/daemon/test_runsock \
	tests/daemon/test_runspace \
	tests/daemon/test_sandbox \
	tests/daemon/test_selftest \
	tests/daemon/test_sock \
	tests/daemon/test_sock_dial \
	tests/daemon/test_socks \
	tests/daemon/test_splice \
	tests/daemon/test_status \
	tests/daemon/test_target \
	tests/daemon/test_tunnel \
	tests/daemon/test_virtnet
tests_daemon_test_app_SOURCES = tests/daemon/test_app.c
tests_daemon_test_app_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_conf_SOURCES = tests/daemon/test_conf.c
tests_daemon_test_conf_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_conf_args_SOURCES = tests/daemon/test_conf_args.c
tests_daemon_test_conf_args_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_conf_golden_SOURCES = tests/daemon/test_conf_golden.c
tests_daemon_test_conf_golden_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_conf_text_SOURCES = tests/daemon/test_conf_text.c
tests_daemon_test_conf_text_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_control_SOURCES = tests/daemon/test_control.c
tests_daemon_test_control_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_dnsflow_SOURCES = tests/daemon/test_dnsflow.c \
	tests/dnsport/query.h tests/dnsport/server.h
tests_daemon_test_dnsflow_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_doors_SOURCES = tests/daemon/test_doors.c
tests_daemon_test_doors_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_evloop_SOURCES = tests/daemon/test_evloop.c
tests_daemon_test_evloop_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_firewall_SOURCES = tests/daemon/test_firewall.c
tests_daemon_test_firewall_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_fwsets_SOURCES = tests/daemon/test_fwsets.c
tests_daemon_test_fwsets_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_selftest_SOURCES = tests/daemon/test_selftest.c
tests_daemon_test_selftest_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_fwconf_SOURCES = tests/daemon/test_fwconf.c
tests_daemon_test_fwconf_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_gateway_SOURCES = tests/daemon/test_gateway.c \
	tests/daemon/norelays.h \
	tests/dnsport/query.h
tests_daemon_test_gateway_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_gateway_direct_SOURCES = tests/daemon/test_gateway_direct.c
tests_daemon_test_gateway_direct_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_given_SOURCES = tests/daemon/test_given.c
tests_daemon_test_given_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_owner_SOURCES = tests/daemon/test_owner.c
tests_daemon_test_owner_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_gateway_facts_SOURCES = tests/daemon/test_gateway_facts.c \
	tests/dnsport/query.h
tests_daemon_test_gateway_facts_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
# The engine's functions, and dnsport_explain(), are looked at.
tests_daemon_test_gateway_names_SOURCES = \
	tests/daemon/test_gateway_names.c tests/daemon/onionfake.h \
	tests/dnsport/query.h
tests_daemon_test_gateway_names_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=dnsport_explain
tests_daemon_test_gateway_names_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_gateway_options_SOURCES = \
	tests/daemon/test_gateway_options.c tests/dnsport/query.h
tests_daemon_test_gateway_options_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_explain_SOURCES = tests/daemon/test_explain.c
tests_daemon_test_explain_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_keeper_SOURCES = tests/daemon/test_keeper.c
tests_daemon_test_keeper_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_lender_SOURCES = tests/daemon/test_lender.c
tests_daemon_test_lender_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_listen_SOURCES = tests/daemon/test_listen.c
tests_daemon_test_listen_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_kin_SOURCES = tests/daemon/test_kin.c
tests_daemon_test_kin_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_mapaddress_SOURCES = tests/daemon/test_mapaddress.c
tests_daemon_test_mapaddress_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_target_SOURCES = tests/daemon/test_target.c \
	tests/daemon/onionfake.h
tests_daemon_test_target_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_onionconf_SOURCES = tests/daemon/test_onionconf.c
tests_daemon_test_onionconf_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_livenet_SOURCES = tests/daemon/test_livenet.c
tests_daemon_test_livenet_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_proc_SOURCES = tests/daemon/test_proc.c
tests_daemon_test_proc_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_notify_SOURCES = tests/daemon/test_notify.c
tests_daemon_test_notify_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_process_SOURCES = tests/daemon/test_process.c
tests_daemon_test_process_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_runchild_SOURCES = tests/daemon/test_runchild.c
tests_daemon_test_runchild_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_runmounts_SOURCES = tests/daemon/test_runmounts.c
tests_daemon_test_runmounts_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_runmsg_SOURCES = tests/daemon/test_runmsg.c
tests_daemon_test_runmsg_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
# tunnel_new() and tundev_adopt() are the test's own.
tests_daemon_test_runsock_SOURCES = tests/daemon/test_runsock.c
tests_daemon_test_runsock_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_runspace_SOURCES = tests/daemon/test_runspace.c
tests_daemon_test_runspace_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_sandbox_SOURCES = tests/daemon/test_sandbox.c
tests_daemon_test_sandbox_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_sock_SOURCES = tests/daemon/test_sock.c
tests_daemon_test_sock_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_sock_dial_SOURCES = tests/daemon/test_sock_dial.c
tests_daemon_test_sock_dial_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_splice_SOURCES = tests/daemon/test_splice.c
tests_daemon_test_splice_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_status_SOURCES = tests/daemon/test_status.c
tests_daemon_test_status_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_virtnet_SOURCES = tests/daemon/test_virtnet.c
tests_daemon_test_virtnet_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
# The device, the stack and the gateway are the test's own.
tests_daemon_test_tunnel_SOURCES = tests/daemon/test_tunnel.c \
	tests/dnsport/query.h tests/dnsport/server.h
tests_daemon_test_tunnel_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=dnsport_forget
tests_daemon_test_tunnel_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)

EXTRA_DIST += tests/golden/conf tests/golden/explain tests/golden/status
# The engine's functions are its own; they come before those of libonion.a.
tests_daemon_test_gateway_memory_SOURCES = \
	tests/daemon/test_gateway_memory.c $(PEER)
tests_daemon_test_gateway_memory_LDFLAGS = $(WRAP_MEMORY)
tests_daemon_test_gateway_memory_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)

# Run by hand, for numbers.
noinst_PROGRAMS += tests/daemon/probe_splice
tests_daemon_probe_splice_SOURCES = tests/daemon/probe_splice.c
tests_daemon_probe_splice_LDADD = $(DAEMON_LIBS)
noinst_PROGRAMS += tests/daemon/probe_idle
tests_daemon_probe_idle_SOURCES = tests/daemon/probe_idle.c $(CIRC_POOLRIG)
tests_daemon_probe_idle_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_httpconnect_SOURCES = tests/daemon/test_httpconnect.c
tests_daemon_test_httpconnect_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_proxy_SOURCES = tests/daemon/test_proxy.c
tests_daemon_test_proxy_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_resolve_SOURCES = tests/daemon/test_resolve.c
tests_daemon_test_resolve_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)
tests_daemon_test_socks_SOURCES = tests/daemon/test_socks.c
tests_daemon_test_socks_LDADD = $(DAEMON_LIBS) $(CHECK_LIBS)

# The DNS server on plain sockets, for tests/platform/dns.
noinst_PROGRAMS += tests/platform/dnsserve
tests_platform_dnsserve_SOURCES = tests/platform/dnsserve.c
tests_platform_dnsserve_LDADD = $(DAEMON_LIBS)
EXTRA_DIST += tests/platform/dns
# What is found out of connections, for tests/platform/facts.
noinst_PROGRAMS += tests/platform/factsof
tests_platform_factsof_SOURCES = tests/platform/factsof.c
tests_platform_factsof_LDADD = $(DAEMON_LIBS)
EXTRA_DIST += tests/platform/facts

# The daemon with an engine that somebody took over, for tests/platform/sandbox.
noinst_PROGRAMS += tests/platform/evil
tests_platform_evil_SOURCES = tests/platform/evil.c tests/platform/evil.h \
	daemon/main.c daemon/app.c
tests_platform_evil_CPPFLAGS = $(AM_CPPFLAGS) -DEVIL_ENGINE \
	-include $(srcdir)/tests/platform/evil.h
tests_platform_evil_LDADD = $(DAEMON_LIBS)
EXTRA_DIST += tests/platform/sandbox tests/platform/selftest
