/* tests/onion/link/rig.h - a chanset, fake relays, a clock: all by hand
 *
 * struct ear is a circuit that writes down what it is told, and sends CREATE2
 * when its channel opens.
 */
#ifndef TESTS_ONION_LINK_RIG_H
#define TESTS_ONION_LINK_RIG_H

#include "base/loop.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "tests/sim/simlink.h"

#define RIG_WALL	1790000000

struct rig {
	struct loop		 loop;
	struct simlink		*net;
	struct simlink_relay	*relay;
	struct hopinfo		 hop;
	struct chanset		*set;
	struct chanset_conf	 conf;
	/* what the set's user was told */
	unsigned		 dialling, connected, opened, gone, skews;
	enum chan_why		 why;
	int			 was_open;
	int64_t			 skew;
	struct chan		*open_chan;
	void			(*on_open)(struct rig *);
	void			(*on_gone)(struct rig *);
	/* what the relay was sent */
	unsigned		 cells[256];
	uint32_t		 last_id;
	uint8_t			 last_body[CELL_BODY];
	uint32_t		 order[2048];	/* circuit ids of RELAY cells */
	size_t			 norder;
	uint32_t		 ends[512];	/* and of DESTROY cells */
	size_t			 nends;
};

void	rig_init(struct rig *);		/* one relay, one set */
void	rig_fini(struct rig *);		/* and no complaint from the relay */
/* A channel to the relay: asked for, and after a second. */
struct chan *rig_get(struct rig *);
struct chan *rig_open(struct rig *);
struct simlink_conn *rig_conn(struct rig *);

struct ear {
	struct rig		*rig;
	struct chan		*chan;
	uint32_t		 id;
	unsigned		 open, cells, rooms, gone;
	uint8_t			 cmd;
	uint8_t			 body[CELL_BODY];
	enum chan_why		 why;
	unsigned		 to_send;	/* RELAY cells, in room() */
	void			(*then)(struct ear *);	/* in each call */
	struct ear		*other;
};

int	ear_attach(struct ear *, struct rig *, struct chan *);

#endif
