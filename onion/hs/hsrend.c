/* onion/hs/hsrend.c - where the service meets us (rend-spec-v3 4)
 *
 *	BUILDING --built--> ESTABLISHING --39--> READY
 *	                                         ^   | INTRODUCE1
 *	                                 refused |   v
 *	                                      INTRODUCED --37--> JOINED
 *
 * Any other message in any other stage closes the circuit (map 15: 41297): the
 * rendezvous point is nobody that we trust, and must not be able to move us on.
 * RENDEZVOUS2 is proof enough that the service was told, so it may come before
 * INTRODUCE_ACK does; its keys are those of the one INTRODUCE1 that is out, and
 * only one is for each rendezvous.
 */
#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/why.h"
#include "onion/hs/hsclient_int.h"

void
hs_rend_step(struct hs_service *s)
{
	struct hs_circ *c;
	int rc;

	if (s->try->rend)
		return;
	rc = hs_circ_open(s, HS_REND, NULL, &c);
	if (rc < 0 && rc != -EAGAIN)
		hs_try_fail(s, rc);
}

void
hs_rend_built(struct hs_circ *c)
{
	if (hs_circ_send(c, HS_CMD_ESTABLISH_RENDEZVOUS, c->cookie,
	    sizeof(c->cookie)) < 0)
		hs_rend_failed(c);
	else
		hs_circ_stage(c, HS_ESTABLISHING, HS_ESTABLISH_MS);
}

/* Who was told to come there is not waited for. */
void
hs_rend_failed(struct hs_circ *c)
{
	struct hs_service *s = c->service;
	struct hs_try *t = s->try;

	if (t->intro && t->intro->stage == HS_ACK_WAIT)
		hs_circ_drop(t->intro);
	hs_circ_drop(c);
	if (++t->rend_tries >= HS_REND_TRIES_MAX)
		hs_try_fail(s, t->silent ? -WHY_HS_TIMEOUT : -WHY_HS_REND);
	else
		hs_kick(s);
}

void
hs_rend_timeout(struct hs_circ *c)
{
	if (c->stage == HS_INTRODUCED) {
		c->service->try->silent = 1;
		hs_intro_silent(c->service, c->intro.auth);
	}
	hs_rend_failed(c);
}

/* How long that may take is for INTRODUCE_ACK to say, first. */
void
hs_rend_introduced(struct hs_circ *c, const struct hsdesc_intro *by)
{
	c->intro = *by;
	hs_circ_stage(c, HS_INTRODUCED, 0);
}

void
hs_rend_refused(struct hs_circ *c)
{
	memset(&c->intro, 0, sizeof(c->intro));
	hs_circ_stage(c, HS_READY, 0);
}

void
hs_rend_acked(struct hs_circ *c)
{
	if (c->stage == HS_INTRODUCED)
		hs_circ_stage(c, HS_INTRODUCED, HS_REND_MS);
}

/* --- messages --- */

static int
established(struct hs_circ *c)
{
	if (c->stage != HS_ESTABLISHING)
		return -EPROTO;
	hs_circ_stage(c, HS_READY, 0);
	hs_kick(c->service);
	return 0;
}

static void
settle(struct hs_circ *c)
{
	struct hs_service *s = c->service;

	s->try->rend = NULL;
	s->joined = c;
	c->hs->nstanding++;
	hs_circ_stage(c, HS_JOINED, 0);
	secret_wipe(c->cookie, sizeof(c->cookie));
	secret_wipe(&c->ntor, sizeof(c->ntor));
	hs_try_end(s);
	hs_asked_forget(s);
	s->err = 0;
	s->errs = 0;
	s->pow_failures = 0;
	c->hs->totals.joined++;
	hs_wake(c->hs);
}

static int
rendezvous2(struct hs_circ *c, const uint8_t *data, size_t len)
{
	struct hsclient *hs = c->hs;
	struct hsntor_keys keys;
	int rc;

	if (c->stage != HS_INTRODUCED || len < HSNTOR_REPLY)
		return -EPROTO;
	if (hsntor_finish(&c->ntor, c->intro.auth, c->intro.enc, data,
	    &keys) < 0)
		return -EPROTO;
	rc = hs->conf.net->join(hs->conf.arg, c->circ, &keys, c->want_cc,
	    c->want_cc ? c->sendme_inc : 0);
	secret_wipe(&keys, sizeof(keys));
	if (rc < 0)
		return rc;
	settle(c);
	return 0;
}

int
hs_rend_message(struct hs_circ *c, uint8_t cmd, const uint8_t *data,
    size_t len)
{
	switch (cmd) {
	case HS_CMD_RENDEZVOUS_ESTABLISHED:
		return established(c);
	case HS_CMD_RENDEZVOUS2:
		return rendezvous2(c, data, len);
	default:
		return -EPROTO;
	}
}
