/* tests/onion/circ/poolrig.h - a client's upper half over a simulated network
 *
 * Channels, guards, paths, build times, pool and attach as the engine joins
 * them, over a simlink with SIM_RELAYS_MAX relays that are all alike: guards
 * and exits.  The clock is driven by hand.
 */
#ifndef TESTS_ONION_CIRC_POOLRIG_H
#define TESTS_ONION_CIRC_POOLRIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/loop.h"
#include "onion/circ/attach.h"
#include "onion/circ/pool.h"
#include "onion/path/path.h"
#include "onion/path/timeout.h"
#include "tests/sim/simdir.h"
#include "tests/sim/simrelay.h"

enum { POOLRIG_RELAYS = SIM_RELAYS_MAX, POOLRIG_NOW = 1795300000 };

struct poolrig {
	struct loop		 loop;
	struct simlink		*sl;
	struct simnet		*net;
	struct simlink_relay	*relay[POOLRIG_RELAYS];
	struct simdir		 sd;
	struct netdir		*nd;
	struct chanset		*chans;
	struct guards		*guards;	/* NULL: none are used */
	struct path_ctx		*path;
	struct timeout		*timeout;
	struct timeout_conf	 tconf;
	struct pool		*pool;
	struct pool_conf	 pconf;
	struct attach		*attach;
	struct attach_conf	 aconf;
	unsigned		 ready, built, building, stale;
	/* Edits the relays before they are listed. */
	void			(*edit)(struct poolrig *);
	int			 no_guards, no_attach;
	void			(*on_ready)(struct poolrig *);	/* or NULL */
	/* As in struct pool_user; or NULL. */
	uint64_t		(*queued)(int64_t *oldest);
	uint64_t		(*shed)(uint64_t bytes, int64_t at);
	const uint16_t		*long_lived;	/* nlong_lived ports */
	size_t			 nlong_lived;
};

void	 poolrig_new(struct poolrig *);	/* what is set in it holds */
void	 poolrig_attach(struct poolrig *);	/* after no_attach */
void	 poolrig_free(struct poolrig *);
void	 poolrig_relist(struct poolrig *);	/* sd was edited: a new view */
void	 poolrig_run(struct poolrig *, int64_t ms);
struct simdir_relay *poolrig_listed(struct poolrig *, size_t i);
/* All relays unreachable, or back. */
void	 poolrig_dark(struct poolrig *, int dark);
unsigned poolrig_dials(const struct poolrig *);
/* Which of the relays has that identity? */
size_t	 poolrig_index(const struct poolrig *, const uint8_t rsa[20]);

/* Of tokens below 65536 each is another client's; of others those are the same
 * client's that have the same upper half. */
struct poolrig_need {		/* a need, and room for what it avoids */
	struct pool_need need;
	uint8_t		 avoid[POOL_AVOID_MAX][20];
};
void	 poolrig_need(struct poolrig *, struct poolrig_need *,
	    unsigned token, uint16_t port);

struct hold {			/* a stream's holder */
	struct poolrig	*rig;
	struct endpoint	*e;
	unsigned	 opened, rooms, fins, gones;
	int		 why;
	uint64_t	 got, bad;
	void		(*on)(struct hold *, int what);
};
enum { HOLD_OPEN = 1, HOLD_DATA, HOLD_ROOM, HOLD_FIN, HOLD_GONE };

/* rc of attach_connect(). */
int	 hold_connect(struct poolrig *, struct hold *, unsigned token,
	    const char *host, uint16_t port);
/* The same, of any target. */
int	 hold_connect_to(struct poolrig *, struct hold *, unsigned token,
	    const struct attach_target *);
void	 hold_kill(struct hold *);
/* @n bytes of sim_byte(), from @at on; how many were taken. */
size_t	 hold_send(struct hold *, uint64_t at, size_t n);
/* Streams that the relays saw for that host, and on how many exits. */
unsigned poolrig_seen(const struct poolrig *, const char *host,
	    unsigned *exits);
/* The latest of them. */
struct simstream *poolrig_stream(const struct poolrig *, const char *host,
	    struct simcirc **);

#endif
