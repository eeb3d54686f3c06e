/* onion/hs/hsclient_int.h - what the files of hsclient share */
#ifndef ONION_HS_HSCLIENT_INT_H
#define ONION_HS_HSCLIENT_INT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/loop.h"
#include "onion/circ/flowctl.h"
#include "onion/hs/blind.h"
#include "onion/hs/hsclient.h"
#include "onion/hs/hsdesc.h"
#include "onion/hs/hsntor.h"
#include "onion/hs/hspow.h"
#include "onion/hs/hsring.h"
#include "onion/hs/hstime.h"
#include "onion/hs/intromsg.h"

struct map;

enum {
	HS_CIRCS_MAX = 8192,
	HS_KEY = HSCLIENT_TOKEN + 32,	/* token and service */
	HS_ASKED_MAX = 2 * HSRING_MAX,	/* directories, per service */

	/* An introduction point that failed is not asked again for so long. */
	HS_FAILURE_MS = 2 * 60 * 1000,
	HS_UNREACHABLE_MAX = 5,		/* circuits that came to nothing */
	/* Of one reach for a service. */
	HS_INTRO_TRIES_MAX = 24,
	HS_REND_TRIES_MAX = 4,
	HS_OUR_FAILURES_MAX = 4,

	/* A directory is not asked again for the same. */
	HS_REQUERY_MS = 15 * 60 * 1000,
	HS_REQUERY_TESTING_MS = 5 * 1000,

	/* Descriptors that we may not open: that old at most (none need live
	 * longer), and bytes of all. */
	HS_SEALED_MS = 60 * 60 * 1000,
	HS_SEALED_SUM_MAX = 2 * 1024 * 1024,

	/* Stages.  Circuits have a timeout of their own while they are built;
	 * this one is for those that have none. */
	HS_BUILD_MS = 90 * 1000,
	HS_FETCH_MS = 30 * 1000,
	HS_ESTABLISH_MS = 16 * 1000,
	HS_ACK_MS = 30 * 1000,
	HS_REND_MS = 30 * 1000,
	HS_POW_MS = 60 * 1000,		/* then it is done without */

	HS_SWEEP_MS = 30 * 1000,
	HS_IDLE_MS = 2 * 60 * 1000,	/* nobody asks any more */
	HS_UNWANTED_MS = 45 * 1000,	/* ... while work is proved for it;
					 * more than HS_SWEEP_MS, when who
					 * waits is woken */
	HS_AUTH_MS = 60 * 1000,		/* that a key is missing stands */
	/* Any other failure stands, doubling each time in a row. */
	HS_HOLD_MS = 1000,
	HS_HOLD_MAX_MS = 30 * 1000
};

/* Commands of relay messages (rend-spec-v3 3.2, 4.1). */
enum {
	HS_CMD_ESTABLISH_RENDEZVOUS = 33,
	HS_CMD_INTRODUCE1 = 34,
	HS_CMD_RENDEZVOUS2 = 37,
	HS_CMD_RENDEZVOUS_ESTABLISHED = 39,
	HS_CMD_INTRODUCE_ACK = 40
};

enum hs_stage {
	HS_DEAD,
	HS_BUILDING,
	HS_ASKED,		/* directory: GET is out */
	HS_BUILT,		/* introduction point: nothing was sent */
	HS_ACK_WAIT,		/* ... INTRODUCE1 is out */
	HS_ESTABLISHING,	/* rendezvous: ESTABLISH_RENDEZVOUS is out */
	HS_READY,		/* ... and answered; nobody was told of it */
	HS_INTRODUCED,		/* ... somebody was */
	HS_JOINED
};

struct hs_service;

/* A circuit that we opened, until it is closed or gone.  One without a service
 * serves nobody: it is joined and spoilt, or on its way out. */
struct hs_circ {
	struct hsclient		*hs;
	struct hs_client	*client;
	struct hs_service	*service;
	void			*circ;
	enum hs_purpose		 purpose;
	enum hs_stage		 stage;
	struct loop_timer	 timer;		/* of the stage */
	TAILQ_ENTRY(hs_circ)	 closing;
	uint8_t			 is_closing;
	/* HS_INTRO: to whom; HS_REND, INTRODUCED: by whom (auth, enc).
	 * HS_DIR: its relay is the directory. */
	struct hsdesc_intro	 intro;
	/* HS_REND: drawn when it was opened. */
	uint8_t			 cookie[INTROMSG_COOKIE];
	struct hsntor		 ntor;
	uint8_t			 want_cc, sendme_inc;
};

enum hs_pow_stage {
	HS_POW_NONE,
	HS_POW_WAITING,			/* there is no place for it yet */
	HS_POW_SOLVING,
	HS_POW_SOLVED,
	HS_POW_FAILED
};

/* One reach for a service: from a question to a circuit or a reason. */
struct hs_try {
	TAILQ_ENTRY(hs_try)	 link;
	struct hs_service	*service;
	int64_t			 asked;		/* ms, when anybody last did */
	struct hs_circ		*dir, *intro, *rend;
	uint8_t			 stable;	/* the rendezvous should last */
	uint8_t			 refresh;	/* the descriptor must be new */
	uint8_t			 refreshed;
	uint8_t			 invalid;	/* a directory had nonsense */
	uint8_t			 silent;	/* introduced, nobody came */
	unsigned		 intro_tries, rend_tries;
	unsigned		 ours;		/* failures that nobody else had
						 * a part in */
	enum hs_pow_stage	 pow_stage;
	struct hspow_job	*job;
	struct loop_timer	 pow_timer;
	uint8_t			 pow_late;	/* it is not waited for */
	uint8_t			 unproven;	/* INTRODUCE1 was, for it was
						 * late */
	uint8_t			 proof[INTROMSG_POW];
};

struct hs_asked {
	uint8_t	ed[32];
	int64_t	at;			/* ms; 0: nothing */
};

struct hs_failure {			/* of an introduction point */
	uint8_t	auth[32];
	int64_t	at;			/* ms, of the first; 0: nothing */
	uint8_t	refused;		/* it said no, or makes no sense */
	uint8_t	timed_out;
	uint8_t	unreachable;		/* times */
};

struct hs_client {			/* who has what */
	uint8_t			 owner[HSCLIENT_OWNER];
	size_t			 nservices, ntrying, ncircs;
};

struct hs_token {
	uint8_t			 token[HSCLIENT_TOKEN];
	size_t			 nservices;
	TAILQ_HEAD(, hs_service) services;	/* least recently used first */
};

/* All that one token knows of one service. */
struct hs_service {
	struct hsclient		*hs;
	struct hs_token		*owner;
	struct hs_client	*client;
	uint8_t			 key[HS_KEY];
	TAILQ_ENTRY(hs_service)	 link;		/* of all, by use */
	TAILQ_ENTRY(hs_service)	 mine;		/* of its token's */
	TAILQ_ENTRY(hs_service)	 ready;		/* to be stepped */
	uint8_t			 is_ready;
	int64_t			 used;		/* ms */

	uint8_t			 has_blind;	/* of this period */
	struct blind		 blind;

	struct hsdesc		*desc;
	int64_t			 desc_until;	/* ms */
	char			*sealed;	/* one that we could not open */
	size_t			 sealed_len;
	int64_t			 sealed_at;	/* ms, when it was fetched */
	uint8_t			 reopen;	/* there are new keys */

	struct hs_asked		 asked[HS_ASKED_MAX];
	struct hs_failure	 failures[HSDESC_INTROS_MAX];
	unsigned		 pow_failures;
	int64_t			 pow_failed_at;

	struct hs_try		*try;
	struct hs_circ		*joined;

	int			 err;		/* how the last try ended */
	int64_t			 err_until;	/* ms */
	unsigned		 errs;		/* in a row */
};

TAILQ_HEAD(hs_services, hs_service);
TAILQ_HEAD(hs_circs, hs_circ);
TAILQ_HEAD(hs_tries, hs_try);

struct hsclient {
	struct hsclient_conf	 conf;
	const struct netdir	*netdir;
	struct hsring		*ring;		/* of it; NULL: not made yet */
	uint8_t			 no_room;	/* open() said so */
	struct hstime		 time;
	struct flow_params	 flow;
	struct map		*services, *tokens, *clients, *circs;
	struct hs_services	 used;		/* least recently first */
	struct hs_services	 ready;
	struct hs_circs		 closing;
	struct hs_tries		 tries;
	size_t			 ntrying, nstanding;
	size_t			 sealed;	/* bytes, of all services */
	struct loop_item	 work, wake;
	struct loop_timer	 sweep;
	struct log_limit	 failed_limit, protocol_limit, excluded_limit;
	struct hsclient_totals	 totals;
};

/* --- hsclient.c: what is known --- */

struct hs_service *hs_service_find(struct hsclient *, const uint8_t *token,
	    const uint8_t *service);
struct hs_service *hs_service_make(struct hsclient *, const uint8_t *token,
	    const uint8_t *service);
void	hs_service_free(struct hs_service *);
/* A descriptor is at hand, opened and fresh? */
int	hs_has_descriptor(struct hs_service *);
void	hs_forget_descriptor(struct hs_service *);
void	hs_forget_sealed(struct hs_service *);
/* Of this time period.  0 or -errno: no such service can be. */
int	hs_blind(struct hs_service *);
int	hs_is_live(const struct hsclient *);	/* is there a directory? */
const struct hsring *hs_ring(struct hsclient *);	/* NULL: no memory */
/* Frees one that has nothing any more. */
void	hs_client_release(struct hsclient *, struct hs_client *);
void	hs_wake(struct hsclient *);
/* StrictNodes left none of @what. */
void	hs_note_excluded(struct hsclient *, const char *what);

/* --- hstry.c --- */

int	hs_try_begin(struct hs_service *, int stable);
void	hs_try_end(struct hs_service *);	/* closes all it has */
void	hs_try_fail(struct hs_service *, int err);	/* the same, and told */
/* Something failed here, which is nobody's fault: it is done again a few times,
 * then the try fails. */
void	hs_try_ours(struct hs_service *, int err);
void	hs_kick(struct hs_service *);		/* step it this turn */
void	hs_work(void *hsclient);

/* --- hscircs.c --- */

struct hs_circ *hs_circ_find(const struct hsclient *, const void *circ);
/* Is there any sense in asking for one now? */
int	hs_circ_may_open(const struct hs_service *);
/* 0; -EAGAIN: later, it is kicked then; -errno: there is no way to @last, which
 * is not @last's fault. */
int	hs_circ_open(struct hs_service *, enum hs_purpose,
	    const struct hopinfo *last, struct hs_circ **);
void	hs_circ_stage(struct hs_circ *, enum hs_stage, int64_t ms);
/* Out of its service's hands; closed at the end of the turn. */
void	hs_circ_drop(struct hs_circ *);
void	hs_circ_detach(struct hs_circ *);
void	hs_circ_free(struct hs_circ *);
void	hs_circs_close(struct hsclient *);	/* those that were dropped */
void	hs_circs_free(struct hsclient *);	/* all */
/* To its last hop; one that takes no message is dropped and -errno. */
int	hs_circ_send(struct hs_circ *, uint8_t cmd, const uint8_t *, size_t);

/* --- hsfetch.c: descriptors --- */

void	hs_fetch_step(struct hs_service *);
void	hs_fetch_built(struct hs_circ *);
void	hs_fetch_failed(struct hs_circ *);
int	hs_reopen(struct hs_service *);		/* a sealed one; 0 or why not */
void	hs_asked_forget(struct hs_service *);
int	hs_asked_any(const struct hs_service *);

/* --- hsintro.c --- */

enum hs_intro_fault { HS_REFUSED = 1, HS_TIMED_OUT, HS_UNREACHABLE };

void	hs_intro_step(struct hs_service *);
int	hs_intro_message(struct hs_circ *, uint8_t cmd, const uint8_t *,
	    size_t);
void	hs_intro_failed(struct hs_circ *, enum hs_intro_fault);
void	hs_intro_silent(struct hs_service *, const uint8_t auth[32]);
int	hs_failed_any(const struct hs_service *);
void	hs_introduce(struct hs_service *);	/* if all is there */
int	hs_pow_needed(const struct hs_service *);
int	hs_pow_expired(const struct hs_service *);
void	hs_pow_init(struct hs_try *);
void	hs_pow_step(struct hs_service *);
void	hs_pow_stop(struct hs_try *);

/* --- hsrend.c --- */

void	hs_rend_step(struct hs_service *);
void	hs_rend_built(struct hs_circ *);
int	hs_rend_message(struct hs_circ *, uint8_t cmd, const uint8_t *,
	    size_t);
void	hs_rend_failed(struct hs_circ *);
void	hs_rend_timeout(struct hs_circ *);
/* INTRODUCE1 went out with its cookie; it was refused, or passed on. */
void	hs_rend_introduced(struct hs_circ *, const struct hsdesc_intro *);
void	hs_rend_refused(struct hs_circ *);
void	hs_rend_acked(struct hs_circ *);

#endif
