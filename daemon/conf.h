/* daemon/conf.h - what the operator asked for: torrc and the command line
 *
 * The format, the option names and their meaning are tor's (0.4.9; see
 * onion-transparent.conf(5)).  conf_load() reads everything into a fresh
 * struct conf, which nobody changes afterwards: on SIGHUP another one is
 * loaded, conf_can_reload() says whether it may replace the old one, and
 * whoever held the old one lets go of it with conf_free().  Where loading
 * fails there is no struct conf, and the one that was there stays.
 *
 * Everything in struct conf is resolved: defaults are filled in (also those
 * of TestingTorNetwork), ports have addresses, lists are arrays.  Strings are
 * NULL where nothing is set, unless it says otherwise.  Units stand in the
 * names: _s seconds, _ms milliseconds; sizes are bytes.
 */
#ifndef DAEMON_CONF_H
#define DAEMON_CONF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/log.h"

enum {
	CONF_ID = 20,			/* bytes of an identity (SHA-1) */
	CONF_NICKNAME_MAX = 19,
	CONF_PORTS_MAX = 64,		/* listeners of one kind */
	CONF_SOCKET_MAX = 108,		/* path of a unix socket and its NUL */
	CONF_LINES_MAX = 65536,		/* in all files together */
	CONF_FILE_MAX = 1 << 20,	/* bytes of one file */
	CONF_FILES_MAX = 1024,		/* opened by %include */
	CONF_INCLUDE_MAX = 31,		/* depth of %include */
	CONF_WARNINGS_MAX = 256,
	CONF_ERR_TEXT = 512,
	CONF_WORDS_MAX = 45,		/* of explain, selftest */
};

#define CONF_RUN_SOCKET "/run/onion-transparent/run"
/* A warning about the whole, of no concern where nothing should come in. */
#define CONF_NO_DOORS "no port is set (TransPort, DNSPort, SocksPort, " \
	"HTTPTunnelPort): nothing can come in"

enum { CONF_AUTO = -1 };		/* beside 0 and 1, where "auto" may be */

enum conf_iso {				/* what must be equal to share */
	CONF_ISO_DESTPORT	= 1 << 0,
	CONF_ISO_DESTADDR	= 1 << 1,
	CONF_ISO_SOCKSAUTH	= 1 << 2,
	CONF_ISO_CLIENTPROTO	= 1 << 3,
	CONF_ISO_CLIENTADDR	= 1 << 4,
	CONF_ISO_DEFAULT	= CONF_ISO_SOCKSAUTH | CONF_ISO_CLIENTADDR,
};

enum { CONF_RESOLVERS_MAX = 16 };

struct conf_resolver {			/* one DNSUpstream line */
	struct addr	addr;
	char		name[254];	/* in its certificate; "": no TLS */
};

struct conf_port {			/* one line of a port */
	struct addr	addr;		/* where to listen; port 0: any free
					 * one ("auto") */
	unsigned	isolate;	/* CONF_ISO_* */
	int		session_group;	/* ports of one group may share
					 * circuits; negative: a group that
					 * no other port is in */
	unsigned	ipv4_traffic : 1;	/* may go to IPv4 targets */
	unsigned	ipv6_traffic : 1;
	unsigned	onion_traffic : 1;
	unsigned	dns_request : 1;	/* may resolve */
	unsigned	keepalive_isolate_socksauth : 1;
	unsigned	prefer_ipv6_automap : 1;
	unsigned	explicit_addr : 1;
	/* SocksPort, HTTPTunnelPort */
	unsigned	prefer_ipv6 : 1;	/* where a name has both */
	unsigned	extended_errors : 1;
	unsigned	prefer_no_auth : 1;
	unsigned	group_writable : 1;
	unsigned	world_writable : 1;
	char		path[CONF_SOCKET_MAX];	/* a unix socket's, absolute; then
						 * there is no @addr.  "": none */
};

enum {
	CONF_IFNAME = 16,		/* an interface's name and its NUL */
	CONF_TUN_ADDRS = 2,
	CONF_TUN_LANS_MAX = 16
};

struct conf_tun_device {
	char		name[CONF_IFNAME];
	struct conf_port rules;		/* its address is none */
};

struct conf_tun_address {
	struct addr_net	net[CONF_TUN_ADDRS];	/* one of each family */
	unsigned	n;
};

struct conf_tun_clients {		/* none: there is no TUN */
	char		lan[CONF_TUN_LANS_MAX][CONF_IFNAME];
	unsigned	nlan;
	int		local;		/* this host's own traffic */
};

enum { CONF_LINKS_MAX = 16, CONF_ALLOWS_MAX = 64 };

struct conf_links {			/* names of interfaces */
	char		name[CONF_LINKS_MAX][CONF_IFNAME];
	unsigned	n;
};

struct conf_allow {			/* FirewallAllow: one range of ports */
	int		out;		/* else in */
	int		proto;		/* enum fwplan_allow_proto */
	char		link[CONF_IFNAME];
	struct addr_net	net;		/* family 0: anybody's */
	uint16_t	lo, hi;		/* 0: any */
};

enum conf_trans {			/* TransProxyType */
	CONF_TRANS_NONE,
	CONF_TRANS_NETFILTER,		/* REDIRECT; "default" on Linux */
	CONF_TRANS_TPROXY,
	CONF_TRANS_PF,			/* DIOCNATLOOK; "default" on BSD */
};

struct conf_authority {			/* DirAuthority */
	char		nickname[CONF_NICKNAME_MAX + 1];  /* "": none */
	uint8_t		id[CONF_ID];		/* RSA identity */
	uint8_t		v3ident[CONF_ID];
	int		has_v3ident;	/* signs consensuses */
	int		is_bridge;	/* for bridges only: does not vote */
	struct addr	dir;		/* IPv4 and DirPort */
	struct addr	or4;		/* none where no orport was given */
	struct addr	or6;		/* none without ipv6= */
	double		weight;
};

struct conf_fallback {			/* FallbackDir; one of or4, or6 is set */
	uint8_t		id[CONF_ID];
	struct addr	or4;
	struct addr	or6;
	double		weight;
};

enum { CONF_BRIDGES_MAX = 64 };

struct conf_bridge {			/* Bridge */
	uint8_t		id[CONF_ID];
	struct addr	addr;
	char		*other;		/* NULL; or the line, which names a
					 * transport: then it is all there is */
};

struct conf_log {			/* Log: one sink */
	unsigned	domains[LL_DEBUG + 1];	/* by level, 1 << LD_* */
	enum log_where	where;
	char		*path;		/* LOG_TO_FILE */
};

struct conf_rule {			/* ReachableAddresses: first match */
	int		accept;
	struct addr_net	net;		/* family 0: any address */
	uint16_t	port_lo;	/* 1 */
	uint16_t	port_hi;	/* 65535 */
};

struct conf_strings {
	char		**item;
	size_t		n;
};

struct conf_numbers {			/* ports */
	uint16_t	*item;
	size_t		n;
};

enum conf_scrub { CONF_SCRUB_ALL, CONF_SCRUB_RELAY, CONF_SCRUB_NONE };

struct rule;				/* policy/rule.h */

struct conf {
	/* doors */
	struct conf_port *trans_ports;
	size_t		 ntrans_ports;
	enum conf_trans	 trans_proxy_type;
	struct conf_port *dns_ports;
	size_t		 ndns_ports;
	struct conf_port *socks_ports;
	size_t		 nsocks_ports;
	struct conf_port *http_ports;		/* HTTPTunnelPort */
	size_t		 nhttp_ports;
	struct conf_rule *socks_policy;		/* empty: all; ports don't count */
	size_t		 nsocks_policy;
	int		 safe_socks;
	int		 test_socks;
	int		 unix_socks_group_writable;
	char		*status_socket;		/* never NULL; "0": none, is "" */
	struct conf_tun_device tun_device;
	struct conf_tun_address tun_address;
	struct conf_tun_clients tun_clients;
	int		 tun_mtu;
	int		 tun_undo;
	char		*run_socket;		/* never NULL; "0": none, is "" */
	char		*run_socket_group;

	/* firewall */
	int		 fail_closed;
	struct conf_links uplink;	/* none: all that is nothing else */
	struct conf_tun_clients trans_clients;	/* as those of a TUN */
	struct conf_allow *allows;
	size_t		 nallows;

	/* process */
	char		*data_directory;	/* never NULL, absolute */
	char		*cache_directory;	/* never NULL, absolute */
	int		 data_directory_group_readable;
	int		 cache_directory_group_readable;	/* or CONF_AUTO */
	char		*user;
	char		*pid_file;
	int		 run_as_daemon;
	int		 conn_limit;
	uint64_t	 max_mem_in_queues;	/* 0: choose */
	int		 disable_network;
	int64_t		 shutdown_wait_length_s;
	int64_t		 heartbeat_period_s;	/* 0: none */
	int		 keep_bind_capabilities;	/* or CONF_AUTO */
	int		 disable_debugger_attachment;
	int		 disable_all_swap;
	int		 no_exec;
	int		 num_cpus;		/* 0: choose */
	int		 avoid_disk_writes;

	/* log; never empty: without Log it is notice to stdout */
	struct conf_log	*logs;
	size_t		 nlogs;
	int		 default_logs;	/* there was no Log */
	enum conf_scrub	 safe_logging;
	int64_t		 log_time_granularity_ms;
	int		 log_message_domains;
	int		 truncate_log_file;
	char		*syslog_identity_tag;
	int		 protocol_warnings;

	/* whom to ask for the network */
	struct conf_authority *authorities;	/* the live ones by default */
	size_t		 nauthorities;
	int		 default_authorities;	/* they are the built-in ones */
	struct conf_fallback *fallbacks;
	size_t		 nfallbacks;
	int		 use_bridges;		/* then there are some, none with a
						 * transport, no two alike */
	struct conf_bridge *bridges;
	size_t		 nbridges;
	double		 dir_authority_fallback_rate;
	int		 testing_tor_network;
	int64_t		 client_bootstrap_authority_delay_s;
	int64_t		 client_bootstrap_fallback_delay_s;
	int64_t		 client_bootstrap_authority_only_delay_s;
	int		 client_bootstrap_max_in_progress;
	int64_t		 testing_client_download_delay_s;
	int64_t		 testing_client_consensus_download_delay_s;
	int64_t		 testing_client_max_interval_without_request_s;
	int64_t		 testing_dir_connection_max_stall_s;
	int		 fetch_dir_info_early;
	int		 fetch_dir_info_extra_early;
	int		 fetch_useless_descriptors;
	double		 paths_needed_to_build_circuits;  /* -1: consensus */

	/* which relays.  Node sets are texts: comma separated, no blanks,
	 * each entry checked: $FINGERPRINT, nickname, {cc}, {??}, address,
	 * address/bits; NULL: empty */
	char		*exclude_nodes;
	char		*exclude_exit_nodes;
	char		*exit_nodes;
	char		*entry_nodes;
	char		*middle_nodes;
	int		 strict_nodes;
	struct conf_strings node_families;	/* each a node set */
	char		*client_onion_auth_dir;	/* or NULL */
	char		*geoip_file;		/* never NULL */
	char		*geoip6_file;		/* never NULL */
	int		 geoip_exclude_unknown;	/* or CONF_AUTO */
	int		 enforce_distinct_subnets;
	int		 dir_allow_private_addresses;
	int		 extend_allow_private_addresses;
	int		 extend_by_ed25519_id;	/* or CONF_AUTO */

	/* guards */
	int		 use_entry_guards;
	int		 num_entry_guards;	/* 0: consensus, as all these */
	int		 num_directory_guards;
	int		 num_primary_guards;
	int64_t		 guard_lifetime_s;
	int		 path_bias_circ_threshold;	/* -1: consensus ... */
	double		 path_bias_notice_rate;
	double		 path_bias_warn_rate;
	double		 path_bias_extreme_rate;
	int		 path_bias_scale_threshold;
	int		 path_bias_drop_guards;		/* or CONF_AUTO */
	int		 path_bias_use_threshold;
	double		 path_bias_notice_use_rate;
	double		 path_bias_extreme_use_rate;
	int		 path_bias_scale_use_threshold;

	/* circuits and streams */
	int64_t		 max_circuit_dirtiness_s;
	int64_t		 new_circuit_period_s;
	int64_t		 circuit_build_timeout_s;	/* 0: learn, or 60 */
	int		 learn_circuit_build_timeout;
	int64_t		 circuit_stream_timeout_s;	/* 0: built in */
	int64_t		 socks_timeout_s;
	int64_t		 circuits_available_timeout_s;	/* 0: consensus */
	int		 max_client_circuits_pending;
	int		 disable_predicted_circuits;
	int		 always_congestion_control;
	int		 conflux_enabled;		/* or CONF_AUTO */
	int		 conflux_client_ux;		/* as in LINK */
	int		 circuit_padding;
	int		 reduced_circuit_padding;
	struct conf_numbers long_lived_ports;
	struct conf_numbers reject_plaintext_ports;
	struct conf_numbers warn_plaintext_ports;
	struct conf_strings track_host_exits;
	int64_t		 track_host_exits_expire_s;
	int		 client_reject_internal_addresses;
	int		 client_dns_reject_internal_addresses;
	int		 allow_non_rfc953_hostnames;

	struct rule	*flow_rules;		/* the first that matches */
	size_t		 nflow_rules;

	/* names */
	struct conf_resolver *dns_upstream;	/* in the order to be asked */
	size_t		 ndns_upstream;
	char		*dns_upstream_ca;	/* NULL: the system's */
	int		 dns_validate;
	char		*dns_trust_anchor;	/* NULL: the root's, shipped */
	int		 automap_hosts_on_resolve;
	struct conf_strings automap_hosts_suffixes;
	struct addr_net	 virtual_addr_network4;
	struct addr_net	 virtual_addr_network6;
	struct conf_strings map_address;	/* each "FROM TO", checked */
	int		 allow_dot_exit;

	/* connections to relays */
	int		 client_use_ipv4;
	int		 client_use_ipv6;
	int		 client_prefer_ipv6_orport;	/* or CONF_AUTO */
	struct conf_rule *reachable_or;		/* empty: all; otherwise what
						 * no rule matches is not */
	size_t		 nreachable_or;
	int		 connection_padding;		/* or CONF_AUTO */
	int		 reduced_connection_padding;
	struct addr	 outbound_or4;		/* bind to; none: any */
	struct addr	 outbound_or6;
	int64_t		 keepalive_period_s;
	int		 constrained_sockets;
	uint64_t	 constrained_sock_size;
	uint64_t	 bandwidth_rate;	/* bytes a second */
	uint64_t	 bandwidth_burst;
	uint64_t	 per_conn_bw_rate;	/* 0: consensus */
	uint64_t	 per_conn_bw_burst;

	/* what there was to say: each names file, line and option.  The
	 * holder logs them; a warning never stops anything. */
	struct conf_strings warnings;
	struct conf_strings files;	/* read for it, in order */

	struct conf_values *values;	/* as text, for conf_dump() */
};

struct conf_err {
	int	code;			/* negative errno */
	char	text[CONF_ERR_TEXT];	/* "torrc:12: ...", no newline */
};

enum conf_command {
	CONF_CMD_NONE,
	CONF_CMD_RUN,			/* be the gateway */
	CONF_CMD_VERIFY,		/* --verify-config */
	CONF_CMD_DUMP,			/* --dump-config */
	CONF_CMD_STATUS,		/* status [--json] */
	CONF_CMD_UNDO,			/* undo: what a TUN left behind */
	CONF_CMD_PROGRAM,		/* run COMMAND */
	CONF_CMD_RESOLVE,		/* resolve NAME */
	CONF_CMD_EXPLAIN,		/* explain FROM TO PORT */
	CONF_CMD_FIREWALL,		/* firewall [FORMAT] */
	CONF_CMD_CLOSE,			/* firewall close */
	CONF_CMD_OPEN,			/* firewall open */
	CONF_CMD_CHECK,			/* firewall check */
	CONF_CMD_SELFTEST,		/* selftest [ITEM ...] */
	CONF_CMD_VERSION,
	CONF_CMD_HELP,
	CONF_CMD_LIST_OPTIONS,		/* --list-torrc-options */
	CONF_CMD_LIST_DEPRECATED,	/* --list-deprecated-options */
};

enum conf_quiet { CONF_NOT_QUIET, CONF_HUSH, CONF_QUIET };

enum conf_dump {
	CONF_DUMP_NONE,
	CONF_DUMP_SHORT,		/* what differs from the defaults */
	CONF_DUMP_FULL,			/* every option */
};

enum conf_format {
	CONF_FORMAT_NFT, CONF_FORMAT_IPTABLES, CONF_FORMAT_IP6TABLES,
	CONF_FORMAT_EARLY
};

struct conf_args {			/* the command line */
	enum conf_command	 command;
	enum conf_quiet		 quiet;
	enum conf_dump		 dump;
	int			 json;		/* status --json */
	int			 list;		/* selftest --list */
	const char		*file;		/* -f; NULL: the default path;
						 * "-": standard input */
	const char		*defaults_file;	/* --defaults-torrc; NULL: the
						 * default path */
	int			 missing_ok;	/* --ignore-missing-torrc */
	struct conf_strings	 option;	/* "Name value", in order */
	char *const		*program;	/* run: its argv */
	const char		*name;		/* resolve: what */
	const char		*port;		/* -p PORT or ADDRESS:PORT; NULL */
	int			 reverse;	/* -x */
	const char		*word[CONF_WORDS_MAX];	/* explain, selftest:
						 * what */
	size_t			 nwords;
	enum conf_format	 format;	/* firewall: which text */
	int			 let_out;	/* firewall open: it is meant */
	int			 unasked;	/* ... and once more */
	const char		*text;		/* instead of files (tests) */
	size_t			 text_len;
	int			 no_files;	/* %include is an error */
};

/* Reads argv.  Strings of @argv are borrowed.  0 or negative, with @err. */
int	 conf_args_parse(struct conf_args *, int argc, char *const *argv,
	    struct conf_err *);
void	 conf_args_free(struct conf_args *);

int	 conf_load(struct conf **out, const struct conf_args *,
	    struct conf_err *);
void	 conf_free(struct conf *);
/* 0, or -EBUSY and in @err the option that needs a restart. */
int	 conf_can_reload(const struct conf *old, const struct conf *new,
	    struct conf_err *);

/* One option a line in the order of the table; reading it back gives an equal
 * configuration. */
void	 conf_dump(const struct conf *, enum conf_dump, FILE *);
void	 conf_list_options(FILE *, int deprecated);
void	 conf_usage(FILE *);

/* Where the @i-th value of an option stood, "torrc:12: ", for a message; ""
 * where it was not given.  Of ports such as TransPort, the @i-th port. */
const char *conf_where(const struct conf *, const char *option, size_t i);

int	 conf_has_tun(const struct conf *);
/* May we connect to a relay at @a (ReachableAddresses, ClientUseIPv4 and 6)? */
/* The relays that may be dialled from the start, one address after the other:
 * authorities and fallbacks; with UseBridges the bridges, and there are no
 * others ever.  0: no more.  It may be none (family 0). */
int	 conf_first_relay(const struct conf *, size_t i, struct addr *);
int	 conf_may_reach(const struct conf *, const struct addr *);
/* For a process that can't read files: what was said for each option, with the
 * place of each line, and the warnings.  @out is to be freed.  0; -ENOMEM,
 * -EFBIG. */
enum { CONF_PACK_MAX = 16 * 1024 * 1024 };
int	 conf_pack(const struct conf *, char **out, size_t *len);
/* The same struct conf again.  0, or negative with @err: -EPROTO where what
 * came is none. */
int	 conf_unpack(struct conf **, const char *, size_t len,
	    struct conf_err *);

/* Opens the sinks that Log asks for, beside those in use; conf_log_use() puts
 * them in place, and the rest that belongs to the log.  @quiet as on the
 * command line.  The second opens the same sinks for every message of every
 * level. */
int	 conf_log_open(const struct conf *, enum conf_quiet, struct log_set **,
	    struct conf_err *);
int	 conf_log_open_debug(const struct conf *, enum conf_quiet,
	    struct log_set **, struct conf_err *);
void	 conf_log_use(const struct conf *, struct log_set *take);
/* Before there is a configuration: nothing on the console that @quiet rules
 * out.  Without memory it stays as it is. */
void	 conf_log_early(enum conf_quiet);

#endif
