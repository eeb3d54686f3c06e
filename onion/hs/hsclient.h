/* onion/hs/hsclient.h - reaching onion services: from an address to a circuit
 * (rend-spec-v3 1.2, 3, 4; map 15)
 *
 * Sans IO: circuits are another's (struct hsclient_net), and so are the clock
 * and the proof of work.  Who wants a service asks by hsclient_get() again and
 * again, whenever told by wake(), until there is a circuit or a reason.
 *
 * What is learned (descriptors, failures of introduction points, which
 * directory was asked when) is kept by token: one client's visit is not to be
 * seen in another's, not even by its timing.
 */
#ifndef ONION_HS_HSCLIENT_H
#define ONION_HS_HSCLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "onion/hs/hspow.h"
#include "onion/hs/hstime.h"
#include "onion/link/relayid.h"

struct hsauth;
struct hsclient;
struct hsntor_keys;
struct loop;
struct netdir;

enum hs_purpose { HS_DIR = 1, HS_INTRO, HS_REND };

enum {
	HSCLIENT_TOKEN = 16,
	HSCLIENT_OWNER = 6,	/* its first bytes: the client whose it is, as
				 * to what one may have */
	/* That are known (the one that was longest not asked for is forgotten):
	 * of all, and of a token. */
	HSCLIENT_SERVICES_MAX = 4096,
	HSCLIENT_SERVICES_EACH = 256,
	/* That are being reached (others wait): of all, and of a client. */
	HSCLIENT_TRYING_MAX = 128,
	HSCLIENT_TRYING_EACH = 32,
	/* Circuits of a client, those that are given up and still carry streams
	 * too: a quarter of what the pool has for all (POOL_HS_MAX). */
	HSCLIENT_CIRCS_EACH = 192
};

struct hsclient_want {			/* a circuit */
	enum hs_purpose		 purpose;
	const uint8_t		*token;	/* HSCLIENT_TOKEN bytes */
	const struct hopinfo	*last;	/* NULL where HS_REND */
	int			 stable; /* LongLivedPorts */
};

/* What it does through others.  A circuit is named by the void pointer that
 * open() gave; its events come by the calls below with the same.  After
 * close(), and after hsclient_gone(), neither side uses it again.  None of
 * these may call back; close() comes at the end of a turn, or from within
 * hsclient_free(). */
struct hsclient_net {
	/* A circuit of guard, vanguard and a middle relay, which is the
	 * rendezvous point of HS_REND; behind it @last for the others.  0;
	 * -EAGAIN: nobody gets one now, -EBUSY: not that one, and either way
	 * hsclient_room() tells when to ask again; else -errno. */
	int	(*open)(void *arg, const struct hsclient_want *, void **circ);
	/* ExcludeNodes.  0; 1: only where there is nobody else; -EACCES: never
	 * (StrictNodes). */
	int	(*excluded)(void *arg, const struct hopinfo *);
	/* GET @path of its last hop: hsclient_fetched() comes, or gone(). */
	int	(*fetch)(void *arg, void *circ, const char *path);
	/* To its last hop, on stream 0. */
	int	(*send)(void *arg, void *circ, uint8_t cmd, const uint8_t *data,
		    size_t len);
	/* Who its last hop is, as it was extended to. */
	const struct hopinfo *(*last)(void *arg, void *circ);
	/* The service is behind it from now on, as one more hop; streams may
	 * come.  @cc: congestion control, with that increment. */
	int	(*join)(void *arg, void *circ, const struct hsntor_keys *,
		    int cc, uint8_t sendme_inc);
	void	(*close)(void *arg, void *circ);
	/* Whoever waits should ask hsclient_get() again.  Never from within a
	 * call. */
	void	(*wake)(void *arg);
	/* hspow_solve(), hspow_cancel(); solve NULL: no proofs. */
	int	(*solve)(void *arg, const struct hspow_ask *, hspow_fn *,
		    void *cb_arg, struct hspow_job **);
	void	(*unsolve)(void *arg, struct hspow_job *);
};

struct hsclient_conf {
	struct loop	*loop;
	const struct hsclient_net *net;
	void		*arg;
	const struct hsauth *auth;	/* borrowed */
	int		 testing;	/* TestingTorNetwork: see the map */
	int64_t		(*now_s)(void *arg);	/* since 1970, as best known */
};

int	hsclient_new(struct hsclient **, const struct hsclient_conf *);
void	hsclient_free(struct hsclient *);	/* closes its circuits */
void	hsclient_set_auth(struct hsclient *, const struct hsauth *);
/* Borrowed until the next; NULL: none. */
void	hsclient_set_netdir(struct hsclient *, const struct netdir *);
/* All that was learned is forgotten; circuits that stand get no new streams. */
void	hsclient_newnym(struct hsclient *);

/* 0 and the circuit that leads to the service for that token, of relays that
 * are Stable if it is made for @stable; -EAGAIN: it is being tried, or there is
 * no directory or no room yet, and wake() comes; else -errno or -WHY_HS_*.  A reason stands for a second, so that all who wait get
 * it, for longer where it comes again and again (30 s at most), and a minute
 * where it is a missing key; after that a call tries anew.  What nobody asks
 * for in two minutes is given up; sooner while work is proved for it. */
int	hsclient_get(struct hsclient *, const uint8_t token[HSCLIENT_TOKEN],
	    const uint8_t service[32], int stable, void **circ);
/* No more streams over that one. */
void	hsclient_spoil(struct hsclient *, void *circ);

/* Events of circuits. */
void	hsclient_built(struct hsclient *, void *circ);
/* A message of an onion service's kind from its last hop, stream 0.  0, or
 * -EPROTO: it must be closed, and gone() comes; it is not used until then. */
int	hsclient_message(struct hsclient *, void *circ, uint8_t cmd,
	    const uint8_t *data, size_t len);
/* status 0: no answer came. */
void	hsclient_fetched(struct hsclient *, void *circ, int status,
	    const uint8_t *body, size_t len);
/* @reached: it led as far as to the relay before its last one. */
void	hsclient_gone(struct hsclient *, void *circ, int reached);
void	hsclient_room(struct hsclient *);	/* open() may be tried again */

struct hsclient_totals {
	size_t		services, trying, standing;
	size_t		sealed;		/* bytes of descriptors */
	uint64_t	fetched, introduced, joined, failed;
};
void	hsclient_totals(const struct hsclient *, struct hsclient_totals *);

#endif
