DAEMON_CONF = \
	daemon/conf.h \
	daemon/conf_args.c \
	daemon/conf_check.c daemon/conf_check.h \
	daemon/conf_dir.c daemon/conf_dir.h \
	daemon/conf_dns.c daemon/conf_dns.h \
	daemon/conf_dump.c \
	daemon/conf_firewall.c daemon/conf_firewall.h \
	daemon/conf_fwcheck.c daemon/conf_fwcheck.h \
	daemon/conf_flow.c daemon/conf_flow.h \
	daemon/conf_load.c \
	daemon/conf_logs.c daemon/conf_logs.h \
	daemon/conf_made.c daemon/conf_made.h \
	daemon/conf_names.c daemon/conf_names.h \
	daemon/conf_nodes.c daemon/conf_nodes.h \
	daemon/conf_options.c \
	daemon/conf_pack.c daemon/conf_pack.h \
	daemon/conf_port.c daemon/conf_port.h \
	daemon/conf_reach.c daemon/conf_reach.h \
	daemon/conf_scalar.c daemon/conf_scalar.h \
	daemon/conf_table.c daemon/conf_table.h \
	daemon/conf_tun.c daemon/conf_tun.h \
	daemon/conf_text.c daemon/conf_text.h \
	daemon/conf_type.c daemon/conf_type.h \
	daemon/conf_util.c daemon/conf_util.h \
	daemon/conf_values.c daemon/conf_values.h \
	daemon/netdata.c daemon/netdata.h
