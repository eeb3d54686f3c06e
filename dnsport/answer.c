/* dnsport/answer.c - a DNS message that answers a question
 *
 * Built by ldns.  The question section is the client's own name, so that its
 * case, which some resolvers use to tell forged answers, is kept.  TTLs are
 * clipped: what an exit says is neither cached for long nor, by an odd value,
 * made into a mark.
 *
 * ldns makes the message up to the OPT record, which is put behind it here, as
 * large as there is room for.  How much room that is, is for dnsport.c to say.
 */
#include "dnsport/answer.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "dnsport/cookie.h"

enum {
	HEADER_ARCOUNT = 10,
	OPT_LEN = 11, OPTION_HEAD = 4, EDE_CODE = 2,
	TYPE_OPT = 41, OPT_DO = 0x8000,
	OPTION_COOKIE = 10, OPTION_EDE = 15
};

/* What the OPT record has in it, most first. */
enum extra { EXTRA_NONE, EXTRA_EDE, EXTRA_COOKIE, EXTRA_BOTH, EXTRA_ALL };

static uint32_t
clip_ttl(uint32_t ttl)
{
	if (ttl < DNSPORT_TTL_MIN)
		return DNSPORT_TTL_MIN;
	return ttl > DNSPORT_TTL_MAX ? DNSPORT_TTL_MAX : ttl;
}

/* A name from the network as a domain name.  ldns would take a backslash for
 * an escape; a host's name has none. */
static ldns_rdf *
make_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	if (len == 0 || name[len] != '\0' || len > DNSPORT_NAME_MAX + 1)
		return NULL;
	return ldns_dname_new_frm_str(name);
}

static ldns_rdf *
make_rdata(enum dns_ask ask, const struct dns_record *r)
{
	if (ask == DNS_ASK_A && r->addr.family == 4)
		return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, 4, r->addr.ip);
	if (ask == DNS_ASK_AAAA && r->addr.family == 6)
		return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, 16,
		    r->addr.ip);
	if (ask == DNS_ASK_PTR && r->name)
		return make_name(r->name);
	return NULL;
}

/* A record of the name that was asked for, without data; NULL: no memory. */
static ldns_rr *
make_record(const struct question *q)
{
	ldns_rdf *owner = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME,
	    q->name_len, q->name);
	ldns_rr *rr = ldns_rr_new();

	if (owner == NULL || rr == NULL) {
		ldns_rdf_deep_free(owner);
		ldns_rr_free(rr);
		return NULL;
	}
	ldns_rr_set_owner(rr, owner);
	ldns_rr_set_type(rr, (ldns_rr_type)q->type);
	ldns_rr_set_class(rr, (ldns_rr_class)q->class);
	return rr;
}

static void
add_record(ldns_pkt *pkt, const struct question *q, const struct dns_record *r)
{
	ldns_rdf *rdata = make_rdata(q->q.ask, r);
	ldns_rr *rr;

	if (rdata == NULL)
		return;		/* not what was asked for, or no name at all */
	if ((rr = make_record(q)) == NULL) {
		ldns_rdf_deep_free(rdata);
		return;
	}
	ldns_rr_set_ttl(rr, clip_ttl(r->ttl));
	ldns_rr_push_rdf(rr, rdata);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
}

static void
add_question(ldns_pkt *pkt, const struct question *q)
{
	ldns_rr *rr = make_record(q);

	if (rr == NULL)
		return;
	ldns_rr_set_question(rr, true);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, rr);
}

static ldns_pkt *
make_packet(const struct question *q, uint16_t rcode, int ad)
{
	ldns_pkt *pkt = ldns_pkt_new();

	if (pkt == NULL)
		return NULL;
	ldns_pkt_set_id(pkt, q->id);
	ldns_pkt_set_qr(pkt, 1);
	ldns_pkt_set_opcode(pkt, (ldns_pkt_opcode)q->opcode);
	ldns_pkt_set_rd(pkt, q->rd);
	ldns_pkt_set_cd(pkt, q->cd);
	ldns_pkt_set_ad(pkt, ad != 0);
	ldns_pkt_set_ra(pkt, 1);
	ldns_pkt_set_rcode(pkt, rcode & 15);
	if (q->name_len)
		add_question(pkt, q);
	return pkt;
}

/* --- the OPT record --- */

static int
has_cookie(enum extra x, const struct answer_how *how)
{
	return x >= EXTRA_COOKIE && how->cookie;
}

static int
has_ede(enum extra x, const struct answer_how *how)
{
	return x != EXTRA_NONE && x != EXTRA_COOKIE && how->explained;
}

static size_t
text_len(enum extra x, const struct answer_how *how)
{
	return x == EXTRA_ALL && how->text ? strlen(how->text) : 0;
}

static size_t
opt_len(const struct question *q, enum extra x, const struct answer_how *how)
{
	size_t n = OPT_LEN;

	if (!q->edns)
		return 0;
	if (has_cookie(x, how))
		n += OPTION_HEAD + COOKIE_LEN;
	if (has_ede(x, how))
		n += OPTION_HEAD + EDE_CODE + text_len(x, how);
	return n;
}

static void
put_opt(struct pack *p, const struct question *q, uint16_t rcode, enum extra x,
    const struct answer_how *how)
{
	size_t text = text_len(x, how);

	pack_u8(p, 0);
	pack_u16(p, TYPE_OPT);
	pack_u16(p, DNSPORT_UDP_MAX);
	pack_u32(p, (uint32_t)rcode >> 4 << 24 | (q->dnssec ? OPT_DO : 0));
	pack_u16(p, (uint16_t)(opt_len(q, x, how) - OPT_LEN));
	if (has_cookie(x, how)) {
		pack_u16(p, OPTION_COOKIE);
		pack_u16(p, COOKIE_LEN);
		pack_put(p, how->cookie, COOKIE_LEN);
	}
	if (!has_ede(x, how))
		return;
	pack_u16(p, OPTION_EDE);
	pack_u16(p, (uint16_t)(EDE_CODE + text));
	pack_u16(p, how->ede);
	if (text)
		pack_put(p, how->text, text);
}

/* --- putting it together --- */

/* @wire with as much of an OPT as there is room for in @max: taken, and NULL
 * where not even the message fits. */
static uint8_t *
finish(uint8_t *wire, size_t *len, size_t max, const struct question *q,
    uint16_t rcode, const struct answer_how *how)
{
	enum extra x = EXTRA_ALL;
	struct pack p;
	uint8_t *more;
	size_t opt;

	while (x > EXTRA_NONE && *len + opt_len(q, x, how) > max)
		x--;
	opt = opt_len(q, x, how);
	if (*len + opt > max ||
	    (more = realloc(wire, *len + opt + 1)) == NULL) {
		free(wire);
		return NULL;
	}
	if (opt == 0)
		return more;
	pack_init(&p, more + *len, opt);
	put_opt(&p, q, rcode, x, how);
	wire_set16(more + HEADER_ARCOUNT,
	    (uint16_t)(wire_get16(more + HEADER_ARCOUNT) + 1));
	*len += opt;
	return more;
}

static uint8_t *
render(const ldns_pkt *pkt, size_t *len)
{
	uint8_t *wire = NULL;

	if (ldns_pkt2wire(&wire, pkt, len) != LDNS_STATUS_OK) {
		free(wire);
		return NULL;
	}
	return wire;
}

/* TC, and the cookie, with which it would have been more; if even that is too
 * much, the header alone says it. */
static uint8_t *
truncated(const struct question *q, uint16_t rcode, size_t max,
    const struct answer_how *how, size_t *len)
{
	ldns_pkt *pkt = make_packet(q, rcode, how->ad);
	uint8_t *wire;

	if (pkt == NULL)
		return NULL;
	ldns_pkt_set_tc(pkt, 1);
	wire = render(pkt, len);
	ldns_pkt_free(pkt);
	return wire ? finish(wire, len, max, q, rcode, how) : NULL;
}

static size_t
limit(size_t max)
{
	return max ? max : SIZE_MAX;
}

static size_t
least(const struct answer_how *how)
{
	size_t a = limit(how->max), b = limit(how->fair);

	return a < b ? a : b;
}

static uint8_t *
with_records(const struct question *q, uint16_t rcode,
    const struct dns_record *r, size_t n, const struct answer_how *how,
    size_t *len)
{
	ldns_pkt *pkt = make_packet(q, rcode, how->ad);
	uint8_t *wire;
	size_t i;

	if (pkt == NULL)
		return NULL;
	for (i = 0; i < n && q->name_len; i++)
		add_record(pkt, q, &r[i]);
	wire = render(pkt, len);
	ldns_pkt_free(pkt);
	return wire;
}

uint8_t *
answer_build(const struct question *q, uint16_t rcode,
    const struct dns_record *r, size_t n, const struct answer_how *how,
    size_t *len)
{
	size_t opt = opt_len(q, EXTRA_NONE, how);
	uint8_t *wire = with_records(q, rcode, r, n, how, len);

	while (wire && n > 1 && *len + opt <= limit(how->max) &&
	    *len + opt > limit(how->fair)) {
		free(wire);
		wire = with_records(q, rcode, r, --n, how, len);
	}
	if (wire == NULL)
		return NULL;
	wire = finish(wire, len, least(how), q, rcode, how);
	return wire ? wire : truncated(q, rcode, least(how), how, len);
}

/* --- another's answer --- */

/* Of @from all, clipped; 0 or -1. */
static int
pass_section(ldns_pkt *pkt, ldns_pkt_section where, const ldns_rr_list *from)
{
	size_t i, n = from ? ldns_rr_list_rr_count(from) : 0;
	ldns_rr *rr;

	for (i = 0; i < n; i++) {
		if ((rr = ldns_rr_clone(ldns_rr_list_rr(from, i))) == NULL)
			return -1;
		ldns_rr_set_ttl(rr, clip_ttl(ldns_rr_ttl(rr)));
		if (!ldns_pkt_push_rr(pkt, where, rr)) {
			ldns_rr_free(rr);
			return -1;
		}
	}
	return 0;
}

uint8_t *
answer_pass(const struct question *q, uint16_t rcode, const ldns_pkt *from,
    const struct answer_how *how, size_t *len)
{
	ldns_pkt *pkt = make_packet(q, rcode, how->ad);
	uint8_t *wire = NULL;

	if (pkt == NULL)
		return NULL;
	if (pass_section(pkt, LDNS_SECTION_ANSWER, ldns_pkt_answer(from)) ==
	    0 && pass_section(pkt, LDNS_SECTION_AUTHORITY,
	    ldns_pkt_authority(from)) == 0)
		wire = render(pkt, len);
	ldns_pkt_free(pkt);
	if (wire == NULL)
		return NULL;
	wire = finish(wire, len, least(how), q, rcode, how);
	return wire ? wire : truncated(q, rcode, least(how), how, len);
}

/* --- what it tells --- */

static void
tell_name(struct answer_room *room, struct dns_told *t, const ldns_rdf *name)
{
	char *text = room->text[t->nnames];
	size_t i;

	if (t->nnames == ANSWER_NAMES_MAX || name == NULL ||
	    ldns_rdf_get_type(name) != LDNS_RDF_TYPE_DNAME ||
	    ldns_rdf_size(name) > QUESTION_WIRE_MAX)
		return;
	(void)question_text(text, ldns_rdf_data(name), ldns_rdf_size(name));
	for (i = 0; i < t->nnames; i++)
		if (strcmp(room->names[i], text) == 0)
			return;
	room->names[t->nnames++] = text;
}

static void
tell_addr(struct answer_room *room, struct dns_told *t, const ldns_rr *rr)
{
	const ldns_rdf *data = ldns_rr_rdf(rr, 0);
	struct addr *a = &room->addrs[t->naddrs];
	uint32_t ttl = clip_ttl(ldns_rr_ttl(rr));
	int six = ldns_rr_get_type(rr) == LDNS_RR_TYPE_AAAA;

	if (t->naddrs == ANSWER_ADDRS_MAX || data == NULL ||
	    ldns_rdf_size(data) != (six ? 16 : 4))
		return;
	memset(a, 0, sizeof(*a));
	a->family = six ? 6 : 4;
	memcpy(a->ip, ldns_rdf_data(data), ldns_rdf_size(data));
	t->naddrs++;
	if (ttl > t->ttl)
		t->ttl = ttl;
}

void
answer_tells(const struct question *q, const ldns_pkt *pkt,
    struct answer_room *room, struct dns_told *t)
{
	const ldns_rr_list *l = ldns_pkt_answer(pkt);
	size_t i, n = l ? ldns_rr_list_rr_count(l) : 0;
	const ldns_rr *rr;

	*t = (struct dns_told){ .names = room->names, .nnames = 1,
		.addrs = room->addrs };
	memcpy(room->text[0], q->q.name, sizeof(q->q.name));
	room->names[0] = room->text[0];
	for (i = 0; i < n; i++) {
		rr = ldns_rr_list_rr(l, i);
		switch (ldns_rr_get_type(rr)) {
		case LDNS_RR_TYPE_CNAME:
			tell_name(room, t, ldns_rr_rdf(rr, 0));
			break;
		case LDNS_RR_TYPE_A:
		case LDNS_RR_TYPE_AAAA:
			tell_addr(room, t, rr);
			break;
		default:
			break;
		}
	}
}
