/* onion/hs/hsclient.c - reaching onion services: what is known of them
 *
 * Theory of operation
 *	A service is known by token and key, and everything learned of it stands
 *	there: its descriptor, which directories were asked and when, which of
 *	its introduction points failed, how the last reach ended, and the
 *	circuit that leads to it.  Nothing of it is ever looked at for another
 *	token.
 *
 *	  get -> descriptor? --no--> fetch (hsfetch.c) -.
 *	             |yes                               |
 *	             v                                  v
 *	   rendezvous point (hsrend.c) and introduction point (hsintro.c), at
 *	   the same time, and the puzzle, if there is one
 *	             |
 *	     INTRODUCE1 -> RENDEZVOUS2 -> joined: for all further streams
 *
 *	A try (hstry.c) is such a reach; a service has one at most.  It ends
 *	with a joined circuit or a reason, or because nobody asks any more.
 * Invariants
 *	Calls down (open, send, close, ...) are made at the end of a turn, or in
 *	answer to the event that they follow from; never close or wake.  Every
 *	circuit that open() gave is closed, unless it was gone.
 * Time
 *	Which period it is, and so the keys, is said by the consensus.  A new
 *	period makes all descriptors useless (rend-spec-v3 2.2.1); circuits that
 *	are joined, or introduced, do not care.
 * Room
 *	Where open() says that nobody gets a circuit, nobody asks again until
 *	room() comes: what waits costs nothing.  What fails on our side (no
 *	room, no memory, no path, a circuit that did not come near) is held
 *	against no directory and no introduction point, and is no answer about
 *	the service.
 * Limits
 *	HSCLIENT_*_MAX and _EACH, HS_CIRCS_MAX.  Whoever can have many tokens
 *	has no more tries, circuits and proofs of work for it.  A descriptor
 *	opened is 10 KB at most; sealed ones are HS_SEALED_SUM_MAX bytes
 *	together.
 */
#include "onion/hs/hsclient.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/secret.h"
#include "base/why.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/hs/hsclient_int.h"

/* --- clients and their tokens --- */

static struct hs_client *
client_get(struct hsclient *hs, const uint8_t *token)
{
	struct hs_client *c = map_get(hs->clients, token);

	if (c || (c = calloc(1, sizeof(*c))) == NULL)
		return c;
	memcpy(c->owner, token, sizeof(c->owner));
	if (map_put(hs->clients, c->owner, c) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

void
hs_client_release(struct hsclient *hs, struct hs_client *c)
{
	if (c->nservices || c->ncircs)
		return;
	(void)map_del(hs->clients, c->owner);
	free(c);
}

static struct hs_token *
token_get(struct hsclient *hs, const uint8_t *token)
{
	struct hs_token *k = map_get(hs->tokens, token);

	if (k || (k = calloc(1, sizeof(*k))) == NULL)
		return k;
	memcpy(k->token, token, sizeof(k->token));
	TAILQ_INIT(&k->services);
	if (map_put(hs->tokens, token, k) < 0) {
		free(k);
		return NULL;
	}
	return k;
}

static void
token_release(struct hsclient *hs, struct hs_token *k)
{
	if (k->nservices)
		return;
	(void)map_del(hs->tokens, k->token);
	free(k);
}

/* --- services --- */

static void
make_key(uint8_t key[HS_KEY], const uint8_t *token, const uint8_t *service)
{
	memcpy(key, token, HSCLIENT_TOKEN);
	memcpy(key + HSCLIENT_TOKEN, service, 32);
}

struct hs_service *
hs_service_find(struct hsclient *hs, const uint8_t *token,
    const uint8_t *service)
{
	uint8_t key[HS_KEY];

	make_key(key, token, service);
	return map_get(hs->services, key);
}

static void
enlist(struct hs_service *s)
{
	s->used = s->hs->conf.loop->now;
	TAILQ_INSERT_TAIL(&s->hs->used, s, link);
	TAILQ_INSERT_TAIL(&s->owner->services, s, mine);
}

static void
delist(struct hs_service *s)
{
	TAILQ_REMOVE(&s->hs->used, s, link);
	TAILQ_REMOVE(&s->owner->services, s, mine);
}

void
hs_forget_sealed(struct hs_service *s)
{
	if (s->sealed == NULL)
		return;
	s->hs->sealed -= s->sealed_len;
	secret_wipe(s->sealed, s->sealed_len);
	free(s->sealed);
	s->sealed = NULL;
	s->sealed_len = 0;
}

void
hs_forget_descriptor(struct hs_service *s)
{
	struct hs_try *t = s->try;

	free(s->desc);
	s->desc = NULL;
	hs_forget_sealed(s);
	if (t == NULL)
		return;
	hs_pow_stop(t);
	if (t->intro && t->intro->stage != HS_ACK_WAIT)
		hs_circ_drop(t->intro);
}

void
hs_service_free(struct hs_service *s)
{
	struct hsclient *hs = s->hs;

	hs_try_end(s);
	if (s->joined)
		hs_circ_detach(s->joined);
	hs_forget_descriptor(s);
	if (s->is_ready)
		TAILQ_REMOVE(&hs->ready, s, ready);
	delist(s);
	(void)map_del(hs->services, s->key);
	s->owner->nservices--;
	token_release(hs, s->owner);
	s->client->nservices--;
	hs_client_release(hs, s->client);
	secret_wipe(s, sizeof(*s));
	free(s);
}

/* Who was not asked for the longest, and is not being reached. */
static int
evict(struct hsclient *hs, struct hs_token *k)
{
	struct hs_service *s;

	if (k->nservices > HSCLIENT_SERVICES_EACH) {
		TAILQ_FOREACH(s, &k->services, mine)
			if (s->try == NULL)
				break;
	} else if (map_count(hs->services) >= HSCLIENT_SERVICES_MAX) {
		TAILQ_FOREACH(s, &hs->used, link)
			if (s->try == NULL)
				break;
	} else
		return 0;
	if (s == NULL)
		return -EAGAIN;
	hs_service_free(s);
	return 0;
}

struct hs_service *
hs_service_make(struct hsclient *hs, const uint8_t *token,
    const uint8_t *service)
{
	struct hs_token *k = token_get(hs, token);
	struct hs_service *s = NULL;

	if (k == NULL)
		return NULL;
	k->nservices++;			/* so that it stays */
	if (evict(hs, k) < 0 || (s = calloc(1, sizeof(*s))) == NULL)
		goto fail;
	s->hs = hs;
	s->owner = k;
	make_key(s->key, token, service);
	if ((s->client = client_get(hs, token)) == NULL)
		goto fail;
	s->client->nservices++;
	if (map_put(hs->services, s->key, s) < 0)
		goto fail_client;
	enlist(s);
	if (!hs->sweep.armed)
		loop_timer_in(hs->conf.loop, &hs->sweep, HS_SWEEP_MS);
	return s;

fail_client:
	s->client->nservices--;
	hs_client_release(hs, s->client);
fail:
	free(s);
	k->nservices--;
	token_release(hs, k);
	return NULL;
}

int
hs_has_descriptor(struct hs_service *s)
{
	struct hsclient *hs = s->hs;

	return s->desc && hs->conf.loop->now < s->desc_until &&
	    hs->conf.now_s(hs->conf.arg) < s->desc->cert_expires;
}

int
hs_blind(struct hs_service *s)
{
	const struct hstime *t = &s->hs->time;
	int rc;

	if (s->has_blind)
		return 0;
	if ((rc = blind_service(&s->blind, s->key + HSCLIENT_TOKEN, t->period,
	    t->minutes)) < 0)
		return rc;
	s->has_blind = 1;
	return 0;
}

/* --- what changes around us --- */

int
hs_is_live(const struct hsclient *hs)
{
	return hs->netdir && consensus_reasonably_live(hs->netdir->valid_after,
	    hs->netdir->valid_until, hs->conf.now_s(hs->conf.arg));
}

const struct hsring *
hs_ring(struct hsclient *hs)
{
	if (hs->ring == NULL &&
	    hsring_new(&hs->ring, hs->netdir, &hs->time) < 0)
		hs->ring = NULL;
	return hs->ring;
}

static void
kick_all(struct hsclient *hs)
{
	struct hs_try *t;

	hs->no_room = 0;
	TAILQ_FOREACH(t, &hs->tries, link)
		hs_kick(t->service);
}

/* In a new period a service has another key, at other directories. */
static void
new_period(struct hs_service *s)
{
	struct hs_try *t = s->try;

	s->has_blind = 0;
	s->err = 0;
	s->errs = 0;
	hs_asked_forget(s);
	hs_forget_descriptor(s);
	if (t == NULL)
		return;
	if (t->dir)
		hs_circ_drop(t->dir);
	t->refresh = 0;
	t->refreshed = 0;
	t->invalid = 0;
}

void
hsclient_set_netdir(struct hsclient *hs, const struct netdir *nd)
{
	struct hstime was = hs->time;
	struct hs_service *s;

	hsring_free(hs->ring);
	hs->ring = NULL;
	hs->netdir = nd;
	if (nd == NULL)
		return;
	hstime_of(&hs->time, nd, hs->conf.testing);
	flow_params_load(&hs->flow, nd->params);
	if (was.period != hs->time.period || was.minutes != hs->time.minutes)
		TAILQ_FOREACH(s, &hs->used, link)
			new_period(s);
	kick_all(hs);
	hs_wake(hs);
}

void
hsclient_set_auth(struct hsclient *hs, const struct hsauth *auth)
{
	struct hs_service *s;

	hs->conf.auth = auth;
	TAILQ_FOREACH(s, &hs->used, link) {
		if (s->err == -WHY_HS_AUTH_MISSING ||
		    s->err == -WHY_HS_AUTH_WRONG)
			s->err = 0;
		if (s->sealed == NULL)
			continue;
		s->reopen = 1;
		s->err = 0;
		hs_kick(s);
	}
	hs_wake(hs);
}

void
hsclient_newnym(struct hsclient *hs)
{
	struct hs_service *s;

	while ((s = TAILQ_FIRST(&hs->used)) != NULL)
		hs_service_free(s);
	hs_wake(hs);
}

void
hsclient_room(struct hsclient *hs)
{
	kick_all(hs);
}

/* --- time --- */

static int
is_useless(struct hs_service *s)
{
	return s->try == NULL && s->joined == NULL && !hs_has_descriptor(s) &&
	    s->sealed == NULL && s->hs->conf.loop->now >= s->err_until &&
	    !hs_asked_any(s) && !hs_failed_any(s);
}

/* How long may nobody ask for it? */
static int64_t
patience_ms(const struct hs_try *t)
{
	return t->job ? HS_UNWANTED_MS : HS_IDLE_MS;
}

static void
on_sweep(void *arg)
{
	struct hsclient *hs = arg;
	struct hs_service *s, *next;
	int64_t now = hs->conf.loop->now;

	for (s = TAILQ_FIRST(&hs->used); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (now - s->sealed_at >= HS_SEALED_MS)
			hs_forget_sealed(s);
		if (s->try && now - s->try->asked >= patience_ms(s->try))
			hs_try_end(s);
		if (is_useless(s))
			hs_service_free(s);
	}
	kick_all(hs);			/* if room() was missed */
	if (hs->ntrying)
		hs_wake(hs);		/* does anybody still want it? */
	if (!TAILQ_EMPTY(&hs->used))
		loop_timer_in(hs->conf.loop, &hs->sweep, HS_SWEEP_MS);
}

static void
on_wake(void *arg)
{
	struct hsclient *hs = arg;

	hs->conf.net->wake(hs->conf.arg);
}

void
hs_wake(struct hsclient *hs)
{
	loop_item_add(hs->conf.loop, &hs->wake);
}

void
hs_note_excluded(struct hsclient *hs, const char *what)
{
	log_limited(&hs->excluded_limit, LL_WARN, LD_CIRC, "An onion service "
	    "cannot be reached: ExcludeNodes has all of its %s that are left, "
	    "and StrictNodes is set.", what);
}

/* --- the question --- */

static int
is_full(const struct hsclient *hs, const uint8_t *token)
{
	const struct hs_client *c = map_get(hs->clients, token);

	return hs->ntrying >= HSCLIENT_TRYING_MAX ||
	    (c && c->ntrying >= HSCLIENT_TRYING_EACH);
}

static int
begin(struct hsclient *hs, const uint8_t *token, const uint8_t *service,
    int stable)
{
	struct hs_service *s = hs_service_find(hs, token, service);
	int rc;

	if (!hs_is_live(hs) || is_full(hs, token))
		return -EAGAIN;
	if (s == NULL && (s = hs_service_make(hs, token, service)) == NULL)
		return -ENOMEM;
	rc = hs_try_begin(s, stable);
	return rc < 0 ? rc : -EAGAIN;
}

int
hsclient_get(struct hsclient *hs, const uint8_t token[HSCLIENT_TOKEN],
    const uint8_t service[32], int stable, void **circ)
{
	struct hs_service *s = hs_service_find(hs, token, service);

	if (s == NULL)
		return begin(hs, token, service, stable);
	delist(s);
	enlist(s);
	if (s->joined) {
		*circ = s->joined->circ;
		return 0;
	}
	if (s->try) {
		s->try->asked = hs->conf.loop->now;
		s->try->stable |= stable != 0;
		return -EAGAIN;
	}
	if (s->err && hs->conf.loop->now < s->err_until)
		return s->err;
	return begin(hs, token, service, stable);
}

/* --- life --- */

int
hsclient_new(struct hsclient **out, const struct hsclient_conf *conf)
{
	struct hsclient *hs = calloc(1, sizeof(*hs));

	if (hs == NULL)
		return -ENOMEM;
	hs->conf = *conf;
	TAILQ_INIT(&hs->used);
	TAILQ_INIT(&hs->ready);
	TAILQ_INIT(&hs->closing);
	TAILQ_INIT(&hs->tries);
	loop_item_init(&hs->work, hs_work, hs);
	loop_item_init(&hs->wake, on_wake, hs);
	loop_timer_init(&hs->sweep, on_sweep, hs);
	hs->failed_limit.every_s = 10;
	hs->protocol_limit.every_s = 60;
	hs->excluded_limit.every_s = 60;
	flow_params_load(&hs->flow, NULL);
	hs->services = map_new(HS_KEY, HSCLIENT_SERVICES_MAX);
	hs->tokens = map_new(HSCLIENT_TOKEN, HSCLIENT_SERVICES_MAX + 1);
	hs->clients = map_new(HSCLIENT_OWNER, HSCLIENT_SERVICES_MAX + 1 +
	    HS_CIRCS_MAX);
	hs->circs = map_new(sizeof(void *), HS_CIRCS_MAX);
	if (!hs->services || !hs->tokens || !hs->clients || !hs->circs) {
		hsclient_free(hs);
		return -ENOMEM;
	}
	*out = hs;
	return 0;
}

void
hsclient_free(struct hsclient *hs)
{
	struct hs_service *s;

	if (hs == NULL)
		return;
	while ((s = TAILQ_FIRST(&hs->used)) != NULL)
		hs_service_free(s);
	if (hs->circs)
		hs_circs_free(hs);
	loop_item_clear(hs->conf.loop, &hs->work);
	loop_item_clear(hs->conf.loop, &hs->wake);
	loop_timer_clear(hs->conf.loop, &hs->sweep);
	hsring_free(hs->ring);
	map_free(hs->services);
	map_free(hs->tokens);
	map_free(hs->clients);
	map_free(hs->circs);
	free(hs);
}

void
hsclient_totals(const struct hsclient *hs, struct hsclient_totals *t)
{
	*t = hs->totals;
	t->services = map_count(hs->services);
	t->trying = hs->ntrying;
	t->standing = hs->nstanding;
	t->sealed = hs->sealed;
}
