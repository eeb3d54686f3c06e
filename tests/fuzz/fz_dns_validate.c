/* tests/fuzz/fz_dns_validate.c - an answer, and what else a validator is given
 *
 * The input is frames, each behind its length of 16 bits: the trust anchors as
 * text; a question (a name on the wire and a type) with its answer behind it;
 * then as many more of these as the validator may ask for.  The clock stands
 * still.  It comes to an end, within its limits, and what is secure is so again
 * with what it learned; so is the reply that is made of it.
 */
#include <ldns/ldns.h>
#include <string.h>

#include "base/rand.h"
#include "base/wire.h"
#include "dnsport/anchors.h"
#include "dnsport/chain.h"
#include "dnsport/dname.h"
#include "dnsport/points.h"
#include "dnsport/reply.h"
#include "dnsport/validate.h"
#include "dnsport/zones.h"
#include "tests/fuzz/fuzz.h"

enum { FRAMES_MAX = 64, WALL = 1795300000 };

struct frame {
	struct dname	 name;
	uint16_t	 type;
	const uint8_t	*msg;
	size_t		 len;
};

static struct frame frames[FRAMES_MAX];
static size_t nframes;

static struct {
	ldns_rdf	*name;
	uint16_t	 type;
} wants[VALIDATE_ASKED_MAX];
static size_t nwants;

static int
name_on_wire(struct wire *w, struct dname *d)
{
	const uint8_t *p = w->at;
	uint8_t n;

	do
		wire_take(w, n = wire_u8(w));
	while (n && !w->err);
	return w->err ? -1 : dname_set(d, p, (size_t)(w->at - p));
}

static void
read_frame(struct wire *w)
{
	struct frame *f = &frames[nframes];

	if (name_on_wire(w, &f->name) < 0)
		return;
	f->type = wire_u16(w);
	if (w->err)
		return;
	f->msg = w->at;
	f->len = wire_left(w);
	nframes++;
}

static void
on_want(void *arg, const ldns_rdf *name, uint16_t type)
{
	must(arg == &wants && nwants < VALIDATE_ASKED_MAX);
	must((wants[nwants].name = ldns_rdf_clone(name)) != NULL);
	wants[nwants++].type = type;
}

static ldns_pkt *
frame_for(const ldns_rdf *name, uint16_t type)
{
	struct dname d;
	size_t i;

	must(dname_set(&d, ldns_rdf_data(name), ldns_rdf_size(name)) == 0);
	for (i = 0; i < nframes; i++)
		if (frames[i].type == type &&
		    dname_cmp(&frames[i].name, &d) == 0)
			return reply_parse(frames[i].msg, frames[i].len);
	return NULL;
}

/* By a byte that the fuzzer can choose. */
static int
is_public(void *arg, const char *zone)
{
	(void)arg;
	return strchr(zone, 'h') == NULL;
}

static enum validate_verdict
run(struct validate *v)
{
	enum validate_verdict r;
	size_t given = 0, runs = 0;

	nwants = 0;
	while ((r = validate_run(v, WALL)) == VALIDATE_NEED) {
		must(given < nwants && runs++ < VALIDATE_ASKED_MAX);
		for (; given < nwants; given++)
			validate_give(v, wants[given].name,
			    wants[given].type, frame_for(
			    wants[given].name, wants[given].type));
	}
	while (nwants)
		ldns_rdf_deep_free(wants[--nwants].name);
	return r;
}

/* Of @pkt; what a client gets of it in *reply, to be freed. */
static enum validate_verdict
judge_pkt(struct anchors *anchors, struct zones *zones, const ldns_pkt *pkt,
    ldns_pkt **reply)
{
	static const struct points_conf points = { .reject_internal = 1,
		.is_public = is_public };
	struct validate_conf conf = { .anchors = anchors, .zones = zones,
		.want = on_want, .arg = &wants };
	struct dname *d = &frames[0].name;
	ldns_rdf *name = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, d->len,
	    d->b);
	enum validate_verdict r = VALIDATE_BOGUS;
	struct validate *v = NULL;
	struct chain *c = NULL;

	*reply = NULL;
	if (chain_find(&c, pkt, name, frames[0].type) == 0 &&
	    validate_new(&v, &conf, c) == 0) {
		r = run(v);
		*reply = reply_make(c, r == VALIDATE_SECURE, 1);
		must(*reply != NULL);
		(void)points_astray(&points, *reply);
	}
	validate_free(v);
	chain_free(c);
	ldns_rdf_deep_free(name);
	must(zones_count(zones) <= ZONES_MAX);
	return r;
}

/* All that is passed on as secure is so by itself. */
static void
judge_reply(struct anchors *anchors, struct zones *zones, ldns_pkt *reply)
{
	ldns_pkt *again;

	must(judge_pkt(anchors, zones, reply, &again) == VALIDATE_SECURE);
	must(ldns_pkt_ancount(again) == ldns_pkt_ancount(reply) &&
	    ldns_pkt_nscount(again) == ldns_pkt_nscount(reply));
	ldns_pkt_free(again);
}

static enum validate_verdict
judge(struct anchors *anchors, struct zones *zones)
{
	ldns_pkt *pkt = reply_parse(frames[0].msg, frames[0].len), *reply;
	enum validate_verdict r;

	if (pkt == NULL)
		return VALIDATE_BOGUS;
	r = judge_pkt(anchors, zones, pkt, &reply);
	if (r == VALIDATE_SECURE)
		judge_reply(anchors, zones, reply);
	ldns_pkt_free(reply);
	ldns_pkt_free(pkt);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct anchors *anchors;
	struct zones *zones;
	enum validate_verdict r;
	struct wire w, sub;
	const char *text;
	size_t n, line;

	rand_init();
	nframes = 0;
	wire_init(&w, data, len);
	n = wire_u16(&w);
	text = (const char *)wire_take(&w, n);
	if (w.err || anchors_new(&anchors, text, n, &line) < 0)
		return 0;
	while (wire_left(&w) && !w.err && nframes < FRAMES_MAX) {
		wire_sub(&w, &sub, wire_u16(&w));
		if (!w.err)
			read_frame(&sub);
	}
	zones = zones_new();
	if (nframes && zones) {
		r = judge(anchors, zones);
		must(r != VALIDATE_NEED);
		if (r == VALIDATE_SECURE)
			must(judge(anchors, zones) == VALIDATE_SECURE);
	}
	zones_free(zones);
	anchors_free(anchors);
	return 0;
}
