/* dnsport/stub.h - a stub resolver that validates: questions to DNSUpstream
 *
 * A question of a client goes to the resolvers (upstream.h); what comes back is
 * validated if it is to be (validate.h), freed of what was not asked for, and
 * given back with the reason where it is refused.
 */
#ifndef DNSPORT_STUB_H
#define DNSPORT_STUB_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct anchors;
struct dns_from;
struct dnsport_conf;
struct endpoint;
struct ldns_struct_pkt;
struct loop;
struct question;
struct stub;
struct stub_lookup;

enum {
	STUB_TOTAL_MS = 30 * 1000,	/* with validating */
	STUB_HELD_MAX = 8 << 20,	/* bytes of messages, while validating;
					 * as ldns keeps them it is several
					 * times that */
	STUB_CLIENT_HELD_MAX = 2 << 20,		/* of one client */
	STUB_LOOKUP_HELD_MAX = 256 << 10,	/* of one lookup */
	STUB_LOOKUPS_MAX = 4096,	/* of a client: dnsport.h says */
	STUB_GROUPS_MAX = 256,		/* of clients, whose zones are known */
	STUB_GROUP_S = 3600		/* that nobody asks for */
};

struct stub_answer {
	uint16_t	 rcode;
	uint8_t		 secure;	/* validated */
	uint8_t		 explained;
	uint16_t	 ede;
	const char	*text;		/* or NULL */
	const struct ldns_struct_pkt *pkt;	/* borrowed; NULL: no records */
};
/* Once, never from within stub_ask(). */
typedef void stub_done_fn(void *arg, const struct stub_answer *);

struct stub_user {
	struct loop	*loop;
	/* As of dnsport.h. */
	int		(*connect)(void *arg, const struct dns_from *,
			    const struct addr *, struct endpoint **);
	int		(*may_be)(void *arg, const struct addr *);
	int		(*is_public)(void *arg, const char *zone);
	void		*arg;
};

/* @conf is copied.  0; -EINVAL: an anchor or a certificate is none; -ENOMEM. */
int	stub_new(struct stub **, const struct stub_user *,
	    const struct dnsport_conf *);
/* Is what it needs of them there? */
int	stub_check_ca(const struct dnsport_conf *);
int	stub_check_anchors(const struct dnsport_conf *);
void	stub_free(struct stub *);	/* without a call */
int	stub_validates(const struct stub *);
int	stub_ask(struct stub *, const struct question *,
	    const struct dns_from *, stub_done_fn *, void *arg,
	    struct stub_lookup **);	/* 0; -ENOSPC, -ENOMEM */
void	stub_cancel(struct stub_lookup *);
void	stub_forget(struct stub *, const void *listener);
size_t	stub_held(const struct stub *);		/* bytes */

#endif
