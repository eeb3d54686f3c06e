/* dnsport/points.h - where an answer leads
 *
 * To an address, or to a name that is looked up next: whoever asked goes there,
 * and somebody far away has said where.
 */
#ifndef DNSPORT_POINTS_H
#define DNSPORT_POINTS_H

struct addr;
struct ldns_struct_pkt;

struct points_conf {
	int	reject_internal;	/* what is not in the internet */
	/* As of dnsport.h. */
	int	(*may_be)(void *arg, const struct addr *);
	int	(*is_public)(void *arg, const char *zone);
	void	*arg;
};

/* Does a record of the answer lead where none may: an address (A, AAAA, a hint
 * of SVCB or HTTPS) that is internal or that may_be() denies, or to a host's
 * name (of an alias, of a server) that is not public? */
int	points_astray(const struct points_conf *,
	    const struct ldns_struct_pkt *);

#endif
