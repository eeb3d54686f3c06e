/* tests/dnsport/query.h - DNS queries made by hand, answers read by ldns
 *
 * What is under test reads with its own cursor, so a second parser, which it
 * shares nothing with, tells whether what it says is DNS.
 */
#ifndef TESTS_DNSPORT_QUERY_H
#define TESTS_DNSPORT_QUERY_H

#include <check.h>
#include <ldns/ldns.h>
#include <stdint.h>
#include <string.h>

#include "base/wire.h"

enum { Q_A = 1, Q_PTR = 12, Q_MX = 15, Q_TXT = 16, Q_AAAA = 28, Q_OPT = 41,
	Q_HTTPS = 65, Q_ANY = 255 };
enum { Q_ID = 0x1a2b };

struct query {
	uint8_t		buf[65535];
	struct pack	p;
};

static inline void
query_head(struct query *q, uint16_t flags, uint16_t qd, uint16_t an,
    uint16_t ns, uint16_t ar)
{
	pack_init(&q->p, q->buf, sizeof(q->buf));
	pack_u16(&q->p, Q_ID);
	pack_u16(&q->p, flags);
	pack_u16(&q->p, qd);
	pack_u16(&q->p, an);
	pack_u16(&q->p, ns);
	pack_u16(&q->p, ar);
}

static inline void
query_label(struct query *q, const void *p, size_t len)
{
	pack_u8(&q->p, (uint8_t)len);
	pack_put(&q->p, p, len);
}

/* "a.b" as labels; no escapes; ends it. */
static inline void
query_name(struct query *q, const char *s)
{
	size_t n;

	for (; *s; s += n + (s[n] == '.')) {
		n = strcspn(s, ".");
		query_label(q, s, n);
	}
	pack_u8(&q->p, 0);
}

static inline void
query_ask(struct query *q, const char *name, uint16_t type, uint16_t class)
{
	query_name(q, name);
	pack_u16(&q->p, type);
	pack_u16(&q->p, class);
}

static inline void
query_opt(struct query *q, uint16_t size, uint8_t version, uint16_t rdlen,
    size_t rdata)
{
	static const uint8_t zeros[64];

	pack_u8(&q->p, 0);
	pack_u16(&q->p, Q_OPT);
	pack_u16(&q->p, size);
	pack_u32(&q->p, (uint32_t)version << 16);
	pack_u16(&q->p, rdlen);
	pack_put(&q->p, zeros, rdata);
}

/* The usual: RD, one question, class IN. */
static inline void
query_make(struct query *q, const char *name, uint16_t type)
{
	query_head(q, 0x0100, 1, 0, 0, 0);
	query_ask(q, name, type, 1);
}

static inline size_t
query_len(const struct query *q)
{
	ck_assert_int_eq(q->p.err, 0);
	return pack_len(&q->p);
}

/* The answer as ldns understands it: to be freed with ldns_pkt_free(). */
static inline ldns_pkt *
query_read(const uint8_t *msg, size_t len)
{
	ldns_pkt *pkt = NULL;

	ck_assert_int_eq(ldns_wire2pkt(&pkt, msg, len), LDNS_STATUS_OK);
	ck_assert(ldns_pkt_qr(pkt));
	return pkt;
}

#endif
