/* daemon/proxy.h - clients that say where they want to go: SOCKS, HTTP CONNECT
 *
 * A client's connection is taken until it has said what it wants (socks.h,
 * httpconnect.h).  Then it is an endpoint that waits to be let in, and goes on
 * to the gateway: what becomes of it there is what the client is answered.  A
 * question for a name or an address is answered here and ends there.
 */
#ifndef DAEMON_PROXY_H
#define DAEMON_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct conf_rule;		/* daemon/conf.h */
struct door;			/* daemon/gateway.h */
struct endpoint;
struct gateway;
struct loop;
struct proxies;

enum {
	/* Clients that have not said yet what they want, or wait for a name, or
	 * for the end after a refusal; of one client three quarters. */
	PROXIES_MAX = 1024,
	PROXIES_EACH_MAX = 768,
	/* Bytes of one that are kept here: of what it sends behind its request
	 * before it is let in. */
	PROXY_EARLY_MAX = 16 * 1024,
	PROXY_LINGER_MS = 2000		/* after the last word */
};

/* A listener's rules beyond its door; looked at within a call only. */
struct proxy_rules {
	uint8_t		prefer_no_auth, extended, test, safe;
	uint8_t		no_dns, no_onion;
	int64_t		handshake_ms;	/* until it has said what it wants */
	struct addr_net	ours[2];	/* addresses that we gave for names */
	/* Who may come (SocksPolicy): the first that matches; none: he may. */
	const struct conf_rule *policy;
	size_t		npolicy;
};

struct proxies_conf {
	struct loop	*loop;
	struct gateway	*gateway;
};

int	proxies_new(struct proxies **, const struct proxies_conf *);
/* Ends those that have no flow yet.  What has one goes with that, and the rest
 * with the last of them.  It is called before the gateway goes. */
void	proxies_close(struct proxies *);
/* Takes the client's endpoint, whatever becomes of it.  The door's proto says
 * what it speaks: DOOR_SOCKS, DOOR_HTTP. */
void	proxies_take(struct proxies *, const struct door *,
	    const struct proxy_rules *, const struct addr *client,
	    struct endpoint *take);

struct proxies_totals {
	size_t		now;		/* of PROXIES_MAX */
	uint64_t	taken, refused, asked, resolved, failed;
};
void	proxies_totals(const struct proxies *, struct proxies_totals *);

#endif
