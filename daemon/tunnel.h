/* daemon/tunnel.h - a TUN device with its stack, as a door
 *
 * Packets are read in batches, what they mean is put to the gateway, and what
 * is to be said goes out as packets again.  Port 53 of every address, TCP and
 * UDP, is the DNS server.
 */
#ifndef DAEMON_TUNNEL_H
#define DAEMON_TUNNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "daemon/gateway.h"
#include "tun/stack.h"

struct evloop;
struct tundev;
struct tunnel;

enum {
	TUNNEL_BATCH = 64,		/* packets in a turn */
	TUNNEL_REST_MS = 1000,		/* where the interface is down */
	/* An idle connection costs less than 2 KiB here and about as much in
	 * the engine: some 500 MiB at the very most. */
	TUNNEL_CONNS_MAX = 131072,
	/* Each holds a stream that is being opened, which takes seconds, and
	 * while there is no circuit a minute.  2,000 at once are no attack. */
	TUNNEL_OPENING_MAX = 8192
};

struct tunnel_conf {
	struct evloop	*ev;
	struct gateway	*gateway;
	const struct door *door;	/* its rules; they may change */
	struct addr	 own[STACK_OWN_MAX];
	unsigned	 nown;
	uint16_t	 mtu;
	/* Of which one client address may have three quarters; and a half. */
	size_t		 conns_max, opening_max;
	size_t		 bytes_max;	/* that wait */
	struct memory	*memory;	/* as in stack.h */
	/* The device is no more: -errno of reading.  May free the tunnel. */
	void		(*gone)(void *arg, int why);
	void		*arg;
};

/* Takes the device on success; 0 or -ENOMEM, or what the stack says. */
int	tunnel_new(struct tunnel **, const struct tunnel_conf *,
	    struct tundev *take);
/* Resets its connections, closes the device.  Between evloop_enter() and
 * _leave(). */
void	tunnel_free(struct tunnel *);
const char *tunnel_name(const struct tunnel *);
void	tunnel_totals(const struct tunnel *, struct stack_totals *);

#endif
