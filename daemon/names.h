/* daemon/names.h - clients' questions for names and for addresses
 *
 * A name that is mapped (AutomapHostsOnResolve) has a virtual address at once,
 * the client's own, unless a FlowRule lets it go direct by its name: that can
 * only be done with the address that it really has.  What policy lets leave
 * (policy.h) is resolved through a circuit; the rest does not exist.
 */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/target.h"

struct addr;
struct automap;
struct dns_from;
struct dns_told;
struct dnsport;
struct dnsport_conf;
struct endpoint;
struct gateway_lookup;
struct loop;
struct names;
struct onion;
struct rules;

enum {
	NAMES_TOKEN = 16,
	NAMES_GROUP = 16,
	/* s, of a virtual address, and so how long a client does not ask again
	 * though we may have been started anew: the shortest that is given. */
	NAMES_TTL = 60
};

struct names_rules {
	int		 automap;	/* AutomapHostsOnResolve */
	char		*const *suffix;	/* AutomapHostsSuffixes */
	size_t		 nsuffix;
	const struct rules *table;	/* FlowRule; NULL: none */
	struct target_conf target;
};

struct names_who {			/* asks */
	uint8_t		 group[NAMES_GROUP];	/* of the address map */
	uint8_t		 no_ipv4, no_ipv6, no_onion;	/* his door's rule */
	uint8_t		 prefer_ipv6;	/* of virtual addresses, where either
					 * would do */
};

struct names_conf {
	struct loop	*loop;
	struct onion	*onion;
	struct automap	*automap;
	/* Whose circuit a question may share, and the exits that it is to leave
	 * by (as onion_question has them; NULL: any).  @name is what goes out. */
	const char	*(*token)(void *arg, const struct dns_from *,
			    const char *name, uint8_t token[NAMES_TOKEN]);
	/* May whoever asks choose an exit by that name though AllowDotExit is 0?
	 * NULL: nobody. */
	int		(*dotexit)(void *arg, const struct dns_from *,
			    const char *name);
	void		(*who)(void *arg, const struct dns_from *,
			    struct names_who *);
	/* Who has one share of what all have, with whoever asks, for whom @out
	 * is set before; NULL: he alone. */
	void		(*share)(void *arg, const struct dns_from *,
			    struct addr *out);
	/* A stream for whoever asked to a resolver of DNSUpstream. */
	int		(*connect)(void *arg, const struct dns_from *,
			    const struct addr *, struct endpoint **);
	/* Whoever asked the DNS server is told addresses; or NULL. */
	void		(*told)(void *arg, const struct dns_from *,
			    const struct dns_told *);
	void		*arg;
};

int	names_new(struct names **, const struct names_conf *);	/* or -ENOMEM */
/* The resolvers, and what to make of their answers: as dnsport_set_conf(). */
int	names_set_dns(struct names *, const struct dnsport_conf *);
void	names_free(struct names *);		/* forgets what is asked */
/* Borrowed until the next; there have to be some before there is a question. */
void	names_set_rules(struct names *, const struct names_rules *);
/* While it is shut nothing is asked for: SERVFAIL, -EAGAIN.  Open at first. */
void	names_gate(struct names *, int open);
struct dnsport *names_dnsport(struct names *);	/* the server */
uint64_t names_rejected(const struct names *);	/* that may not leave */

/* gateway_resolve() and gateway_lookup_cancel(). */
int	names_lookup(struct names *, const struct dns_from *, const char *name,
	    int family, int reverse, void (*fn)(void *arg, int err,
	    const struct addr *, const char *name, uint32_t ttl), void *arg,
	    struct gateway_lookup **);
void	names_lookup_cancel(struct gateway_lookup *);

#endif
