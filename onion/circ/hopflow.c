/* onion/circ/hopflow.c - how much DATA may go to and from one hop
 *
 * Theory of operation
 *	Both ends count DATA cells and act at the same ones, so nothing but the
 *	counts has to agree.  A SENDME is accepted only in order, only when its
 *	cell went out, and only with that cell's digest; so the window can't
 *	grow beyond where it began.
 *
 *	The digest of a cell that is full of the application's bytes can be
 *	known to who knows those bytes.  So in every stretch of cells at least
 *	one leaves room for 16 random ones (proposal 289, 3.3); when is drawn
 *	anew each time, as other clients do it.
 */
#include "onion/circ/hopflow.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"

enum {
	RANDOM_FROM = FLOWCTL_CIRC_INC / 2, /* cells, then drawn from as many */
	RANDOM_ROOM = RELAY_PAD_GAP + RELAY_PAD_RANDOM,
	US_PER_MS = 1000
};

static void
draw_random(struct hopflow *f)
{
	f->unpredictable = 0;
	f->until_random = (uint8_t)(RANDOM_FROM + rand_below(RANDOM_FROM));
}

void
hopflow_init(struct hopflow *f, const struct flow_params *p, int cc,
    uint8_t inc, enum relay_format format)
{
	memset(f, 0, sizeof(*f));
	f->format = format;
	f->params = *p;
	f->cc = cc != 0;
	f->window = FLOWCTL_CIRC_WINDOW;
	sendme_init(&f->sendme, cc ? inc : FLOWCTL_CIRC_INC);
	vegas_init(&f->vegas, &f->params, f->sendme.inc);
	draw_random(f);
}

void
hopflow_fini(struct hopflow *f)
{
	sendme_fini(&f->sendme);
}

size_t
hopflow_room(const struct hopflow *f)
{
	if (f->cc)
		return (size_t)vegas_room(&f->vegas);
	return f->window > 0 ? (size_t)f->window : 0;
}

size_t
hopflow_cell(const struct hopflow *f)
{
	size_t most = relaymsg_max(f->format, RELAY_DATA);

	if (f->until_random == 0 && !f->unpredictable)
		return most - RANDOM_ROOM;
	return most;
}

int
hopflow_sent(struct hopflow *f, size_t len, const uint8_t tag[SENDME_TAG],
    int64_t now)
{
	if (len + RANDOM_ROOM <= relaymsg_max(f->format, RELAY_DATA))
		f->unpredictable = 1;
	if (f->until_random == 0)
		draw_random(f);
	else
		f->until_random--;
	if (f->cc)
		vegas_sent(&f->vegas);
	else
		f->window--;
	return sendme_sent(&f->sendme, tag, now);
}

/* Version 0 quotes nothing and so proves nothing; the live network has not
 * taken it for long (sendme_accept_min_version 1), and no relay sends it. */
int
hopflow_acked(struct hopflow *f, const struct relaymsg *m, int64_t now,
    int blocked)
{
	uint8_t version, whole[SENDME_TAG] = { 0 };
	const uint8_t *tag;
	int64_t sent_at;
	int rc;

	if ((rc = relaymsg_get_sendme(m, f->format, &version, &tag)) < 0)
		return rc;
	if (tag)
		tag = memcpy(whole, tag, relaymsg_tag(f->format));
	if ((rc = sendme_acked(&f->sendme, tag, &sent_at)) < 0)
		return rc;
	if (f->cc)
		vegas_acked(&f->vegas, (now - sent_at) * US_PER_MS, blocked);
	else
		f->window += FLOWCTL_CIRC_INC;
	return 0;
}

/* With fixed windows what is owed can't exceed one window.  With congestion
 * control we don't know the peer's: sendme's ceiling has to do. */
int
hopflow_got(struct hopflow *f, const uint8_t tag[SENDME_TAG])
{
	const struct sendme *s = &f->sendme;

	if (!f->cc && s->owed.n * s->inc + s->got >= FLOWCTL_CIRC_WINDOW)
		return -EPROTO;
	return sendme_got(&f->sendme, tag);
}
