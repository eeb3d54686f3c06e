/* tun/tcp.h - a connection that a client opened, as an endpoint
 *
 * It lives from its SYN until it is dead or, without a holder, has been in
 * TIME_WAIT for long enough.  Whoever keeps it (tcp_table) gives it the
 * segments; its fields are in tcp_conn.h.
 */
#ifndef TUN_TCP_H
#define TUN_TCP_H

#include <stdint.h>

struct addr;
struct endpoint;
struct tcp;
struct tcp_host;
struct tcp_seg;

/* From its SYN, held; NULL: no memory.  It frees itself at the end of the turn
 * in which it dies. */
struct tcp	*tcp_new(struct tcp_host *, const struct tcp_seg *syn,
		    const struct addr *client, const struct addr *dest,
		    uint32_t iss, uint32_t ts_off);
void		 tcp_discard(struct tcp *);	/* one that nobody saw */
struct endpoint	*tcp_endpoint(struct tcp *);
/* Reset, and its holder told why; nobody is told of one in TIME_WAIT. */
void		 tcp_abort(struct tcp *, int why);
/* May a SYN take the place of this one, in TIME_WAIT (RFC 6191, 9293)? */
int		 tcp_replaceable(const struct tcp *, const struct tcp_seg *syn);

#endif
