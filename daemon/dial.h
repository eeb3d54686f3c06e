/* daemon/dial.h - sockets that connect, and where they must not
 *
 * For daemon/sock, which makes an endpoint of what dial_start() gives.
 */
#ifndef DAEMON_DIAL_H
#define DAEMON_DIAL_H

struct addr;
struct permit_giver;

/* Where sockets come from that must be something special, as marked. */
struct dial_conf {
	/* AF_INET or AF_INET6, for TCP: a descriptor or -errno.  NULL: any
	 * plain one will do. */
	int	(*socket)(void *arg, int family);
	void	*arg;
	/* Whom sock_dial() asks whether one may connect there; NULL: any is
	 * fine. */
	const struct permit_giver *permit;
};

/* A non-blocking descriptor that is connecting, the caller's; or -errno where
 * that is known at once: -ENETUNREACH, -EHOSTUNREACH, -ECONNREFUSED, -EACCES
 * (the packet filter), -EAGAIN (no port is left), -EMFILE and so on.  @conf
 * may be NULL. */
int	dial_start(const struct dial_conf *, const struct addr *to);

/* Does this host answer to that address?  1, 0, or -errno: it could not be
 * found out. */
int	dial_is_own(const struct addr *);

#endif
