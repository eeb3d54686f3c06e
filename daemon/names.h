/* daemon/names.h - clients' questions for names, answered by the engine
 *
 * What policy lets leave (policy.h) is resolved through a circuit; the rest
 * does not exist.
 */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include <stdint.h>

struct addr;
struct dns_from;
struct dnsport;
struct dnsport_conf;
struct endpoint;
struct loop;
struct names;
struct onion;

enum { NAMES_TOKEN = 16 };

struct names_conf {
	struct loop	*loop;
	struct onion	*onion;
	/* Whose circuit a question may share. */
	void		(*token)(void *arg, const struct dns_from *,
			    const char *name, uint8_t token[NAMES_TOKEN]);
	/* A stream for whoever asked to a resolver of DNSUpstream. */
	int		(*connect)(void *arg, const struct dns_from *,
			    const struct addr *, struct endpoint **);
	void		*arg;
};

int	names_new(struct names **, const struct names_conf *);	/* or -ENOMEM */
/* The resolvers, and what to make of their answers: as dnsport_set_conf(). */
int	names_set_dns(struct names *, const struct dnsport_conf *);
void	names_free(struct names *);		/* forgets what is asked */
struct dnsport *names_dnsport(struct names *);	/* the server */
uint64_t names_rejected(const struct names *);	/* that may not leave */

#endif
