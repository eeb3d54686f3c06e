/* daemon/conf_check.c - what depends on several options
 *
 * Bounds are tor's: where tor corrects a value with a warning so is it done
 * here, where tor refuses it is refused.
 */
#include "daemon/conf_check.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "daemon/conf_fwcheck.h"
#include "daemon/conf_made.h"
#include "daemon/conf_names.h"
#include "daemon/conf_tun.h"
#include "daemon/conf_util.h"
#include "daemon/conf_values.h"

#ifndef STATE_DIR
#define STATE_DIR "/var/lib"
#endif

enum {
	DIRTINESS_MIN_S = 10,
	DIRTINESS_MAX_S = 30 * 86400,
	STREAM_TIMEOUT_MIN_S = 10,
	BUILD_TIMEOUT_LOW_S = 10,
	AVAILABLE_MAX_S = 86400,
	PENDING_MAX = 1024,
	HEARTBEAT_MIN_S = 1800,
	SOCK_SIZE_MIN = 2048,
	SOCK_SIZE_MAX = 262144,
	TUN_MTU_MIN = 1280,	/* IPv6 wants so much */
};

static int
no_memory(struct conf_err *err)
{
	return conf_fail(err, -ENOMEM, "no memory for the configuration");
}

/* Where the option's last value stood, for a message; "" for a default. */
static const char *
where(const struct conf *c, const char *name)
{
	const struct conf_given *g = conf_values_of(c->values, name);

	return g->n ? g->value[g->n - 1].where : "";
}

#define WARN(c, name, ...)						\
	conf_warn(&(c)->warnings, where(c, name), __VA_ARGS__)

static int
range_error(const struct conf *c, const char *name, int64_t min, int64_t max,
    struct conf_err *err)
{
	return conf_fail(err, -EINVAL, "%s%s must be from %" PRId64 " to %"
	    PRId64, where(c, name), name, min, max);
}

static int
set_path(char **path, struct conf *c, const char *name, struct conf_err *err)
{
	char *full;
	int relative;

	if ((full = conf_path(*path, &relative)) == NULL)
		return no_memory(err);
	if (relative && c->run_as_daemon) {
		free(full);
		return conf_fail(err, -EINVAL, "%s%s must be an absolute path "
		    "because of RunAsDaemon 1", where(c, name), name);
	}
	if (relative && WARN(c, name, "%s is a relative path; it is taken "
	    "as %s", name, full) < 0) {
		free(full);
		return no_memory(err);
	}
	free(*path);
	*path = full;
	return 0;
}

/* For whom the program was started, whatever it became since: a reload after
 * the drop of rights must find the same directory. */
static int
started_as_root(void)
{
	static int root = -1;

	if (root < 0)
		root = geteuid() == 0;
	return root;
}

static char *
default_data_directory(void)
{
	const char *home = getenv("HOME");

	if (started_as_root() || home == NULL || strcmp(home, "/") == 0)
		return strdup(STATE_DIR "/onion-transparent");
	return conf_path("~/.onion-transparent", NULL);
}

static int
set_status_socket(struct conf *c, struct conf_err *err)
{
	struct sockaddr_un un;

	if (c->status_socket && strcmp(c->status_socket, "0") == 0) {
		*c->status_socket = '\0';
		return 0;
	}
	if (c->status_socket) {
		if (set_path(&c->status_socket, c, "StatusSocket", err) < 0)
			return err->code;
		if (strlen(c->status_socket) >= sizeof(un.sun_path))
			return conf_fail(err, -ENAMETOOLONG, "%sStatusSocket "
			    "is too long for a unix socket",
			    where(c, "StatusSocket"));
		return 0;
	}
	if (asprintf(&c->status_socket, "%s/status", c->data_directory) < 0) {
		c->status_socket = NULL;
		return no_memory(err);
	}
	if (strlen(c->status_socket) < sizeof(un.sun_path))
		return 0;
	*c->status_socket = '\0';
	return WARN(c, "DataDirectory", "DataDirectory is too long for a unix "
	    "socket in it: there is no StatusSocket") < 0 ? no_memory(err) : 0;
}

static int
set_run_socket(struct conf *c, struct conf_err *err)
{
	struct sockaddr_un un;

	if (c->run_socket == NULL)
		c->run_socket = strdup(CONF_RUN_SOCKET);
	else if (strcmp(c->run_socket, "0") == 0)
		*c->run_socket = '\0';
	else if (set_path(&c->run_socket, c, "RunSocket", err) < 0)
		return err->code;
	if (c->run_socket == NULL)
		return no_memory(err);
	if (strlen(c->run_socket) >= sizeof(un.sun_path))
		return conf_fail(err, -ENAMETOOLONG, "%sRunSocket is too long "
		    "for a unix socket", where(c, "RunSocket"));
	return 0;
}

static int
check_paths(struct conf *c, struct conf_err *err)
{
	struct {
		char		**path;
		const char	*name;
	} paths[] = {
		{ &c->data_directory, "DataDirectory" },
		{ &c->cache_directory, "CacheDirectory" },
		{ &c->pid_file, "PidFile" },
		{ &c->geoip_file, "GeoIPFile" },
		{ &c->geoip6_file, "GeoIPv6File" },
	};
	size_t i;
	int rc;

	if (c->data_directory == NULL &&
	    (c->data_directory = default_data_directory()) == NULL)
		return no_memory(err);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (*paths[i].path && (rc = set_path(paths[i].path, c,
		    paths[i].name, err)) < 0)
			return rc;
	if (c->cache_directory == NULL &&
	    (c->cache_directory = strdup(c->data_directory)) == NULL)
		return no_memory(err);
	if (c->geoip_file == NULL && (c->geoip_file = strdup("")) == NULL)
		return no_memory(err);
	if (c->geoip6_file == NULL && (c->geoip6_file = strdup("")) == NULL)
		return no_memory(err);
	rc = set_status_socket(c, err);
	return rc < 0 ? rc : set_run_socket(c, err);
}

/* Of the steps that divide a second, or are whole seconds, the next longer. */
static int64_t
good_granularity(int64_t ms)
{
	if (ms >= 1000)
		return (ms + 999) / 1000 * 1000;
	while (1000 % ms != 0)
		ms++;
	return ms;
}

static int
check_logs(struct conf *c, struct conf_err *err)
{
	static const char name[] = "LogTimeGranularity";
	int64_t ms = c->log_time_granularity_ms;
	struct conf_log *log;
	unsigned i;

	if (ms <= 0)
		return conf_fail(err, -EINVAL, "%s%s must be more than 0",
		    where(c, name), name);
	c->log_time_granularity_ms = good_granularity(ms);
	if (c->log_time_granularity_ms != ms && WARN(c, name, "%s must divide "
	    "a second or be whole seconds; it is taken as %" PRId64 " msec",
	    name, c->log_time_granularity_ms) < 0)
		return no_memory(err);
	if (c->nlogs)
		return 0;
	c->default_logs = 1;
	if ((log = conf_array_add(&c->logs, sizeof(*log))) == NULL)
		return no_memory(err);
	for (i = LL_ERR; i <= LL_NOTICE; i++)
		log->domains[i] = (1u << LD_NDOMAINS) - 1;
	log->where = LOG_TO_STDOUT;
	return 0;
}

static int
raise_or_lower(struct conf *c, int64_t *v, const char *name, int64_t min,
    int64_t max, struct conf_err *err)
{
	int64_t to = *v < min ? min : *v > max ? max : *v;

	if (to == *v)
		return 0;
	*v = to;
	return WARN(c, name, "%s must be from %" PRId64 " to %" PRId64
	    " seconds; it is taken as %" PRId64, name, min, max, to) < 0 ?
	    no_memory(err) : 0;
}

static int
check_times(struct conf *c, struct conf_err *err)
{
	int rc;

	if ((rc = raise_or_lower(c, &c->max_circuit_dirtiness_s,
	    "MaxCircuitDirtiness", DIRTINESS_MIN_S, DIRTINESS_MAX_S,
	    err)) < 0)
		return rc;
	if (c->circuit_stream_timeout_s && (rc = raise_or_lower(c,
	    &c->circuit_stream_timeout_s, "CircuitStreamTimeout",
	    STREAM_TIMEOUT_MIN_S, INT_MAX, err)) < 0)
		return rc;
	if (c->heartbeat_period_s && !c->testing_tor_network &&
	    (rc = raise_or_lower(c, &c->heartbeat_period_s, "HeartbeatPeriod",
	    HEARTBEAT_MIN_S, INT_MAX, err)) < 0)
		return rc;
	if (c->circuits_available_timeout_s > AVAILABLE_MAX_S)
		return range_error(c, "CircuitsAvailableTimeout", 0,
		    AVAILABLE_MAX_S, err);
	if (c->new_circuit_period_s < 1)
		return range_error(c, "NewCircuitPeriod", 1, INT_MAX, err);
	if (c->socks_timeout_s < 1)
		return range_error(c, "SocksTimeout", 1, INT_MAX, err);
	if (c->keepalive_period_s < 1)
		return range_error(c, "KeepalivePeriod", 1, INT_MAX, err);
	if (!c->learn_circuit_build_timeout && c->circuit_build_timeout_s &&
	    c->circuit_build_timeout_s < BUILD_TIMEOUT_LOW_S &&
	    WARN(c, "CircuitBuildTimeout", "CircuitBuildTimeout is below %d "
	    "seconds and is not learned: many circuits will not get ready",
	    BUILD_TIMEOUT_LOW_S) < 0)
		return no_memory(err);
	return 0;
}

static int
check_rates(struct conf *c, struct conf_err *err)
{
	const struct {
		double		 v;
		const char	*name;
	} rates[] = {
		{ c->path_bias_notice_rate, "PathBiasNoticeRate" },
		{ c->path_bias_warn_rate, "PathBiasWarnRate" },
		{ c->path_bias_extreme_rate, "PathBiasExtremeRate" },
		{ c->path_bias_notice_use_rate, "PathBiasNoticeUseRate" },
		{ c->path_bias_extreme_use_rate, "PathBiasExtremeUseRate" },
	};
	static const char paths[] = "PathsNeededToBuildCircuits";
	double *p = &c->paths_needed_to_build_circuits;
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (rates[i].v > 1)
			return conf_fail(err, -EINVAL, "%s%s must not be more "
			    "than 1", where(c, rates[i].name), rates[i].name);
	if (*p >= 0 && (*p < 0.25 || *p > 0.95)) {
		*p = *p < 0.25 ? 0.25 : 0.95;
		if (WARN(c, paths, "%s must be from 0.25 to 0.95; it is taken "
		    "as %.2f", paths, *p) < 0)
			return no_memory(err);
	}
	return 0;
}

static int
check_sizes(struct conf *c, struct conf_err *err)
{
	if (c->conn_limit < 1)
		return range_error(c, "ConnLimit", 1, INT_MAX, err);
	if (c->max_client_circuits_pending < 1 ||
	    c->max_client_circuits_pending > PENDING_MAX)
		return range_error(c, "MaxClientCircuitsPending", 1,
		    PENDING_MAX, err);
	if (c->client_bootstrap_max_in_progress < 1)
		return range_error(c,
		    "ClientBootstrapConsensusMaxInProgressTries", 1, INT_MAX,
		    err);
	if (c->bandwidth_rate > INT32_MAX)
		return range_error(c, "BandwidthRate", 0, INT32_MAX, err);
	if (c->bandwidth_burst > INT32_MAX)
		return range_error(c, "BandwidthBurst", 0, INT32_MAX, err);
	if (c->bandwidth_rate > c->bandwidth_burst)
		return conf_fail(err, -EINVAL, "%sBandwidthBurst must not be "
		    "less than BandwidthRate", where(c, "BandwidthRate"));
	if (c->constrained_sockets &&
	    (c->constrained_sock_size < SOCK_SIZE_MIN ||
	    c->constrained_sock_size > SOCK_SIZE_MAX ||
	    c->constrained_sock_size % 1024))
		return conf_fail(err, -EINVAL, "%sConstrainedSockSize must be "
		    "from %d to %d bytes, in steps of 1024",
		    where(c, "ConstrainedSockSize"), SOCK_SIZE_MIN,
		    SOCK_SIZE_MAX);
	if (c->testing_client_max_interval_without_request_s < 1)
		return range_error(c, "TestingClientMaxIntervalWithoutRequest",
		    1, INT_MAX, err);
	if (c->testing_dir_connection_max_stall_s < 5)
		return range_error(c, "TestingDirConnectionMaxStall", 5,
		    INT_MAX, err);
	return 0;
}

static int
check_guards(struct conf *c, struct conf_err *err)
{
	if (c->entry_nodes && !c->use_entry_guards)
		return conf_fail(err, -EINVAL, "%sEntryNodes wants "
		    "UseEntryGuards 1", where(c, "EntryNodes"));
	if (c->num_primary_guards && c->num_entry_guards >
	    c->num_primary_guards)
		return conf_fail(err, -EINVAL, "%sNumEntryGuards must not be "
		    "more than NumPrimaryGuards", where(c, "NumEntryGuards"));
	if (!c->use_entry_guards && WARN(c, "UseEntryGuards", "UseEntryGuards "
	    "0: each circuit has a first relay of its own, so that sooner or "
	    "later one of them is a bad one") < 0)
		return no_memory(err);
	if (c->fetch_dir_info_extra_early && !c->fetch_dir_info_early)
		return conf_fail(err, -EINVAL, "%sFetchDirInfoExtraEarly 1 "
		    "wants FetchDirInfoEarly 1",
		    where(c, "FetchDirInfoExtraEarly"));
	return 0;
}

static int
check_net(struct conf *c, struct conf_err *err)
{
	static const char internal[] = "ClientDNSRejectInternalAddresses";

	if (!c->client_use_ipv4 && !c->client_use_ipv6 &&
	    WARN(c, "ClientUseIPv6", "ClientUseIPv6 0 is overridden by "
	    "ClientUseIPv4 0: relays are reached over IPv6") < 0)
		return no_memory(err);
	if (!c->client_use_ipv4 || c->client_prefer_ipv6_orport == 1)
		c->client_use_ipv6 = 1;		/* as tor understands it */
	if (c->testing_tor_network && c->default_authorities)
		return conf_fail(err, -EINVAL, "%sTestingTorNetwork 1 wants "
		    "DirAuthority lines: it must not be used with the public "
		    "network", where(c, "TestingTorNetwork"));
	if (!c->client_dns_reject_internal_addresses && c->default_authorities)
		return conf_fail(err, -EINVAL, "%s%s 0 must not be used with "
		    "the public network", where(c, internal), internal);
	if (c->testing_tor_network && WARN(c, "TestingTorNetwork",
	    "TestingTorNetwork 1: this is only good for private networks") < 0)
		return no_memory(err);
	return 0;
}

/* Each is dialled by its address, and known by its fingerprint. */
static int
check_bridge(struct conf *c, size_t i, struct conf_err *err)
{
	const struct conf_bridge *b = &c->bridges[i], *a;
	const char *at = conf_where(c, "Bridge", i);

	if (b->other)
		return conf_fail(err, -EINVAL, "%sBridge: '%.*s' is a "
		    "pluggable transport, and these are not built: take a "
		    "bridge without one, Bridge ADDRESS:PORT FINGERPRINT", at,
		    (int)strcspn(b->other, " \t"), b->other);
	for (a = c->bridges; a < b; a++)
		if (memcmp(a->id, b->id, CONF_ID) == 0 ||
		    addr_equal(&a->addr, &b->addr))
			return conf_fail(err, -EINVAL, "%sBridge: another line "
			    "has that %s already", at, memcmp(a->id, b->id,
			    CONF_ID) == 0 ? "fingerprint" : "address");
	if ((b->addr.family == 6 ? c->client_use_ipv6 : c->client_use_ipv4) &&
	    conf_may_reach(c, &b->addr))
		return 0;
	return conf_warn(&c->warnings, at, "Bridge is of no use: "
	    "ReachableAddresses, ClientUseIPv4 or ClientUseIPv6 does not let "
	    "its address be reached") < 0 ? no_memory(err) : 0;
}

static int
warn_unused_bridges(struct conf *c, struct conf_err *err)
{
	if (c->nbridges && WARN(c, "Bridge", "Bridge has no effect without "
	    "UseBridges 1") < 0)
		return no_memory(err);
	return 0;
}

static int
check_bridges(struct conf *c, struct conf_err *err)
{
	size_t i;
	int rc = 0;

	if (!c->use_bridges)
		return warn_unused_bridges(c, err);
	if (c->nbridges == 0)
		return conf_fail(err, -EINVAL, "%sUseBridges 1 wants Bridge "
		    "lines, at least one", where(c, "UseBridges"));
	if (c->entry_nodes)
		return conf_fail(err, -EINVAL, "%sEntryNodes and UseBridges 1 "
		    "exclude each other", where(c, "EntryNodes"));
	if (!c->use_entry_guards)
		return conf_fail(err, -EINVAL, "%sUseBridges 1 wants "
		    "UseEntryGuards 1", where(c, "UseEntryGuards"));
	for (i = 0; i < c->nbridges && rc == 0; i++)
		rc = check_bridge(c, i, err);
	return rc;
}

static int
check_tun(struct conf *c, struct conf_err *err)
{
	if (c->tun_mtu < TUN_MTU_MIN || c->tun_mtu > UINT16_MAX)
		return range_error(c, "TunMTU", TUN_MTU_MIN, UINT16_MAX, err);
	if (conf_tun_has(&c->tun_clients, c->tun_device.name))
		return conf_fail(err, -EINVAL, "%sTunClients: %s is the "
		    "TunDevice itself", where(c, "TunClients"),
		    c->tun_device.name);
	return 0;
}

/* A name must not be given an address that somebody has already. */
static int
check_virtual(struct conf *c, struct conf_err *err)
{
	const struct {
		const struct addr_net *net;
		const char	*name;
	} nets[] = {
		{ &c->virtual_addr_network4, "VirtualAddrNetworkIPv4" },
		{ &c->virtual_addr_network6, "VirtualAddrNetworkIPv6" },
	};
	unsigned i, j;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		for (j = 0; conf_has_tun(c) && j < c->tun_address.n; j++)
			if (conf_nets_overlap(nets[i].net,
			    &c->tun_address.net[j]))
				return conf_fail(err, -EINVAL, "%s%s and "
				    "TunAddress have addresses in common",
				    *where(c, nets[i].name) ?
				    where(c, nets[i].name) :
				    where(c, "TunAddress"), nets[i].name);
	return 0;
}

static int
check_dns(struct conf *c, struct conf_err *err)
{
	if (c->ndns_upstream > CONF_RESOLVERS_MAX)
		return conf_fail(err, -EINVAL, "%sDNSUpstream: %d are the "
		    "most", where(c, "DNSUpstream"), CONF_RESOLVERS_MAX);
	if (c->dns_validate && c->ndns_upstream == 0)
		return conf_fail(err, -EINVAL, "%sDNSValidate 1 wants "
		    "DNSUpstream: what an exit says can't be validated",
		    where(c, "DNSValidate"));
	return 0;
}

int
conf_check(struct conf *c, struct conf_err *err)
{
	int rc;

	if ((rc = check_paths(c, err)) < 0 ||
	    (rc = check_logs(c, err)) < 0 ||
	    (rc = conf_made_ports(c, err)) < 0 ||
	    (rc = check_tun(c, err)) < 0 ||
	    (rc = check_virtual(c, err)) < 0 ||
	    (rc = conf_check_firewall(c, err)) < 0 ||
	    (rc = conf_made_dirs(c, err)) < 0 ||
	    (rc = conf_made_reach(c, err)) < 0 ||
	    (rc = conf_made_outbound(c, err)) < 0 ||
	    (rc = check_times(c, err)) < 0 ||
	    (rc = check_rates(c, err)) < 0 ||
	    (rc = check_sizes(c, err)) < 0 ||
	    (rc = check_guards(c, err)) < 0 ||
	    (rc = check_dns(c, err)) < 0)
		return rc;
	if ((rc = check_net(c, err)) < 0)
		return rc;
	return check_bridges(c, err);
}
