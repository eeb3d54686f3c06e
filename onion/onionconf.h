/* onion/onionconf.h - how the engine is to behave
 *
 * What torrc says of it, resolved: no text but names and node sets.  Borrowed
 * by onion_new() for the call and by onion_prepare() until the commit, except
 * where it says so.
 */
#ifndef ONION_ONIONCONF_H
#define ONION_ONIONCONF_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum { ONION_MEMORY = 256 * 1024 * 1024 };	/* MaxMemInQueues 0 */

struct onion_authority {		/* DirAuthority and FallbackDir */
	char		nickname[20];
	uint8_t		rsa_id[20];
	uint8_t		v3ident[20];	/* zero: no vote */
	struct addr	or4, or6;
	double		weight;
};

struct onion_bridge {			/* Bridge */
	uint8_t		rsa_id[20];
	struct addr	addr;
};

struct onion_conf {
	const char	*version;	/* ours, "0.1.0"; no spaces */
	const struct onion_authority *auths;
	size_t		 nauths;
	const struct onion_authority *fallbacks;
	size_t		 nfallbacks;
	/* UseBridges: nobody but these is ever dialled; 0: bridges are not
	 * used.  At onion_new() only. */
	const struct onion_bridge *bridges;
	size_t		 nbridges;
	const char	*data_dir;
	int		 testing;	/* TestingTorNetwork */
	int		 disable_network;

	/* Node sets, as text; NULL: empty. */
	const char	*exclude_nodes, *exclude_exit_nodes, *exit_nodes,
			*entry_nodes, *middle_nodes;
	/* What streams and lookups may want of their exits; such a text asks for
	 * it.  Any order, and any number of times. */
	const char	*const *exit_sets;	/* FlowRule exit= */
	size_t		 nexit_sets;
	int		 strict_nodes;
	const char	*const *families;	/* NodeFamily */
	size_t		 nfamilies;
	const char	*geoip, *geoip6;	/* files */
	const char	*geoip_where;	/* who asks for them, "torrc:12: "; it
					 * begins messages; NULL: unknown */
	int		 countries;	/* onion_country() will be asked */
	int		 geoip_exclude_unknown;	/* -1 auto */
	int		 distinct_subnets;
	double		 paths_needed;		/* fraction; < 0: consensus */

	int		 use_guards;
	int		 num_entry_guards, num_dir_guards, num_primary_guards;
	int64_t		 guard_lifetime_s;

	int64_t		 dirtiness_s;		/* MaxCircuitDirtiness */
	int64_t		 new_circuit_period_s;	/* NewCircuitPeriod: tries while
						 * none can be built */
	int64_t		 build_timeout_s;	/* 0: learn */
	int		 learn_timeout;
	int64_t		 stream_timeout_s;	/* CircuitStreamTimeout; 0 */
	int64_t		 request_timeout_s;	/* SocksTimeout */
	int		 predict;		/* prebuild circuits */
	int64_t		 predict_s;		/* CircuitsAvailableTimeout; 0 */
	int		 max_pending;		/* MaxClientCircuitsPending */
	const uint16_t	*long_lived_ports;
	size_t		 nlong_lived_ports;
	int		 reject_internal_answers;
	int		 extend_by_ed;		/* -1: consensus */
	int		 conflux;		/* ConfluxEnabled; -1: consensus */
	int		 conflux_ux;		/* ConfluxClientUX, as in LINK */
	uint64_t	 max_memory;		/* MaxMemInQueues, or 0 */
	const char	*client_onion_auth_dir;	/* ClientOnionAuthDir; NULL */

	int		 use_v4, use_v6;
	int		 prefer_v6_or;		/* -1 auto */
	int		 padding;		/* ConnectionPadding, -1 auto */
	int		 reduced_padding;
	struct addr	 bind4, bind6;		/* OutboundBindAddress */
	/* Where sockets to relays come from: as struct tcpdial_conf has it.  At
	 * onion_new() only, and then as long as the engine lives. */
	int		 (*socket)(void *arg, int family);
	void		*socket_arg;
	/* And whether one may connect there, with the same life. */
	const struct permit_giver *permit;
	/* ReachableAddresses; both live as long as the configuration. */
	int		 (*may_reach)(void *arg, const struct addr *);
	void		*may_reach_arg;
};

#endif
