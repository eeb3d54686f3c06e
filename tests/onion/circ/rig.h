/* tests/onion/circ/rig.h - a circuit through a simnet, and holders for streams
 *
 * What most tests here begin with: a loop, a network, a channel, a circuit
 * built, and endpoint users that count what they are told.
 */
#ifndef TESTS_ONION_CIRC_RIG_H
#define TESTS_ONION_CIRC_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/loop.h"
#include "onion/circ/circ.h"
#include "onion/circ/flowctl.h"
#include "onion/crypto/handshake.h"
#include "onion/link/relayid.h"
#include "tests/sim/simrelay.h"

enum { RIG_HOLDERS = 64 };

struct rig;

struct holder {			/* of one stream */
	struct rig	*rig;
	struct endpoint	*e;
	unsigned	 opened, fins, gones, rooms;
	int		 why;
	uint8_t		 end_reason;
	uint8_t		 was_open;
	struct addr	 addr;		/* at gone() */
	uint64_t	 got, bad;	/* bytes; not sim_byte() */
	uint64_t	 to_send, sent;	/* of sim_byte() */
	size_t		 regrant;	/* granted for what came, at once */
	/* What to do when called, for tests of reentrancy. */
	void		(*on)(struct holder *, int what);
};

enum { ON_OPEN = 1, ON_DATA, ON_ROOM, ON_FIN, ON_GONE, ON_HOP, ON_BUILT,
	ON_IDLE, ON_CIRC_GONE, ON_LINKED, ON_MESSAGE };

struct rig {
	struct loop		 loop;
	struct simnet		*net;
	struct chan		*chan;
	struct flow_params	 flow;
	struct circ		*circ;		/* NULL: gone */
	struct simcirc		*sim;		/* the relays' side of it */
	size_t			 hops;
	int			 pad;		/* hop 2 can, and we want it */
	unsigned		 hop, built, linked, idle, gone;
	unsigned		 messages;	/* of an onion service's kind */
	uint8_t			 message;	/* the last one: its command, */
	uint8_t			 message_data[498];
	size_t			 message_len;
	int			 message_rc;	/* what is said to it */
	enum circ_why		 why;
	struct holder		 h[RIG_HOLDERS];
	void			(*on)(struct rig *, int what);
	unsigned		 answers;
	int			 answer_why;
	size_t			 nanswers;
	struct circ_answer	 answer;	/* the first */
	struct addr		 answer_addr;
	char			 answer_name[256];
};

enum rig_kind {			/* of the last hop, or of all */
	RIG_NTOR, RIG_CC, RIG_FAST, RIG_CGO, RIG_CGO_ALL
};

void	 rig_init(struct rig *, size_t nhops, int open);
int	 rig_start(struct rig *, enum rig_kind);	/* circ_new() */
void	 rig_build(struct rig *, enum rig_kind);	/* until it is built */
void	 rig_new(struct rig *, size_t nhops, enum rig_kind);	/* all that */
void	 rig_free(struct rig *);
void	 rig_run(struct rig *);
/* A stream to a script of the exit, held by holder @i, with credit. */
struct holder *rig_connect(struct rig *, size_t i, uint16_t port,
	    size_t credit);
struct holder *rig_connect_flags(struct rig *, size_t i, uint16_t port,
	    size_t credit, uint32_t flags);
struct holder *rig_connect_host(struct rig *, size_t i, const char *host,
	    uint16_t port, size_t credit);
struct holder *rig_begin_dir(struct rig *, size_t i, size_t credit);
size_t	 holder_send(struct holder *, uint64_t bytes);	/* of sim_byte() */
void	 rig_resolve(struct rig *, const char *name, struct circ_lookup **);
/* A message from the exit on that holder's stream. */
void	 rig_say(struct rig *, uint8_t cmd, uint16_t stream, const void *,
	    size_t);
uint16_t rig_last_id(const struct rig *);	/* of the last stream begun */
/* All that SIM_SOURCE has to say comes, @bytes of it, and its end. */
void	 rig_drain(struct rig *, struct holder *, uint64_t bytes);
/* Credits for later. */
void	 holder_grant(struct holder *, size_t);
void	 holder_kill(struct holder *);

#endif
