/* onion/hs/hsdesc_inner.c - a descriptor's second layer: how to be introduced
 *
 * What is wrong about the whole makes the descriptor useless; what is wrong
 * within an introduction point, that one (rend-spec-v3 2.5.2.2).  Its keys are
 * certified by the key that signed all of this, which proves little; they are
 * checked because C tor does, and who accepted more could be told apart.
 *
 * A key of all zeros, or any other that makes every handshake end in zeros,
 * must not come so far that a circuit is built for it (bug 41295 of C tor).
 */
#include "onion/hs/hsdesc_int.h"

#include <errno.h>
#include <string.h>

#include "base/enc.h"
#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/cert.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/protover.h"

enum { SPECS_MAX = 1024 };	/* bytes of link specifiers */

/* Of the whole, and of one introduction point. */
enum {
	IN_FORMATS = 1 << 0, IN_AUTH = 1 << 1, IN_SINGLE = 1 << 2,
	IN_FLOW = 1 << 3, IN_POW = 1 << 4,
	IP_SPECS = 1 << 8, IP_ONION = 1 << 9, IP_AUTH = 1 << 10,
	IP_ENC = 1 << 11, IP_ENC_CERT = 1 << 12,
	IP_ALL = IP_SPECS | IP_ONION | IP_AUTH | IP_ENC | IP_ENC_CERT
};

struct draft {			/* of an introduction point */
	struct hsdesc_intro	in;
	unsigned		seen;
	int			bad;
};

struct inner_read {
	struct hsdesc	*d;
	const uint8_t	*signing;
	int64_t		 now;
	unsigned	 seen;
	struct draft	 ip;	/* seen 0: none has begun */
};

static unsigned
which(const struct netdoc_item *it)
{
	static const struct netdoc_key lines[] = {
		{ "create2-formats", IN_FORMATS },
		{ "intro-auth-required", IN_AUTH },
		{ "single-onion-service", IN_SINGLE },
		{ "flow-control", IN_FLOW }, { "pow-params", IN_POW },
		{ "introduction-point", IP_SPECS }, { "onion-key", IP_ONION },
		{ "auth-key", IP_AUTH }, { "enc-key", IP_ENC },
		{ "enc-key-cert", IP_ENC_CERT },
	};

	return netdoc_which(it, lines, sizeof(lines) / sizeof(lines[0]));
}

/* --- introduction points --- */

static int
read_addr(struct addr *out, struct wire *w, uint8_t family, size_t iplen)
{
	struct addr a = { .family = family };

	wire_copy(w, a.ip, iplen);
	a.port = wire_u16(w);
	if (wire_done(w) < 0 || a.port == 0 ||
	    secret_is_zero(a.ip, iplen))
		return -EBADMSG;
	if (out->family == 0)		/* the first one counts */
		*out = a;
	return 0;
}

static int
read_id(uint8_t *out, size_t len, struct wire *w)
{
	int twice = !secret_is_zero(out, len);

	wire_copy(w, out, len);
	return wire_done(w) < 0 || twice || secret_is_zero(out, len) ?
	    -EBADMSG : 0;
}

static int
read_spec(struct hopinfo *h, uint8_t type, struct wire *w)
{
	switch (type) {
	case 0:
		return read_addr(&h->or4, w, 4, 4);
	case 1:
		return read_addr(&h->or6, w, 6, 16);
	case 2:
		return read_id(h->id.rsa, sizeof(h->id.rsa), w);
	case 3:
		h->id.has_ed = 1;
		return read_id(h->id.ed, sizeof(h->id.ed), w);
	default:
		return 0;
	}
}

static int
read_specs(struct hopinfo *h, struct slice text)
{
	uint8_t raw[SPECS_MAX], type;
	struct wire w, body;
	unsigned n;
	int len;

	if ((len = dec_b64(raw, sizeof(raw), text.p, text.len)) < 0)
		return -EBADMSG;
	wire_init(&w, raw, (size_t)len);
	for (n = wire_u8(&w); n > 0 && w.err == 0; n--) {
		type = wire_u8(&w);
		wire_sub(&w, &body, wire_u8(&w));
		if (w.err != 0 || read_spec(h, type, &body) < 0)
			return -EBADMSG;
	}
	if (wire_done(&w) < 0 || h->or4.family == 0 ||
	    secret_is_zero(h->id.rsa, sizeof(h->id.rsa)))
		return -EBADMSG;
	return 0;
}

/* Does anything other than zeros come out of a handshake with it? */
static int
is_key(const uint8_t pub[32])
{
	static const uint8_t any[32] = { 8 };
	uint8_t out[32];

	return crypt_dh(out, any, pub) == 0;
}

/* "ntor" KEY: 1; another type: 0. */
static int
read_key(uint8_t out[32], const struct netdoc_item *it)
{
	struct slice rest = it->rest, type, key;

	if (!netdoc_arg(&rest, &type) || !netdoc_arg(&rest, &key))
		return -EBADMSG;
	if (!netdoc_eq(type, "ntor"))
		return 0;
	if (netdoc_b64(out, 32, key) < 0 || !is_key(out))
		return -EBADMSG;
	return 1;
}

static int
read_ip_cert(struct inner_read *r, const struct netdoc_item *it, uint8_t type,
    uint8_t key[32])
{
	int64_t expires;

	return hsdesc_cert(it, type, r->signing, r->now, key, &expires);
}

/* What the line says, a key of "ntor" into @key.  1, or 0: it has a key of a
 * type that we don't know, or -EBADMSG. */
static int
read_ip_value(struct inner_read *r, const struct netdoc_item *it,
    unsigned line, uint8_t key[32])
{
	struct slice arg;
	int rc;

	switch (line) {
	case IP_ONION:
	case IP_ENC:
		return read_key(key, it);
	case IP_SPECS:
		rc = hsdesc_arg(it, &arg) < 0 ? -EBADMSG :
		    read_specs(&r->ip.in.relay, arg);
		break;
	case IP_AUTH:
		rc = read_ip_cert(r, it, CERT_HS_AUTH, r->ip.in.auth);
		break;
	default:	/* whose Ed25519 form it is nobody checks */
		rc = read_ip_cert(r, it, CERT_HS_ENC, key);
		break;
	}
	return rc < 0 ? rc : 1;
}

static int
read_ip_line(struct inner_read *r, const struct netdoc_item *it,
    unsigned line)
{
	struct hsdesc_intro *in = &r->ip.in;
	uint8_t key[32];
	int rc;

	if ((rc = read_ip_value(r, it, line, key)) <= 0)
		return rc;
	if (r->ip.seen & line)
		return -EBADMSG;
	r->ip.seen |= line;
	if (line == IP_ONION)
		memcpy(in->relay.ntor, key, 32);
	if (line == IP_ENC)
		memcpy(in->enc, key, 32);
	return 0;
}

/* The one that was being read is complete; an odd one is left out. */
static int
end_ip(struct inner_read *r)
{
	struct draft *ip = &r->ip;

	if (ip->seen == 0 && !ip->bad)
		return 0;
	ip->in.relay.has_ntor = 1;
	if (!ip->bad && ip->seen == IP_ALL &&
	    !secret_is_zero(ip->in.auth, sizeof(ip->in.auth))) {
		if (r->d->nintros == HSDESC_INTROS_MAX)
			return -EBADMSG;
		r->d->intro[r->d->nintros++] = ip->in;
	}
	memset(ip, 0, sizeof(*ip));
	return 0;
}

static int
read_ip(struct inner_read *r, const struct netdoc_item *it, unsigned line)
{
	if (line == IP_SPECS && end_ip(r) < 0)
		return -EBADMSG;
	if (line != IP_SPECS && r->ip.seen == 0)
		return 0;		/* of none, or of one that is odd */
	if (!r->ip.bad && read_ip_line(r, it, line) < 0)
		r->ip.bad = 1;
	return 0;
}

/* --- the whole --- */

static int
read_formats(struct slice rest)
{
	struct slice arg;

	while (netdoc_arg(&rest, &arg))
		if (netdoc_eq(arg, "2"))	/* ntor */
			return 0;
	return -EBADMSG;
}

static int
read_auth(struct hsdesc *d, struct slice rest)
{
	struct slice arg;

	d->wants_auth = 1;
	while (netdoc_arg(&rest, &arg))
		if (netdoc_eq(arg, "ed25519"))
			return 0;
	return -EBADMSG;
}

/* "1-2 31": versions of FlowCtrl, cells per SENDME. */
static int
read_flow(struct hsdesc *d, struct slice rest)
{
	static const char name[] = "FlowCtrl=";
	struct slice versions, inc;
	char text[64];
	uint32_t caps, v;

	if (!netdoc_arg(&rest, &versions) || !netdoc_arg(&rest, &inc) ||
	    netdoc_u32(&v, inc, 1, UINT8_MAX) < 0 ||
	    versions.len > sizeof(text) - sizeof(name))
		return -EBADMSG;
	memcpy(text, name, sizeof(name) - 1);
	memcpy(text + sizeof(name) - 1, versions.p, versions.len);
	if (protover_caps(&caps, text, sizeof(name) - 1 + versions.len) < 0)
		return -EBADMSG;
	d->flow_control = (caps & CAP_FLOWCTRL) != 0;
	d->sendme_inc = (uint8_t)v;
	return 0;
}

/* "v1 SEED EFFORT 2026-11-28T12:00:00"; of another type: nothing. */
static int
read_pow(struct hsdesc *d, struct slice rest)
{
	struct hsdesc_pow pow = { .has = 1 };
	struct slice type, seed, effort, when;
	char text[19];

	if (!netdoc_arg(&rest, &type))
		return -EBADMSG;
	if (!netdoc_eq(type, "v1"))
		return 0;
	if (d->pow.has || !netdoc_arg(&rest, &seed) ||
	    !netdoc_arg(&rest, &effort) || !netdoc_arg(&rest, &when) ||
	    when.len != sizeof(text) || when.p[10] != 'T')
		return -EBADMSG;
	memcpy(text, when.p, sizeof(text));
	text[10] = ' ';
	when.p = text;
	if (netdoc_b64(pow.seed, sizeof(pow.seed), seed) < 0 ||
	    netdoc_u32(&pow.effort, effort, 0, UINT32_MAX) < 0 ||
	    netdoc_time(&pow.expires, when) < 0)
		return -EBADMSG;
	d->pow = pow;
	return 0;
}

static int
read_item(struct inner_read *r, const struct netdoc_item *it)
{
	unsigned line = which(it);

	if ((r->seen == 0) != (line == IN_FORMATS))
		return -EBADMSG;
	if (line >= IP_SPECS)
		return read_ip(r, it, line);
	if (r->seen & line & ~(unsigned)IN_POW)
		return -EBADMSG;
	r->seen |= line;
	switch (line) {
	case IN_FORMATS:
		return read_formats(it->rest);
	case IN_AUTH:
		return read_auth(r->d, it->rest);
	case IN_FLOW:
		return read_flow(r->d, it->rest);
	case IN_POW:
		return read_pow(r->d, it->rest);
	case IN_SINGLE:
		r->d->single = 1;
		return 0;
	default:
		return 0;
	}
}

int
hsdesc_inner(struct hsdesc *d, const char *text, size_t len,
    const uint8_t signing[32], int64_t now)
{
	struct inner_read r = { .d = d, .signing = signing, .now = now };
	struct netdoc_item it;
	struct netdoc doc;
	int rc;

	netdoc_init(&doc, text, len);
	while ((rc = netdoc_next(&doc, &it)) > 0)
		if (read_item(&r, &it) < 0)
			return -EBADMSG;
	if (rc == 0)
		rc = end_ip(&r);
	return rc < 0 || r.seen == 0 ? -EBADMSG : 0;
}
