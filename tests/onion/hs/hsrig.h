/* tests/onion/hs/hsrig.h - a client of onion services, and all it talks to
 *
 * Circuits are rows of a table; what happens to them the test says.  The
 * service is real in what it can do: it opens INTRODUCE1 and makes RENDEZVOUS2
 * by its own keys (rend-spec-v3 3.3.2, 4.2), independently of hsntor.c.  With
 * hsfake.c, descriptors are no text but a struct, and the ring is six relays.
 *
 * Whatever may never happen aborts: see the checks in hsrig.c.
 */
#ifndef TESTS_ONION_HS_HSRIG_H
#define TESTS_ONION_HS_HSRIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "onion/dir/netdir.h"
#include "onion/hs/hsclient.h"
#include "onion/hs/hsdesc.h"
#include "onion/hs/hsntor.h"
#include "onion/hs/hspow.h"
#include "onion/hs/intromsg.h"
#include "onion/link/relayid.h"

enum {
	RIG_CIRCS = 1024, RIG_DIRS = 6, RIG_INTROS = 3, RIG_SENT = 2,
	RIG_JOBS = 256, RIG_TEXT = 50000
};

struct rig_sent {
	uint8_t	cmd;
	size_t	len;
	uint8_t	data[INTROMSG_MAX];
};

struct rig_circ {
	enum hs_purpose	 purpose;
	uint8_t		 token[HSCLIENT_TOKEN];
	struct hopinfo	 last;
	int		 open;		/* not closed, not gone */
	int		 built, doomed, joined, stable;
	int		 right;		/* RENDEZVOUS2 as it should be */
	int		 established;	/* RENDEZVOUS_ESTABLISHED was said */
	char		 path[64];	/* of GET */
	struct rig_sent	 sent[RIG_SENT];
	size_t		 nsent;
	struct hsntor_keys keys;	/* as the service made them */
	int		 cc;
	uint8_t		 inc;
};

struct rig_intro {			/* what the service knows of one */
	uint8_t	sec[32];		/* of enc */
	struct hsdesc_intro pub;
};

struct rig_intro1 {			/* INTRODUCE1, opened */
	size_t	 which;			/* introduction point */
	uint8_t	 X[32], cookie[INTROMSG_COOKIE];
	int	 cc, pow;
	uint8_t	 proof[INTROMSG_POW];
	uint8_t	 specs[128];
};

struct hspow_job {
	struct hspow_ask ask;
	hspow_fn	*fn;
	void		*arg;
	int		 open;
};

struct rig {
	struct loop	 loop;
	struct netdir	 netdir;
	struct relay	 dirs[RIG_DIRS];
	struct hopinfo	 rp;
	struct hsclient	*hs;
	struct hsclient_net net;
	struct hsauth	*auth;
	struct rig_intro intro[RIG_INTROS];
	struct hsdesc	 desc;		/* what directories have */
	int		 desc_rc;	/* ... and how it opens */
	uint8_t		 wants_key[32];	/* all zero: none */
	struct rig_circ	 circ[RIG_CIRCS];
	size_t		 ncircs;
	struct hspow_job job[RIG_JOBS];
	size_t		 njobs;
	int		 open_rc[HS_REND + 1], send_rc, fetch_rc, join_rc;
	int		 solve_rc;
	unsigned	 wakes, ndirs;
	uint8_t		 excluded[256];	/* by the first byte of the identity */
	int		 strict;
	unsigned	 opens, rings;	/* asked for a circuit; made */
	int		 no_last;
};

extern struct rig *rig;			/* the one there is */
void	rig_must(int ok, const char *file, int line);
#define must(ok) rig_must((ok), __FILE__, __LINE__)

extern uint8_t rig_service[2][32];	/* keys that are keys */
extern int64_t rig_start;		/* s since 1970, of rig_new() */
extern const uint8_t rig_token[2][HSCLIENT_TOKEN];

void	rig_new(struct rig *, int testing);
void	rig_free(struct rig *);		/* and looks whether all is closed */
void	rig_turn(struct rig *);
void	rig_wait(struct rig *, int64_t ms);
/* The directory's answer, until there is a reason or nobody is asked; @status
 * < 0: circuits that go.  What the first token is told then. */
int	rig_answer_all(struct rig *, int status, unsigned *asked);
struct hsclient_totals rig_totals(const struct rig *);

enum { RIG_LATERS = 3 };
extern const int rig_laters[RIG_LATERS];	/* no answers, but reasons to wait */
/* Another consensus, hours later. */
void	rig_later(struct rig *, int64_t hours);
void	rig_key(struct rig *, const uint8_t key[32]);	/* NULL: none */

/* The last circuit of that kind that is open, or NULL. */
struct rig_circ *rig_last(struct rig *, enum hs_purpose);
size_t	rig_open(const struct rig *, enum hs_purpose);
size_t	rig_count(const struct rig *, enum hs_purpose);	/* ever */
void	rig_built(struct rig *, struct rig_circ *);
void	rig_gone(struct rig *, struct rig_circ *);
void	rig_lost(struct rig *, struct rig_circ *);	/* on our way */
/* Bytes of a descriptor; how many. */
size_t	rig_text(const struct rig *, uint8_t *out, size_t max);
void	rig_fetched(struct rig *, struct rig_circ *, int status);
int	rig_say(struct rig *, struct rig_circ *, uint8_t cmd, const void *,
	    size_t);
int	rig_established(struct rig *, struct rig_circ *);
int	rig_ack(struct rig *, struct rig_circ *, unsigned status);
/* The service opens what an introduction point got. 0 or -1. */
int	rig_read(struct rig *, const struct rig_circ *, struct rig_intro1 *);
/* Its answer to that, as RENDEZVOUS2's data. */
void	rig_reply(struct rig *, const struct rig_intro1 *,
	    uint8_t reply[HSNTOR_REPLY], struct hsntor_keys *);
/* The same, said as RENDEZVOUS2 on @rend; or of what @intro got. */
int	rig_answer(struct rig *, const struct rig_intro1 *,
	    struct rig_circ *rend);
int	rig_meet(struct rig *, struct rig_circ *intro, struct rig_circ *rend);
void	rig_solve(struct rig *, size_t job, int err);

int	rig_get(struct rig *, int token, int service, void **);
/* The stages of a good visit, each on what is there. */
void	rig_to_descriptor(struct rig *, int token);
void	rig_to_introduced(struct rig *, int token);
void	rig_to_joined(struct rig *, int token);

#endif
