/* dnsport/points.c - where an answer leads
 *
 * Data that is not understood leads astray.
 */
#include "dnsport/points.h"

#include <ldns/ldns.h>
#include <string.h>

#include "base/addr.h"
#include "base/wire.h"
#include "dnsport/dname.h"
#include "dnsport/question.h"

enum { RDATA_MAX = 65535, HINT4 = 4, HINT6 = 6 };

/* --- addresses --- */

static int
addr_astray(const struct points_conf *conf, int family, const uint8_t *ip)
{
	struct addr a = { .family = (uint8_t)family };

	memcpy(a.ip, ip, family == 4 ? 4 : 16);
	return (conf->reject_internal && addr_is_internal(&a)) ||
	    (conf->may_be && !conf->may_be(conf->arg, &a));
}

static int
record_addr_astray(const struct points_conf *conf, const ldns_rr *rr,
    int family)
{
	return ldns_rr_rd_count(rr) != 1 ||
	    ldns_rdf_size(ldns_rr_rdf(rr, 0)) != (family == 4 ? 4 : 16) ||
	    addr_astray(conf, family, ldns_rdf_data(ldns_rr_rdf(rr, 0)));
}

/* --- names --- */

/* A zone may be one label, a host not.  The root is nowhere: what has it means
 * that there is none (RFC 2782, 7505), or itself (RFC 9460 2.5). */
static int
name_astray(const struct points_conf *conf, const uint8_t *wire, size_t len,
    int zone)
{
	char text[DNSPORT_NAME_MAX + 1];
	struct dname name;

	if (!conf->reject_internal)
		return 0;
	if (dname_set(&name, wire, len) < 0)
		return 1;
	if (name.n == 0)
		return 0;
	(void)question_text(text, name.b, name.len);
	return (name.n == 1 && !zone) || conf->is_public == NULL ||
	    !conf->is_public(conf->arg, text);
}

static int
names_astray(const struct points_conf *conf, const ldns_rr *rr)
{
	int zone = ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNAME;
	size_t i, n = ldns_rr_rd_count(rr);

	for (i = 0; i < n; i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME &&
		    name_astray(conf, ldns_rdf_data(rdf), ldns_rdf_size(rdf),
		    zone))
			return 1;
	}
	return n == 0;
}

/* --- both --- */

/* The data as on the wire, whatever of it ldns understood. */
static size_t
raw(const ldns_rr *rr, uint8_t *out, size_t max)
{
	size_t i, n = ldns_rr_rd_count(rr), len = 0;

	for (i = 0; i < n; i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (ldns_rdf_size(rdf) > max - len)
			return 0;
		memcpy(out + len, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		len += ldns_rdf_size(rdf);
	}
	return len;
}

static int
hints_astray(const struct points_conf *conf, struct wire *w, int family)
{
	const uint8_t *ip;

	while (wire_left(w)) {
		ip = wire_take(w, family == 4 ? 4 : 16);
		if (ip == NULL || addr_astray(conf, family, ip))
			return 1;
	}
	return 0;
}

/* RFC 9460 2.2: a priority, a name, and pairs of a key and a value. */
static int
svcb_astray(const struct points_conf *conf, const ldns_rr *rr)
{
	static uint8_t data[RDATA_MAX];
	struct wire w, value;
	const uint8_t *name;
	uint16_t key;
	uint8_t len;

	wire_init(&w, data, raw(rr, data, sizeof(data)));
	wire_u16(&w);
	name = w.at;
	do
		wire_take(&w, len = wire_u8(&w));
	while (len && !w.err);
	if (w.err || name_astray(conf, name, (size_t)(w.at - name), 0))
		return 1;
	while (wire_left(&w) && !w.err) {
		key = wire_u16(&w);
		wire_sub(&w, &value, wire_u16(&w));
		if (w.err == 0 && (key == HINT4 || key == HINT6) &&
		    hints_astray(conf, &value, key == HINT4 ? 4 : 6))
			return 1;
	}
	return w.err != 0;
}

static int
record_astray(const struct points_conf *conf, const ldns_rr *rr)
{
	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
		return record_addr_astray(conf, rr, 4);
	case LDNS_RR_TYPE_AAAA:
		return record_addr_astray(conf, rr, 6);
	case LDNS_RR_TYPE_SVCB:
	case LDNS_RR_TYPE_HTTPS:
		return svcb_astray(conf, rr);
	case LDNS_RR_TYPE_CNAME:
	case LDNS_RR_TYPE_DNAME:
	case LDNS_RR_TYPE_MX:
	case LDNS_RR_TYPE_SRV:
	case LDNS_RR_TYPE_NAPTR:
	case LDNS_RR_TYPE_KX:
	case LDNS_RR_TYPE_AFSDB:
	case LDNS_RR_TYPE_RT:
		return names_astray(conf, rr);
	default:
		return 0;
	}
}

int
points_astray(const struct points_conf *conf, const ldns_pkt *pkt)
{
	const ldns_rr_list *l = ldns_pkt_answer(pkt);
	size_t i, n = l ? ldns_rr_list_rr_count(l) : 0;

	for (i = 0; i < n; i++)
		if (record_astray(conf, ldns_rr_list_rr(l, i)))
			return 1;
	return 0;
}
