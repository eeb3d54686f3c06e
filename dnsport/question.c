/* dnsport/question.c - a DNS query message, understood
 *
 * Theory of operation
 *	A query is a header, one question and perhaps an OPT record.  That much
 *	is walked here with a cursor, to the last byte, and nothing of it is
 *	followed or built: a question's name cannot be compressed (there is
 *	nothing before it to point to), and of what else a client appends (TSIG,
 *	for example) only the length is looked at.  A general parser would build
 *	every record that anybody cares to send, and hides what is judged here:
 *	a second OPT, an OPT of size 0, bytes left over (RFC 9267, 6891).
 */
#include "dnsport/question.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/wire.h"

enum { HEADER = 12, LABEL_MAX = 63, POINTER = 0xc0, OPCODE_QUERY = 0 };
enum { CLASS_IN = 1 };
enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_OPT = 41,
	TYPE_META = 128, TYPE_META_END = 256 };
enum { OPTION_COOKIE = 10, COOKIE_CLIENT = 8, COOKIE_WHOLE = 16 };
enum { OPT_DO = 0x8000 };

struct opt {			/* what an OPT record says of EDNS */
	unsigned	n;
	uint16_t	size;
	uint8_t		version;
	uint8_t		dnssec;
	const uint8_t	*cookie;
	uint16_t	cookie_len;
};

static enum question_verdict
error(struct question *q, uint16_t rcode)
{
	q->rcode = rcode;
	return QUESTION_ERROR;
}

/* Passes over a name; @pointers: it may end in one, which is not followed. */
static int
pass_name(struct wire *w, int pointers)
{
	size_t total = 0;
	uint8_t len;

	do {
		len = wire_u8(w);
		if (pointers && (len & POINTER) == POINTER) {
			wire_u8(w);
			return w->err;
		}
		total += len + 1u;
		if (len > LABEL_MAX || total > QUESTION_WIRE_MAX)
			return -EINVAL;
		wire_take(w, len);
	} while (len && !w->err);
	return w->err;
}

static int
read_question(struct question *q, struct wire *w)
{
	const uint8_t *name = w->at;
	size_t len;

	if (pass_name(w, 0) < 0)
		return -EINVAL;
	len = (size_t)(w->at - name);
	q->type = wire_u16(w);
	q->class = wire_u16(w);
	if (w->err)
		return w->err;
	memcpy(q->name, name, len);
	q->name_len = (uint16_t)len;
	return 0;
}

/* RFC 7873: the client's eight bytes, perhaps with a server's 8 to 32. */
static int
read_options(struct wire *w, struct opt *opt)
{
	uint16_t code, len;
	const uint8_t *p;

	while (wire_left(w) && !w->err) {
		code = wire_u16(w);
		len = wire_u16(w);
		p = wire_take(w, len);
		if (w->err || code != OPTION_COOKIE || opt->cookie)
			continue;
		if (len != COOKIE_CLIENT && (len < COOKIE_WHOLE ||
		    len > QUESTION_COOKIE_MAX))
			return -EINVAL;
		opt->cookie = p;
		opt->cookie_len = len;
	}
	return w->err;
}

static int
pass_record(struct wire *w, struct opt *opt)
{
	struct wire rdata;
	int root = wire_left(w) && *w->at == 0;
	uint16_t type, class;
	uint32_t ttl;

	if (pass_name(w, 1) < 0)
		return -EINVAL;
	type = wire_u16(w);
	class = wire_u16(w);
	ttl = wire_u32(w);
	wire_sub(w, &rdata, wire_u16(w));
	if (w->err)
		return w->err;
	if (type != TYPE_OPT)
		return 0;
	opt->size = class;
	opt->version = (uint8_t)(ttl >> 16);
	opt->dnssec = (ttl & OPT_DO) != 0;
	if (opt->n++ != 0 || !root)
		return -EINVAL;
	return opt->version ? 0 : read_options(&rdata, opt);
}

/* The message after its flags: one question, and then additional records only,
 * as many as it says. */
static int
read_sections(struct question *q, struct wire *w, struct opt *opt)
{
	uint16_t questions = wire_u16(w), answers = wire_u16(w),
	    authorities = wire_u16(w), i, additional = wire_u16(w);

	if (questions != 1 || read_question(q, w) < 0)
		return -EINVAL;
	if (answers || authorities)
		return -EINVAL;
	for (i = 0; i < additional; i++)
		if (pass_record(w, opt) < 0)
			return -EINVAL;
	return wire_done(w);
}

static int
host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Names in .exit have a relay's fingerprint in them, with a "$" before it. */
static int
in_exit(const uint8_t *name, size_t len)
{
	static const char end[] = "\4exit";	/* and the root's label */

	return len > sizeof(end) && strncasecmp((const char *)name + len -
	    sizeof(end), end, sizeof(end)) == 0;
}

/* The name as text, lower case; on the wire it is two bytes longer.  0 if an
 * exit could be asked for it: letters, digits, hyphen and underscore in labels
 * (others can't come from a program that wants to connect).  Any byte may be in
 * a name (RFC 2181), and services do have names with spaces; as text such bytes
 * are question marks, which no name that anybody judges by has. */
int
question_text(char out[DNSPORT_NAME_MAX + 1], const uint8_t *name, size_t len)
{
	const uint8_t *p = name;
	size_t n = 0, left;
	int rc = 0;

	for (; *p; p++) {
		for (left = *p; left; left--) {
			if (!host_char(*++p)) {
				if (*p != '$' || !in_exit(name, len))
					rc = -EINVAL;
				out[n++] = rc ? '?' : '$';
			} else
				out[n++] = (char)(*p >= 'A' && *p <= 'Z' ?
				    *p | 0x20 : *p);
		}
		out[n++] = '.';
	}
	if (n == 0)
		rc = -EINVAL;		/* the root */
	out[n ? n - 1 : 0] = '\0';
	return rc;
}

/* One byte in decimal, written in the one way it is. */
static int
number(const char **s, uint8_t *out)
{
	const char *p = *s;
	unsigned v = 0;

	while (*p >= '0' && *p <= '9' && p - *s < 3)
		v = v * 10 + (unsigned)(*p++ - '0');
	if (p == *s || v > 255 || (**s == '0' && p - *s > 1))
		return -EINVAL;
	*s = p;
	*out = (uint8_t)v;
	return 0;
}

static int
reverse4(const char *s, struct addr *a)
{
	int i;

	memset(a, 0, sizeof(*a));
	for (i = 3; i >= 0; i--)
		if (number(&s, &a->ip[i]) < 0 || *s++ != '.')
			return -EINVAL;
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

static enum dns_ask
ask_of(uint16_t type)
{
	switch (type) {
	case TYPE_A:
		return DNS_ASK_A;
	case TYPE_AAAA:
		return DNS_ASK_AAAA;
	case TYPE_PTR:
		return DNS_ASK_PTR;
	default:
		return DNS_ASK_OTHER;
	}
}

/* Not a type that records have: a transfer, ANY, a key of one's own... (RFC
 * 6895).  ANY is the one that amplifies (RFC 8482). */
static int
is_meta(uint16_t type)
{
	return type == 0 || type == TYPE_OPT ||
	    (type >= TYPE_META && type < TYPE_META_END);
}

static enum question_verdict
understand(struct question *q)
{
	int host = question_text(q->q.name, q->name, q->name_len) == 0;

	q->q.type = q->type;
	if (q->class != CLASS_IN)
		return error(q, RCODE_REFUSED);
	if (is_meta(q->type))
		return error(q, RCODE_NOTIMP);
	if (reverse4(q->q.name, &q->q.addr) < 0 &&
	    reverse6(q->q.name, &q->q.addr) < 0)
		memset(&q->q.addr, 0, sizeof(q->q.addr));
	q->q.ask = ask_of(q->type);
	if (q->q.ask == DNS_ASK_PTR && q->q.addr.family == 0)
		q->q.ask = DNS_ASK_OTHER;	/* a service's, for example */
	if (q->q.ask != DNS_ASK_OTHER && !host)
		return error(q, RCODE_REFUSED);
	return QUESTION_ASK;
}

static void
keep_opt(struct question *q, const struct opt *opt)
{
	q->edns = opt->n > 0;
	q->dnssec = opt->dnssec;
	if (opt->size > q->udp_size)
		q->udp_size = opt->size;
	if (opt->cookie) {
		q->cookie_len = (uint8_t)opt->cookie_len;
		memcpy(q->cookie, opt->cookie, opt->cookie_len);
	}
}

enum question_verdict
question_parse(struct question *q, const uint8_t *msg, size_t len)
{
	struct opt opt = { 0 };
	struct wire w;
	uint16_t flags;
	int rc;

	memset(q, 0, sizeof(*q));
	q->udp_size = QUESTION_UDP_MIN;
	wire_init(&w, msg, len);
	q->id = wire_u16(&w);
	flags = wire_u16(&w);
	if (len < HEADER || (flags & 0x8000))	/* short, or an answer */
		return QUESTION_SILENCE;
	q->opcode = flags >> 11 & 15;
	q->rd = flags >> 8 & 1;
	q->ad = flags >> 5 & 1;
	q->cd = flags >> 4 & 1;
	if (q->opcode != OPCODE_QUERY)
		return error(q, RCODE_NOTIMP);
	rc = read_sections(q, &w, &opt);
	keep_opt(q, &opt);
	if (rc < 0)
		return error(q, RCODE_FORMERR);
	return opt.version ? error(q, RCODE_BADVERS) : understand(q);
}
