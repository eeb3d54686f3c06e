/* natlook/natlook.h - where was this socket really going?
 *
 * The kernel turned a client's connection around to one of our listening
 * sockets.  natlook_find() says which address and port the client had asked
 * for.  One row per kind of kernel:
 *
 *	NATLOOK_NETFILTER	Linux, nft/iptables REDIRECT (or DNAT to us):
 *				conntrack remembers, IPv4 and IPv6
 *	NATLOOK_TPROXY		Linux, nft/iptables TPROXY: the accepted
 *				socket's own name is the destination
 *	NATLOOK_PF		BSD, pf rdr-to: DIOCNATLOOK on /dev/pf.  Tested
 *				against a fake only: no real pf ever ran it
 *
 * A connection that nobody turned around was made to our port itself.  To
 * carry it would be to connect to ourselves through the network, again and
 * again: that is -ELOOP, and the caller closes the connection.
 *
 * Nothing is read from the stream.  The caller keeps the descriptors.
 */
#ifndef NATLOOK_NATLOOK_H
#define NATLOOK_NATLOOK_H

struct addr;
struct natlook;
struct natlook_sys;

enum natlook_kind {
	NATLOOK_NONE,
	NATLOOK_NETFILTER,
	NATLOOK_TPROXY,
	NATLOOK_PF,
	NATLOOK_NKINDS
};

/* 0; -EOPNOTSUPP where this system has no such thing; -EINVAL; another
 * negative errno, for example -EACCES on /dev/pf: call it with rights. */
int	natlook_init(struct natlook **, enum natlook_kind);
void	natlook_free(struct natlook *);

/* Before bind(): what a listening socket needs so that it is given others'
 * connections.  @family AF_INET or AF_INET6.  0 or a negative errno; TPROXY
 * wants CAP_NET_ADMIN or CAP_NET_RAW. */
int	natlook_listen_opts(int fd, enum natlook_kind, int family);

/* @fd was accepted from @client on the socket that listens at @local (as
 * bound: the port is known, the address may be unspecified).  0 and *@orig,
 * family and port set; or -ELOOP (see above), -ENOENT (the kernel does not
 * know: refuse), another negative errno. */
int	natlook_find(struct natlook *, int fd, const struct addr *client,
	    const struct addr *local, struct addr *orig);

const char *natlook_name(enum natlook_kind);	/* "netfilter", ... */

/* The same with another kernel than the one we run on: for tests. */
int	natlook_init_sys(struct natlook **, enum natlook_kind,
	    const struct natlook_sys *);
int	natlook_listen_opts_sys(const struct natlook_sys *, int fd,
	    enum natlook_kind, int family);

#endif
