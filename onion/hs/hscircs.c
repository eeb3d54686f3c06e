/* onion/hs/hscircs.c - the circuits that hsclient has open
 *
 * All stand in one table, by the pointer that names them, until close() or
 * gone().  Closing waits for the end of the turn, so that no circuit is closed
 * within a call that it made; what comes for it until then finds it dead.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/rand.h"
#include "base/secret.h"
#include "onion/hs/hsclient_int.h"

struct hs_circ *
hs_circ_find(const struct hsclient *hs, const void *circ)
{
	uint8_t key[sizeof(void *)];

	memcpy(key, &circ, sizeof(key));
	return map_get(hs->circs, key);
}

static void
on_timer(void *arg)
{
	struct hs_circ *c = arg;

	switch (c->purpose) {
	case HS_DIR:
		hs_fetch_failed(c);
		break;
	case HS_INTRO:
		hs_intro_failed(c, c->stage == HS_ACK_WAIT ? HS_TIMED_OUT :
		    HS_UNREACHABLE);
		break;
	case HS_REND:
		hs_rend_timeout(c);
		break;
	}
}

static struct hs_circ **
slot(struct hs_service *s, enum hs_purpose purpose)
{
	if (purpose == HS_DIR)
		return &s->try->dir;
	return purpose == HS_INTRO ? &s->try->intro : &s->try->rend;
}

/* What makes a rendezvous ours is drawn before anybody can have seen the
 * circuit (map 15: 41297). */
static int
draw(struct hs_circ *c)
{
	if (c->purpose != HS_REND)
		return 0;
	rand_bytes(c->cookie, sizeof(c->cookie));
	return hsntor_new(&c->ntor);
}

static int
enter(struct hs_circ *c)
{
	uint8_t key[sizeof(void *)];

	memcpy(key, &c->circ, sizeof(key));
	return map_put(c->hs->circs, key, c);
}

int
hs_circ_may_open(const struct hs_service *s)
{
	const struct hsclient *hs = s->hs;

	return !hs->no_room && map_count(hs->circs) < HS_CIRCS_MAX &&
	    s->client->ncircs < HSCLIENT_CIRCS_EACH;
}

/* Ours from here on: the keys too, before any event of it can come. */
static int
own(struct hs_circ *c, struct hs_service *s)
{
	int rc;

	if ((rc = draw(c)) < 0 || (rc = enter(c)) < 0) {
		c->hs->conf.net->close(c->hs->conf.arg, c->circ);
		return rc;
	}
	c->service = s;
	c->client = s->client;
	c->client->ncircs++;
	*slot(s, c->purpose) = c;
	hs_circ_stage(c, HS_BUILDING, HS_BUILD_MS);
	return 0;
}

int
hs_circ_open(struct hs_service *s, enum hs_purpose purpose,
    const struct hopinfo *last, struct hs_circ **out)
{
	struct hsclient_want want = { .purpose = purpose, .token = s->key,
		.last = last,
		.stable = purpose == HS_REND && s->try->stable };
	struct hsclient *hs = s->hs;
	struct hs_circ *c;
	int rc;

	if (!hs_circ_may_open(s) || (c = calloc(1, sizeof(*c))) == NULL)
		return -EAGAIN;
	c->hs = hs;
	c->purpose = purpose;
	loop_timer_init(&c->timer, on_timer, c);
	rc = hs->conf.net->open(hs->conf.arg, &want, &c->circ);
	if (rc == -EAGAIN)
		hs->no_room = 1;
	if (rc < 0 || (rc = own(c, s)) < 0) {
		secret_wipe(c, sizeof(*c));
		free(c);
		return rc == -EBUSY || rc == -ENOMEM ? -EAGAIN : rc;
	}
	*out = c;
	return 0;
}

void
hs_circ_stage(struct hs_circ *c, enum hs_stage stage, int64_t ms)
{
	c->stage = stage;
	if (ms)
		loop_timer_in(c->hs->conf.loop, &c->timer, ms);
	else
		loop_timer_clear(c->hs->conf.loop, &c->timer);
}

/* What it served does not know it any more; a joined one still stands. */
void
hs_circ_detach(struct hs_circ *c)
{
	struct hs_service *s = c->service;

	if (s == NULL)
		return;
	if (s->joined == c) {
		s->joined = NULL;
		c->hs->nstanding--;
	} else
		*slot(s, c->purpose) = NULL;
	c->service = NULL;
	loop_timer_clear(c->hs->conf.loop, &c->timer);
}

void
hs_circ_drop(struct hs_circ *c)
{
	hs_circ_detach(c);
	hs_circ_stage(c, HS_DEAD, 0);
	if (c->is_closing)
		return;
	c->is_closing = 1;
	TAILQ_INSERT_TAIL(&c->hs->closing, c, closing);
	loop_item_add(c->hs->conf.loop, &c->hs->work);
}

static void
unclose(struct hs_circ *c)
{
	if (!c->is_closing)
		return;
	c->is_closing = 0;
	TAILQ_REMOVE(&c->hs->closing, c, closing);
}

void
hs_circ_free(struct hs_circ *c)
{
	uint8_t key[sizeof(void *)];

	hs_circ_detach(c);
	loop_timer_clear(c->hs->conf.loop, &c->timer);
	unclose(c);
	memcpy(key, &c->circ, sizeof(key));
	(void)map_del(c->hs->circs, key);
	c->client->ncircs--;
	hs_client_release(c->hs, c->client);
	secret_wipe(c, sizeof(*c));
	free(c);
}

static void
shut(struct hs_circ *c)
{
	struct hsclient *hs = c->hs;
	void *circ = c->circ;

	hs_circ_free(c);
	hs->conf.net->close(hs->conf.arg, circ);
}

void
hs_circs_close(struct hsclient *hs)
{
	struct hs_circ *c;

	while ((c = TAILQ_FIRST(&hs->closing)) != NULL)
		shut(c);
}

void
hs_circs_free(struct hsclient *hs)
{
	struct hs_circ *c;
	size_t i = 0;

	while ((c = map_next(hs->circs, &i)) != NULL)
		shut(c);
}

int
hs_circ_send(struct hs_circ *c, uint8_t cmd, const uint8_t *data, size_t len)
{
	struct hsclient *hs = c->hs;

	return hs->conf.net->send(hs->conf.arg, c->circ, cmd, data, len);
}

/* --- events --- */

void
hsclient_built(struct hsclient *hs, void *circ)
{
	struct hs_circ *c = hs_circ_find(hs, circ);

	if (c == NULL || c->stage != HS_BUILDING)
		return;
	switch (c->purpose) {
	case HS_DIR:
		hs_fetch_built(c);
		break;
	case HS_INTRO:
		/* It waits for the rendezvous point and the proof of work,
		 * each of which has its own limit. */
		hs_circ_stage(c, HS_BUILT, 0);
		hs_kick(c->service);
		break;
	case HS_REND:
		hs_rend_built(c);
		break;
	}
}

static int
deliver(struct hs_circ *c, uint8_t cmd, const uint8_t *data, size_t len)
{
	if (c->service == NULL)
		return -EPROTO;
	if (c->purpose == HS_INTRO)
		return hs_intro_message(c, cmd, data, len);
	return c->purpose == HS_REND ? hs_rend_message(c, cmd, data, len) :
	    -EPROTO;
}

/* Who breaks the protocol loses the circuit, and whatever depended on it is
 * begun anew. */
static void
accuse(struct hs_circ *c, uint8_t cmd)
{
	static const char *const who[] = { [HS_DIR] = "A directory",
		[HS_INTRO] = "An introduction point",
		[HS_REND] = "A rendezvous point" };

	log_limited(&c->hs->protocol_limit, LL_INFO, LD_CIRC, "%s of an onion "
	    "service sent a message (%u) that was not due, or wrong.",
	    who[c->purpose], cmd);
}

static void
fail(struct hs_circ *c, enum hs_intro_fault fault)
{
	if (c->service == NULL)
		return;
	if (c->stage == HS_JOINED)
		hs_circ_detach(c);
	else if (c->purpose == HS_DIR)
		hs_fetch_failed(c);
	else if (c->purpose == HS_INTRO)
		hs_intro_failed(c, fault);
	else
		hs_rend_failed(c);
}

int
hsclient_message(struct hsclient *hs, void *circ, uint8_t cmd,
    const uint8_t *data, size_t len)
{
	struct hs_circ *c = hs_circ_find(hs, circ);
	int rc;

	if (c == NULL)
		return -EPROTO;
	if (c->is_closing)		/* it may not know yet */
		return 0;
	if ((rc = deliver(c, cmd, data, len)) == 0)
		return 0;
	if (rc == -EPROTO)
		accuse(c, cmd);
	fail(c, HS_REFUSED);
	unclose(c);			/* the other side will: gone() comes */
	return -EPROTO;
}

/* As long as it is not even near, that is our way's fault, and it is for the
 * pool to say how soon there is another. */
void
hsclient_gone(struct hsclient *hs, void *circ, int reached)
{
	struct hs_circ *c = hs_circ_find(hs, circ);
	struct hs_service *s;

	if (c == NULL)
		return;
	s = c->service;
	if (s && c->stage == HS_BUILDING && !reached) {
		hs_circ_detach(c);
		hs_kick(s);
	} else
		fail(c, HS_UNREACHABLE);
	hs_circ_free(c);
}

void
hsclient_spoil(struct hsclient *hs, void *circ)
{
	struct hs_circ *c = hs_circ_find(hs, circ);

	if (c && c->service && c->stage == HS_JOINED)
		hs_circ_detach(c);
}
