/* dnsport/question.c - a DNS query message, understood */
#include "dnsport/question.h"

#include <ctype.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

#include "base/wire.h"

enum { HEADER = 12, LABEL_MAX = 63 };

static enum question_verdict
error(struct question *q, uint16_t rcode)
{
	q->rcode = rcode;
	return QUESTION_ERROR;
}

/* The name as text, lower case, if an exit could be asked for it: letters,
 * digits, hyphen and underscore in labels (others can't come from a program
 * that wants to connect). */
static int
host_text(const ldns_rdf *name, char out[DNSPORT_NAME_MAX + 1])
{
	const uint8_t *p = ldns_rdf_data(name);
	size_t left = ldns_rdf_size(name), n = 0, len, i;

	while (left && (len = *p++) != 0) {
		left--;
		if (len > LABEL_MAX || len > left ||
		    n + len + 1 > DNSPORT_NAME_MAX + 1)
			return -EINVAL;
		for (i = 0; i < len; i++) {
			if (!isalnum(p[i]) && p[i] != '-' && p[i] != '_')
				return -EINVAL;
			out[n++] = (char)tolower(p[i]);
		}
		out[n++] = '.';
		p += len;
		left -= len;
	}
	if (n == 0)
		return -EINVAL;
	out[n - 1] = '\0';
	return 0;
}

static int
number(const char **s, unsigned *out)
{
	unsigned v = 0, digits = 0;

	while (isdigit((unsigned char)**s) && digits++ < 3)
		v = v * 10 + (unsigned)(*(*s)++ - '0');
	*out = v;
	return digits && v <= 255 ? 0 : -EINVAL;
}

static int
reverse4(const char *s, struct addr *a)
{
	unsigned v;
	int i;

	memset(a, 0, sizeof(*a));
	for (i = 3; i >= 0; i--) {
		if (number(&s, &v) < 0 || *s++ != '.')
			return -EINVAL;
		a->ip[i] = (uint8_t)v;
	}
	a->family = 4;
	return strcmp(s, "in-addr.arpa") == 0 ? 0 : -EINVAL;
}

static int
reverse6(const char *s, struct addr *a)
{
	static const char hex[] = "0123456789abcdef";
	const char *d;
	int i;

	memset(a, 0, sizeof(*a));
	for (i = 31; i >= 0; i--) {
		if (*s == '\0' || (d = strchr(hex, *s)) == NULL ||
		    s[1] != '.')
			return -EINVAL;
		a->ip[i / 2] |= (uint8_t)((d - hex) << (i % 2 ? 0 : 4));
		s += 2;
	}
	a->family = 6;
	return strcmp(s, "ip6.arpa") == 0 ? 0 : -EINVAL;
}

static enum question_verdict
understand(struct question *q, const ldns_rr *rr)
{
	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return error(q, RCODE_REFUSED);
	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
		q->q.ask = DNS_ASK_A;
		break;
	case LDNS_RR_TYPE_AAAA:
		q->q.ask = DNS_ASK_AAAA;
		break;
	case LDNS_RR_TYPE_PTR:
		q->q.ask = DNS_ASK_PTR;
		break;
	default:
		return error(q, RCODE_NOTIMP);
	}
	if (host_text(ldns_rr_owner(rr), q->q.name) < 0)
		return error(q, RCODE_REFUSED);
	if (q->q.ask == DNS_ASK_PTR && reverse4(q->q.name, &q->q.addr) < 0 &&
	    reverse6(q->q.name, &q->q.addr) < 0)
		return error(q, RCODE_NXDOMAIN);
	return QUESTION_ASK;
}

/* OPT comes at most once, and nothing but it (and TSIG, which we don't know
 * and ignore) belongs into a query's additional section. */
static int
check_additional(const ldns_pkt *pkt)
{
	ldns_rr_list *list = ldns_pkt_additional(pkt);
	size_t i, opts = 0, n = list ? ldns_rr_list_rr_count(list) : 0;

	for (i = 0; i < n; i++)
		opts += ldns_rr_get_type(ldns_rr_list_rr(list, i)) ==
		    LDNS_RR_TYPE_OPT;
	return opts ? -EINVAL : 0;	/* ldns took the first one out */
}

static enum question_verdict
look(struct question *q, ldns_pkt *pkt)
{
	const ldns_rr_list *list = ldns_pkt_question(pkt);

	if (ldns_pkt_edns(pkt)) {
		q->edns = 1;
		q->udp_size = ldns_pkt_edns_udp_size(pkt);
		if (q->udp_size < 512)
			q->udp_size = 512;
	}
	if (ldns_pkt_qdcount(pkt) != 1 || ldns_rr_list_rr_count(list) != 1 ||
	    ldns_pkt_ancount(pkt) || ldns_pkt_nscount(pkt) ||
	    check_additional(pkt) < 0)
		return error(q, RCODE_FORMERR);
	q->rr = ldns_rr_clone(ldns_rr_list_rr(list, 0));
	if (q->rr == NULL)
		return QUESTION_SILENCE;
	if (q->edns && ldns_pkt_edns_version(pkt) != 0)
		return error(q, RCODE_BADVERS);
	return understand(q, q->rr);
}

enum question_verdict
question_parse(struct question *q, const uint8_t *msg, size_t len)
{
	enum question_verdict verdict;
	ldns_pkt *pkt = NULL;

	memset(q, 0, sizeof(*q));
	q->udp_size = 512;
	if (len < HEADER || (msg[2] & 0x80))	/* short, or an answer */
		return QUESTION_SILENCE;
	q->id = wire_get16(msg);
	q->opcode = msg[2] >> 3 & 15;
	q->rd = msg[2] & 1;
	q->cd = msg[3] >> 4 & 1;
	if (q->opcode != LDNS_PACKET_QUERY)
		return error(q, RCODE_NOTIMP);
	if (ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK)
		return error(q, RCODE_FORMERR);
	verdict = look(q, pkt);
	ldns_pkt_free(pkt);
	return verdict;
}

void
question_fini(struct question *q)
{
	ldns_rr_free(q->rr);
	q->rr = NULL;
}
