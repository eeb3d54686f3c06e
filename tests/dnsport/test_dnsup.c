/* tests/dnsport/test_dnsup.c - the whole server with resolvers behind it
 *
 * The resolvers answer with what a real one said of signed zones (answers.h).
 */
#include <errno.h>

#include "base/loop.h"
#include "dnsport/cookie.h"
#include "dnsport/dnsport.h"
#include "tests/dnsport/answers.h"
#include "tests/dnsport/query.h"
#include "tests/dnsport/resolver.h"
#include "tests/dnsport/tlsserver.h"
#include "tests/unit.h"

enum { T_DS = 43, T_DNSKEY = 48, T_SRV = 33, T_CAA = 257 };
enum { F_DO = 1, F_AD = 2, F_CD = 4, F_EDNS = 8, F_TCP = 16 };

static struct loop loop;
static struct dnsport *dp;
static struct query query;
static unsigned asked, may_leaves, served;
static int door;

static struct {
	int		 n;
	uint8_t		 msg[65535];
	size_t		 len;
	ldns_pkt	*pkt;
	unsigned	 rcode;
} got;

/* --- whoever is above --- */

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *question,
    const struct dns_from *from)
{
	(void)arg;
	(void)question;
	(void)from;
	asked++;
	dnsport_answer(q, DNS_NXDOMAIN, NULL, 0);
}

/* As policy and the address map would: "stays" does, "mapped" is ours. */
static enum dns_leave
on_may_leave(void *arg, const struct dns_question *q,
    const struct dns_from *from)
{
	size_t len = strlen(q->name);

	(void)arg;
	ck_assert_ptr_eq(from->listener, &door);
	may_leaves++;
	if (len >= 5 && strcmp(q->name + len - 5, "stays") == 0)
		return DNS_LEAVE_NOT;
	if (len >= 6 && strcmp(q->name + len - 6, "mapped") == 0)
		return DNS_LEAVE_HERE;
	return DNS_LEAVE_MAY;
}

static int
on_may_be(void *arg, const struct addr *a)
{
	(void)arg;
	return a->family != 4 || a->ip[0] != 99;	/* those are ours */
}

static int
on_is_public(void *arg, const char *zone)
{
	size_t len = strlen(zone);

	(void)arg;
	return len < 5 || strcmp(zone + len - 5, "stays") != 0;
}

static void
on_forget(void *arg, struct dns_query *q)
{
	(void)arg;
	(void)q;
}

/* Names and addresses that whoever asked last was told: "a,b 1.2.3.4". */
static char told[1000];

static void
on_told(void *arg, const struct dns_from *from, const struct dns_told *t)
{
	char text[ADDR_TEXT];
	size_t i, n = 0;

	(void)arg;
	ck_assert_ptr_eq(from->listener, &door);
	ck_assert_uint_eq(from->client.ip[0], 10);
	ck_assert_int_eq(got.n, 0);		/* before the answer is */
	ck_assert_uint_ge(t->ttl, DNSPORT_TTL_MIN);
	ck_assert_uint_le(t->ttl, DNSPORT_TTL_MAX);
	for (i = 0; i < t->nnames; i++)
		n += (size_t)snprintf(told + n, sizeof(told) - n, "%s%s",
		    i ? "," : "", t->names[i]);
	for (i = 0; i < t->naddrs; i++)
		n += (size_t)snprintf(told + n, sizeof(told) - n, " %s",
		    addr_ip_raw(&t->addrs[i], text));
}

static const struct dnsport_user user = { .ask = on_ask, .told = on_told,
	.connect = fake_connect, .may_leave = on_may_leave,
	.may_be = on_may_be, .is_public = on_is_public,
	.forget = on_forget };

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	(void)arg;
	got.n++;
	ck_assert_uint_le(len, sizeof(got.msg));
	memcpy(got.msg, msg, len);
	got.len = len;
}

/* --- opening --- */

static struct dns_resolver resolver;

static void
configure(int validate, int reject_internal)
{
	struct dnsport_conf conf = { .resolvers = &resolver, .nresolvers = 1,
		.validate = validate, .anchors = answers.anchor,
		.anchors_len = strlen(answers.anchor),
		.reject_internal = reject_internal };

	ck_assert_int_eq(dnsport_set_conf(dp, &conf), 0);
}

static void
open_dns(int validate)
{
	answers_load();
	memset(&got, 0, sizeof(got));
	asked = may_leaves = served = 0;
	told[0] = '\0';
	loop_init(&loop, 1000, ANSWERS_WALL);
	addr_v4(&resolver.addr, 0x09090909, 53);
	ck_assert_int_eq(dnsport_new(&dp, &loop, &user, NULL), 0);
	if (validate >= 0)
		configure(validate, 1);
}

static void
forget_reply(void)
{
	ldns_pkt_free(got.pkt);
	memset(&got, 0, sizeof(got));
}

static void
close_dns(void)
{
	unsigned i;

	forget_reply();
	dnsport_free(dp);
	loop_end_turn(&loop);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	for (i = 0; i < fakes.n; i++)
		ck_assert(fakes.f[i]->dead);
	fakes_free();
}

/* --- the resolver --- */

static void
name_of(const uint8_t *p, char *out)
{
	size_t n = 0;

	for (; *p; p += 1 + *p) {
		memcpy(out + n, p + 1, *p);
		n += *p;
		out[n++] = '.';
	}
	if (n == 0)
		out[n++] = '.';
	out[n] = '\0';
}

static void
serve_one(struct fake *f, const uint8_t *p)
{
	uint8_t msg[2 + 65535];
	char owner[256], *type;
	const struct answer_msg *m;
	size_t end = 12;

	name_of(p + 12, owner);
	while (p[end])
		end += 1u + p[end];
	type = ldns_rr_type2str((ldns_rr_type)wire_get16(p + end + 1));
	m = answers_get(owner, type);
	ck_assert_msg(m != NULL, "%s %s is not in the file", owner, type);
	free(type);
	wire_set16(msg, (uint16_t)m->len);
	memcpy(msg + 2, m->msg, m->len);
	memcpy(msg + 2, p, 2);
	served++;
	fake_say(f, msg, 2 + m->len);
}

/* All questions are answered, until there are no more. */
static void
serve(void)
{
	const uint8_t *p;
	unsigned i, n;
	size_t len;

	do {
		loop_end_turn(&loop);
		for (i = n = 0; i < fakes.n; i++)
			while (!fakes.f[i]->dead &&
			    (p = fake_next(fakes.f[i], &len)) != NULL) {
				serve_one(fakes.f[i], p);
				n++;
			}
	} while (n);
}

/* --- the client --- */

static size_t query_size;

static struct dns_query *
ask_as(uint32_t client, const char *name, uint16_t type, int flags,
    const uint8_t *cookie, size_t cookie_len)
{
	struct dns_from from = { .listener = &door,
		.tcp = (flags & F_TCP) != 0 };
	struct dns_query *q = NULL;
	int edns = (flags & (F_DO | F_EDNS)) != 0 || cookie_len;

	forget_reply();
	query_head(&query, (uint16_t)(0x0100 | (flags & F_AD ? 0x20 : 0) |
	    (flags & F_CD ? 0x10 : 0)), 1, 0, 0, (uint16_t)edns);
	query_ask(&query, name, type, 1);
	if (edns) {
		pack_u8(&query.p, 0);
		pack_u16(&query.p, Q_OPT);
		pack_u16(&query.p, 4096);
		pack_u32(&query.p, flags & F_DO ? 0x8000 : 0);
		pack_u16(&query.p, (uint16_t)(cookie_len ? 4 + cookie_len :
		    0));
		if (cookie_len) {
			pack_u16(&query.p, 10);
			pack_u16(&query.p, (uint16_t)cookie_len);
			pack_put(&query.p, cookie, cookie_len);
		}
	}
	query_size = query_len(&query);
	addr_v4(&from.client, client, 40000);
	ck_assert_int_eq(dnsport_query(dp, query.buf, query_size, &from,
	    on_reply, NULL, &q), 0);
	return q;
}

static void
read_reply(void)
{
	ck_assert_int_eq(got.n, 1);
	got.pkt = query_read(got.msg, got.len);
	got.rcode = ldns_pkt_get_rcode(got.pkt);
	ck_assert_uint_eq(ldns_pkt_id(got.pkt), Q_ID);
}

static void
resolve(const char *name, uint16_t type, int flags)
{
	ask_as(0x0a000001, name, type, flags, NULL, 0);
	serve();
	read_reply();
}

static size_t
count_of(ldns_rr_type type)
{
	ldns_rr_list *l = ldns_rr_list_cat_clone(ldns_pkt_answer(got.pkt),
	    ldns_pkt_authority(got.pkt));
	size_t i, n = 0;

	for (i = 0; i < ldns_rr_list_rr_count(l); i++)
		n += ldns_rr_get_type(ldns_rr_list_rr(l, i)) == type;
	ldns_rr_list_deep_free(l);
	return n;
}

/* The extended error of the reply; -1: none. */
static int
ede(void)
{
	ldns_rdf *data = ldns_pkt_edns_data(got.pkt);
	struct wire w;
	uint16_t code, len;

	if (data == NULL)
		return -1;
	wire_init(&w, ldns_rdf_data(data), ldns_rdf_size(data));
	while (wire_left(&w)) {
		code = wire_u16(&w);
		len = wire_u16(&w);
		if (code == 15)
			return wire_u16(&w);
		wire_take(&w, len);
	}
	return -1;
}

/* --- what is told --- */

static const struct { const char *name; uint16_t type; const char *told; }
    tells[] = {
	{ "www.secure.test", Q_A, "www.secure.test 192.0.2.80" },
	{ "WWW.Secure.test", Q_A, "www.secure.test 192.0.2.80" },
	{ "alias.secure.test", Q_A,
	    "alias.secure.test,www.secure.test 192.0.2.80" },
	{ "www.secure.test", Q_TXT, "" },
	{ "alias.secure.test", 5, "" },
	{ "a.nothing.secure.test", Q_A, "" },
};

START_TEST(dnsup_client_is_told_names_and_their_addresses)
{
	open_dns(1);
	resolve(tells[_i].name, tells[_i].type, F_TCP);
	ck_assert_str_eq(told, tells[_i].told);
	close_dns();
}
END_TEST

/* --- where questions go --- */

START_TEST(dnsup_without_resolvers_other_types_are_not_implemented)
{
	open_dns(-1);
	resolve("secure.test", Q_MX, F_EDNS);
	ck_assert_uint_eq(got.rcode, 4);
	ck_assert_int_eq(ede(), 21);
	resolve("b._dns-sd._udp.secure.test", Q_PTR, 0);
	ck_assert_uint_eq(got.rcode, 3);
	resolve("a.mapped", Q_MX, 0);
	ck_assert_uint_eq(got.rcode, 0);
	ck_assert_uint_eq(fakes.n + asked, 0);
	close_dns();
}
END_TEST

static const struct { const char *name; uint16_t type; size_t n; } others[] = {
	{ "secure.test", Q_MX, 1 }, { "www.secure.test", Q_TXT, 1 },
	{ "_sip._tcp.secure.test", T_SRV, 1 },
	{ "svc.secure.test", Q_HTTPS, 1 },
	{ "secure.test", T_CAA, 1 }, { "secure.test", 2, 1 },
	{ "secure.test", 6, 1 }, { "secure.test", T_DNSKEY, 2 },
	{ "secure.test", T_DS, 1 }, { "", 2, 1 },
	{ "alias.secure.test", 5, 1 },
};

START_TEST(dnsup_other_types_are_answered_by_a_resolver)
{
	open_dns(0);
	resolve(others[_i].name, others[_i].type, F_TCP);
	ck_assert_uint_eq(got.rcode, 0);
	ck_assert_uint_eq(count_of((ldns_rr_type)others[_i].type),
	    others[_i].n);
	ck_assert_uint_eq(count_of(LDNS_RR_TYPE_RRSIG), 0);
	ck_assert_uint_eq(ldns_pkt_arcount(got.pkt), 0);
	ck_assert(!ldns_pkt_ad(got.pkt) && !ldns_pkt_aa(got.pkt) &&
	    ldns_pkt_ra(got.pkt));
	ck_assert_uint_eq(served, 1);
	ck_assert_uint_eq(asked, 0);
	close_dns();
}
END_TEST

START_TEST(dnsup_answer_keeps_the_case_of_the_question)
{
	static const char odd[] = "sEcUrE.TeSt";

	open_dns(0);
	resolve(odd, Q_MX, F_TCP);
	ck_assert_uint_eq(got.rcode, 0);
	ck_assert_mem_eq(got.msg + 12, query.buf + 12, sizeof(odd) + 1 + 4);
	close_dns();
}
END_TEST

START_TEST(dnsup_addresses_are_asked_of_the_exit_unless_validated)
{
	open_dns(0);
	resolve("www.secure.test", Q_A, 0);
	resolve("www.secure.test", Q_AAAA, 0);
	resolve("8.8.8.8.in-addr.arpa", Q_PTR, 0);
	ck_assert_uint_eq(asked, 3);
	ck_assert_uint_eq(fakes.n, 0);
	close_dns();
	open_dns(1);
	resolve("www.secure.test", Q_A, 0);
	resolve("www.secure.test", Q_AAAA, 0);
	ck_assert_uint_eq(asked, 0);
	ck_assert_uint_eq(got.rcode, 0);
	close_dns();
}
END_TEST

static const uint16_t all_types[] = { Q_A, Q_AAAA, 2, 5, 6, Q_PTR, Q_MX, Q_TXT,
	T_SRV, T_DS, 46, T_DNSKEY, 64, Q_HTTPS, T_CAA, 65535 };

/* What is not to leave does not, whatever the type, validated or not. */
START_TEST(dnsup_name_that_stays_is_not_asked_of_a_resolver)
{
	uint16_t type = all_types[_i];
	int validate;

	for (validate = 0; validate < 2; validate++) {
		open_dns(validate);
		resolve("host.stays", type, F_TCP);
		ck_assert_uint_eq(got.rcode, 3);
		ck_assert_uint_eq(asked, type == Q_A || type == Q_AAAA);
		resolve("host.mapped", type, F_TCP);
		ck_assert_uint_eq(got.rcode,
		    type == Q_A || type == Q_AAAA ? 3 : 0);
		resolve("www.LOCALHOST", type, F_TCP);
		ck_assert_uint_eq(got.rcode, 0);
		ck_assert_uint_eq(ldns_pkt_ancount(got.pkt),
		    type == Q_A || type == Q_AAAA);
		ck_assert_uint_eq(fakes.n, 0);
		close_dns();
	}
}
END_TEST

START_TEST(dnsup_localhost_is_this_host)
{
	static const uint8_t six[16] = { [15] = 1 };
	ldns_rr *rr;

	open_dns(0);
	resolve("localhost", Q_A, 0);
	rr = ldns_rr_list_rr(ldns_pkt_answer(got.pkt), 0);
	ck_assert_mem_eq(ldns_rdf_data(ldns_rr_rdf(rr, 0)), "\x7f\0\0\1", 4);
	resolve("a.b.localhost", Q_AAAA, 0);
	rr = ldns_rr_list_rr(ldns_pkt_answer(got.pkt), 0);
	ck_assert_mem_eq(ldns_rdf_data(ldns_rr_rdf(rr, 0)), six, 16);
	resolve("notlocalhost", Q_A, 0);
	ck_assert_uint_eq(asked, 1);
	close_dns();
}
END_TEST

/* --- validation --- */

enum { RC_OK = 0, RC_FAIL = 2, RC_NX = 3 };

static const struct {
	const char	*name;
	uint16_t	 type;
	unsigned	 rcode;
	int		 ad, ede;
} judged[] = {
	{ "www.secure.test", Q_A, RC_OK, 1, -1 },
	{ "secure.test", Q_MX, RC_OK, 1, -1 },
	{ "nothing.nsec3.test", Q_A, RC_NX, 1, -1 },
	{ "www.nsec3.test", Q_MX, RC_OK, 1, -1 },
	{ "far.secure.test", Q_A, RC_OK, 1, -1 },
	{ "x.wild.secure.test", Q_A, RC_OK, 1, -1 },
	{ "www.tree.secure.test", Q_A, RC_OK, 1, -1 },
	{ "www.insecure.test", Q_A, RC_OK, 0, -1 },
	{ "out.secure.test", Q_A, RC_OK, 0, -1 },
	{ "nothing.optout.test", Q_A, RC_NX, 0, -1 },
	{ "nothing.iter.test", Q_A, RC_NX, 0, 27 },
	{ "www.old.test", Q_A, RC_OK, 0, -1 },
	{ "www.expired.test", Q_A, RC_FAIL, 0, 7 },
	{ "www.future.test", Q_MX, RC_FAIL, 0, 8 },
	{ "www.wrong.test", Q_A, RC_FAIL, 0, 9 },
	{ "nothing.nokey.test", Q_A, RC_FAIL, 0, 9 },
};

START_TEST(dnsup_validated_answer_says_what_is_known)
{
	open_dns(1);
	resolve(judged[_i].name, judged[_i].type, F_TCP | F_AD | F_EDNS);
	ck_assert_uint_eq(got.rcode, judged[_i].rcode);
	ck_assert_int_eq(ldns_pkt_ad(got.pkt), judged[_i].ad);
	ck_assert_int_eq(ede(), judged[_i].ede);
	ck_assert_uint_eq(count_of(LDNS_RR_TYPE_RRSIG), 0);
	resolve(judged[_i].name, judged[_i].type, F_TCP);	/* no AD */
	ck_assert_uint_eq(got.rcode, judged[_i].rcode);
	ck_assert(!ldns_pkt_ad(got.pkt));
	resolve(judged[_i].name, judged[_i].type, F_TCP | F_DO);
	ck_assert_int_eq(ldns_pkt_ad(got.pkt), judged[_i].ad);
	ck_assert(ldns_pkt_edns_do(got.pkt));
	if (judged[_i].ad)
		ck_assert_uint_gt(count_of(LDNS_RR_TYPE_RRSIG), 0);
	resolve(judged[_i].name, judged[_i].type, F_TCP | F_CD | F_DO);
	ck_assert_uint_ne(got.rcode, RC_FAIL);	/* it is theirs to judge */
	ck_assert(!ldns_pkt_ad(got.pkt));
	ck_assert(ldns_pkt_cd(got.pkt));
	close_dns();
}
END_TEST

/* C09: what one client had proven spares another nothing, and itself much. */
START_TEST(dnsup_what_one_client_learned_is_no_use_to_another)
{
	unsigned first, again;

	open_dns(1);
	ask_as(0x0a000001, "www.secure.test", Q_A, F_TCP, NULL, 0);
	serve();
	first = served;
	ask_as(0x0a000001, "www.secure.test", Q_A, F_TCP, NULL, 0);
	serve();
	again = served - first;
	ck_assert_uint_eq(again, 1);	/* answers are kept for nobody */
	ck_assert_uint_gt(first, 1);
	ask_as(0x0a000002, "www.secure.test", Q_A, F_TCP, NULL, 0);
	serve();
	ck_assert_uint_eq(served - first - again, first);
	ck_assert_uint_eq(fakes.n, 2);
	close_dns();
}
END_TEST

/* --- addresses that are not of the internet --- */

static const struct { const char *name; uint16_t type; int refused; }
    inside[] = {
	{ "inside.secure.test", Q_A, 1 }, { "inside6.secure.test", Q_AAAA, 1 },
	{ "mapped.secure.test", Q_AAAA, 1 },
	{ "svcin.secure.test", Q_HTTPS, 1 },
	{ "svcin6.secure.test", Q_HTTPS, 1 }, { "svc.secure.test", Q_HTTPS, 0 },
	{ "www.secure.test", Q_A, 0 },
};

START_TEST(dnsup_answer_with_a_private_address_is_none)
{
	open_dns(1);
	resolve(inside[_i].name, inside[_i].type, F_TCP | F_EDNS);
	ck_assert_uint_eq(got.rcode, inside[_i].refused ? RC_NX : RC_OK);
	ck_assert_int_eq(ede(), inside[_i].refused ? 17 : -1);
	resolve(inside[_i].name, inside[_i].type, F_TCP | F_CD);
	ck_assert_uint_eq(got.rcode, inside[_i].refused ? RC_NX : RC_OK);
	configure(1, 0);
	resolve(inside[_i].name, inside[_i].type, F_TCP);
	ck_assert_uint_eq(got.rcode, RC_OK);
	ck_assert_uint_ge(ldns_pkt_ancount(got.pkt), 1);
	close_dns();
}
END_TEST

static const uint8_t nine_nines[] = { 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4,
	99, 9, 9, 9 };
static const uint8_t to_stays[] = { 0xc0, 0x0c, 0, 5, 0, 1, 0, 0, 0, 9, 0, 12,
	4, 'h', 'o', 's', 't', 5, 's', 't', 'a', 'y', 's', 0 };

/* Answered by hand; the rest from the file. */
static void
resolve_by(const char *name, uint16_t type, int flags, const uint8_t *record,
    size_t len)
{
	size_t n;

	ask_as(0x0a000001, name, type, flags, NULL, 0);
	loop_end_turn(&loop);
	fake_answer(fakes.f[0], fake_next(fakes.f[0], &n), 0x8180, 1, record,
	    len);
	serve();
	read_reply();
}

/* Whether private ones are allowed or not. */
START_TEST(dnsup_answer_with_an_address_of_ours_is_none)
{
	int reject;

	for (reject = 0; reject < 2; reject++) {
		open_dns(-1);
		configure(1, reject);
		resolve_by("www.insecure.test", Q_A, F_TCP, nine_nines,
		    sizeof(nine_nines));
		ck_assert_uint_eq(got.rcode, RC_NX);
		ck_assert_uint_eq(ldns_pkt_ancount(got.pkt), 0);
		close_dns();
	}
}
END_TEST

START_TEST(dnsup_answer_that_leads_to_a_name_that_stays_is_none)
{
	open_dns(0);
	resolve_by("secure.test", Q_MX, F_TCP | F_EDNS, to_stays,
	    sizeof(to_stays));
	ck_assert_uint_eq(got.rcode, RC_NX);
	ck_assert_int_eq(ede(), 17);
	ck_assert_uint_eq(ldns_pkt_ancount(got.pkt), 0);
	close_dns();
}
END_TEST

/* serve() would not know what to answer. */
START_TEST(dnsup_alias_makes_nobody_ask_for_a_zone_that_stays)
{
	open_dns(1);
	resolve_by("www.insecure.test", Q_A, F_TCP, to_stays,
	    sizeof(to_stays));
	ck_assert_uint_eq(got.rcode, RC_FAIL);
	ck_assert_uint_gt(served, 0);
	close_dns();
}
END_TEST

/* --- what a resolver may do --- */

static void
ask_and_hold(struct dns_query **q)
{
	*q = ask_as(0x0a000001, "secure.test", Q_MX, F_TCP | F_EDNS, NULL, 0);
	ck_assert_ptr_nonnull(*q);
	loop_end_turn(&loop);
	ck_assert_uint_eq(fakes.n, 1);
}

START_TEST(dnsup_silent_resolver_is_servfail_in_time)
{
	struct dns_query *q;

	open_dns(_i);
	ask_and_hold(&q);
	loop_advance(&loop, 30 * 1000);
	read_reply();
	ck_assert_uint_eq(got.rcode, RC_FAIL);
	ck_assert_int_eq(ede(), 22);
	close_dns();
}
END_TEST

START_TEST(dnsup_resolver_that_says_nonsense_is_servfail)
{
	static const uint8_t rdata[] = { 0xc0, 0x0c, 0, 15, 0, 1, 0, 0, 0, 9,
	    0, 200, 1, 2, 3 };	/* a record that is cut */
	struct dns_query *q;
	size_t len;

	open_dns(_i);
	ask_and_hold(&q);
	fake_answer(fakes.f[0], fake_next(fakes.f[0], &len), 0x8180, 1, rdata,
	    sizeof(rdata));
	read_reply();
	ck_assert_uint_eq(got.rcode, RC_FAIL);
	ck_assert_int_eq(ede(), 23);
	close_dns();
}
END_TEST

START_TEST(dnsup_records_that_nobody_asked_for_are_dropped)
{
	/* an MX for another name, an A for a third */
	static const uint8_t rdata[] = {
		3, 'w', 'w', 'w', 0xc0, 0x0c, 0, 15, 0, 1, 0, 0, 0, 9, 0, 4,
		0, 1, 0xc0, 0x0c,
		0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4,
		0xc0, 0x0c, 0, 15, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 4, 0, 1,
		0xc0, 0x0c };
	struct dns_query *q;
	size_t len;

	open_dns(0);
	ask_and_hold(&q);
	fake_answer(fakes.f[0], fake_next(fakes.f[0], &len), 0x8580, 3, rdata,
	    sizeof(rdata));
	read_reply();
	ck_assert_uint_eq(got.rcode, RC_OK);
	ck_assert_uint_eq(ldns_pkt_ancount(got.pkt), 1);
	ck_assert_uint_eq(count_of(LDNS_RR_TYPE_MX), 1);
	ck_assert_uint_eq(ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_answer(
	    got.pkt), 0)), DNSPORT_TTL_MAX);
	close_dns();
}
END_TEST

START_TEST(dnsup_question_that_is_dropped_is_forgotten)
{
	struct dns_query *q;
	size_t len;

	open_dns(1);
	ask_and_hold(&q);
	dnsport_drop(q);
	fake_answer(fakes.f[0], fake_next(fakes.f[0], &len), 0x8180, 0, NULL,
	    0);
	loop_end_turn(&loop);
	ck_assert_int_eq(got.n, 0);
	close_dns();
	open_dns(1);
	ask_and_hold(&q);
	close_dns();			/* while it waits */
}
END_TEST

START_TEST(dnsup_set_conf_fails_what_is_under_way)
{
	struct dns_query *q;

	open_dns(1);
	ask_and_hold(&q);
	configure(0, 1);
	read_reply();
	ck_assert_uint_eq(got.rcode, RC_FAIL);
	loop_end_turn(&loop);
	ck_assert(fakes.f[0]->dead);
	resolve("secure.test", Q_MX, F_TCP);
	ck_assert_uint_eq(got.rcode, RC_OK);
	close_dns();
}
END_TEST

/* A client that, told of one failure, gives up all else and asks again, as one
 * whose connection ends does, or who has more to say on it. */
enum { WAITING = 3 };

static struct {
	struct dns_query *q[WAITING];
	unsigned	 replies, rcode;
	struct dns_query *again;
} fickle;

static void
on_fickle_reply(void *arg, const uint8_t *msg, size_t len)
{
	struct dns_query **mine = arg;
	unsigned i;

	ck_assert_uint_ge(len, 12);
	fickle.replies++;
	fickle.rcode = msg[3] & 15;
	*mine = NULL;
	for (i = 0; i < WAITING; i++) {
		if (fickle.q[i])
			dnsport_drop(fickle.q[i]);
		fickle.q[i] = NULL;
	}
	if (fickle.again == NULL)
		fickle.again = ask_as(0x0a000001, "secure.test", Q_MX, F_TCP,
		    NULL, 0);
}

static void
ask_fickle(unsigned i)
{
	struct dns_from from = { .listener = &door, .tcp = 1 };

	query_make(&query, "secure.test", Q_MX);
	addr_v4(&from.client, 0x0a000001, 40000);
	ck_assert_int_eq(dnsport_query(dp, query.buf, query_len(&query), &from,
	    on_fickle_reply, &fickle.q[i], &fickle.q[i]), 0);
	ck_assert_ptr_nonnull(fickle.q[i]);
}

/* @_i: to other resolvers, or to none. */
START_TEST(dnsup_set_conf_bears_drops_and_questions_from_within)
{
	struct dnsport_conf none = { .nresolvers = 0 };
	struct dnsport_totals t;
	unsigned i;

	open_dns(1);
	memset(&fickle, 0, sizeof(fickle));
	for (i = 0; i < WAITING; i++)
		ask_fickle(i);
	loop_end_turn(&loop);
	ck_assert_uint_eq(fakes.n, 1);
	if (_i)
		configure(0, 1);
	else
		ck_assert_int_eq(dnsport_set_conf(dp, &none), 0);
	ck_assert_uint_eq(fickle.replies, 1);
	ck_assert_uint_eq(fickle.rcode, RC_FAIL);
	ck_assert_int_eq(got.n, !_i);	/* the new one has its own fate */
	ck_assert_ptr_null(fickle.q[0]);
	serve();
	read_reply();
	ck_assert_uint_eq(got.rcode, _i ? RC_OK : 4);
	dnsport_totals(dp, &t);
	ck_assert_uint_eq(t.waiting, 0);
	ck_assert(fakes.f[0]->dead);
	close_dns();
}
END_TEST

START_TEST(dnsup_set_conf_that_is_wrong_changes_nothing)
{
	struct dnsport_conf conf = { .resolvers = &resolver, .nresolvers = 1,
		.validate = 1, .anchors = "x", .anchors_len = 1 };
	enum dnsport_wrong wrong;

	open_dns(0);
	ck_assert_int_eq(dnsport_set_conf(dp, &conf), -EINVAL);
	ck_assert_int_eq(dnsport_check_conf(&conf, &wrong), -EINVAL);
	ck_assert_int_eq(wrong, DNSPORT_WRONG_ANCHORS);
	conf.validate = 0;
	ck_assert_int_eq(dnsport_check_conf(&conf, &wrong), 0);
	conf.validate = 1;
	conf.anchors = NULL;		/* the root's */
	ck_assert_int_eq(dnsport_check_conf(&conf, &wrong), 0);
	resolve("secure.test", Q_MX, F_TCP);
	ck_assert_uint_eq(got.rcode, RC_OK);
	close_dns();
}
END_TEST

/* --- TLS --- */

static void
carry_tls(struct tlsserver *s, uint8_t *heard, size_t *heard_len)
{
	struct fake *f = fakes.f[0];
	uint8_t b[32768];
	size_t n, i;

	for (i = 0; i < 10 && !f->dead; i++) {
		loop_end_turn(&loop);
		*heard_len += tlsserver_input(s, f->got + f->read,
		    f->len - f->read, heard + *heard_len, 4096);
		f->read = f->len;
		n = tlsserver_output(s, b, sizeof(b));
		if (n)
			fake_say(f, b, n);
	}
}

START_TEST(dnsup_resolver_with_a_name_is_asked_by_tls_only)
{
	struct dnsport_conf conf = { .resolvers = &resolver, .nresolvers = 1 };
	static uint8_t heard[65536];
	const struct answer_msg *m;
	struct tlsserver s;
	uint8_t msg[4096];
	size_t len = 0;

	open_dns(-1);
	m = answers_get("secure.test.", "MX");
	tlsserver_open(&s, _i ? "DNS:other.test" : "DNS:dns.test", 5);
	strcpy(resolver.name, "dns.test");
	conf.ca = s.ca;
	conf.ca_len = strlen(s.ca);
	ck_assert_int_eq(dnsport_set_conf(dp, &conf), 0);
	ask_as(0x0a000001, "secure.test", Q_MX, F_TCP | F_EDNS, NULL, 0);
	loop_end_turn(&loop);
	ck_assert_uint_eq(fakes.n, 1);
	ck_assert_uint_gt(fakes.f[0]->len, 0);
	ck_assert_ptr_null(memmem(fakes.f[0]->got, fakes.f[0]->len, "secure",
	    6));
	carry_tls(&s, heard, &len);
	if (_i) {			/* a certificate for somebody else */
		ck_assert(fakes.f[0]->dead);
		ck_assert_uint_eq(len, 0);
		loop_advance(&loop, 30 * 1000);
		read_reply();
		ck_assert_uint_eq(got.rcode, RC_FAIL);
	} else {
		ck_assert_uint_eq(len, 2 + 128);	/* padded */
		wire_set16(msg, (uint16_t)m->len);
		memcpy(msg + 2, m->msg, m->len);
		memcpy(msg + 2, heard + 2, 2);
		SSL_write(s.ssl, msg, (int)(2 + m->len));
		carry_tls(&s, heard, &len);
		read_reply();
		ck_assert_uint_eq(got.rcode, RC_OK);
		ck_assert_uint_eq(count_of(LDNS_RR_TYPE_MX), 1);
	}
	memset(resolver.name, 0, sizeof(resolver.name));
	tlsserver_close(&s);
	close_dns();
}
END_TEST

/* --- how much is said over UDP --- */

static void
expect_fair(void)
{
	ck_assert_msg((got.len + 28) * 2 <= (query_size + 28) * 3,
	    "%zu bytes for %zu", got.len, query_size);
	ck_assert_uint_le(got.len, 1232);
}

/* No answer to a question whose sender nobody knows is a packet of more than
 * one and a half times its bytes: all questions of the file, in four ways. */
START_TEST(dnsup_no_udp_answer_is_more_than_half_as_long_again)
{
	static const int ways[] = { 0, F_EDNS, F_DO, F_EDNS | F_CD };
	size_t i, whole = 0, n = 0;
	char name[256];

	open_dns(1);
	for (i = 0; i < answers.n; i++) {
		snprintf(name, sizeof(name), "%s", answers.m[i].name);
		name[strlen(name) - 1] = '\0';
		ask_as(0x0a000001, name, answers_type(answers.m[i].type),
		    ways[_i], _i == 3 ? (const uint8_t *)"mycookie" : NULL,
		    _i == 3 ? 8 : 0);
		serve();
		if (got.n == 0)
			loop_advance(&loop, 30 * 1000);
		read_reply();
		expect_fair();
		n++;
		whole += !ldns_pkt_tc(got.pkt);
		ck_assert(!ldns_pkt_tc(got.pkt) ||
		    ldns_pkt_ancount(got.pkt) == 0);
	}
	ck_assert_uint_eq(n, answers.n);
	ck_assert_uint_gt(whole, 0);
	close_dns();
}
END_TEST

START_TEST(dnsup_one_address_goes_by_udp_for_ordinary_names)
{
	open_dns(1);
	resolve("www.secure.test", Q_A, 0);
	ck_assert_uint_eq(ldns_pkt_ancount(got.pkt), 1);
	expect_fair();
	resolve("www.secure.test", Q_AAAA, 0);
	ck_assert_uint_eq(ldns_pkt_ancount(got.pkt), 1);
	expect_fair();
	close_dns();
}
END_TEST

START_TEST(dnsup_cookie_lifts_the_limit_for_its_address)
{
	uint8_t cookie[COOKIE_LEN];
	const uint8_t *p;

	open_dns(1);
	ask_as(0x0a000001, "secure.test", T_DNSKEY, F_DO,
	    (const uint8_t *)"mycookie", 8);
	serve();
	read_reply();
	ck_assert(ldns_pkt_tc(got.pkt));
	p = memmem(got.msg, got.len, "mycookie", 8);
	ck_assert_ptr_nonnull(p);	/* and how to do better */
	memcpy(cookie, p, COOKIE_LEN);
	ask_as(0x0a000001, "secure.test", T_DNSKEY, F_DO, cookie, COOKIE_LEN);
	serve();
	read_reply();
	ck_assert(!ldns_pkt_tc(got.pkt));
	ck_assert_uint_eq(count_of(LDNS_RR_TYPE_DNSKEY), 2);
	ask_as(0x0a000002, "secure.test", T_DNSKEY, F_DO, cookie, COOKIE_LEN);
	serve();
	read_reply();
	ck_assert(ldns_pkt_tc(got.pkt));	/* somebody else's */
	loop_advance(&loop, 2 * 3600 * 1000);
	loop.wall += 2 * 3600;
	ask_as(0x0a000001, "secure.test", T_DNSKEY, F_DO, cookie, COOKIE_LEN);
	serve();
	read_reply();
	ck_assert(ldns_pkt_tc(got.pkt));	/* too old */
	close_dns();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(dnsup_client_is_told_names_and_their_addresses,
	    NELEM(tells)),
	UNIT(dnsup_without_resolvers_other_types_are_not_implemented),
	UNIT_LOOP(dnsup_other_types_are_answered_by_a_resolver,
	    NELEM(others)),
	UNIT(dnsup_answer_keeps_the_case_of_the_question),
	UNIT(dnsup_addresses_are_asked_of_the_exit_unless_validated),
	UNIT_LOOP(dnsup_name_that_stays_is_not_asked_of_a_resolver,
	    NELEM(all_types)),
	UNIT(dnsup_localhost_is_this_host),
	UNIT_LOOP(dnsup_validated_answer_says_what_is_known, NELEM(judged)),
	UNIT(dnsup_what_one_client_learned_is_no_use_to_another),
	UNIT_LOOP(dnsup_answer_with_a_private_address_is_none,
	    NELEM(inside)),
	UNIT(dnsup_answer_with_an_address_of_ours_is_none),
	UNIT(dnsup_answer_that_leads_to_a_name_that_stays_is_none),
	UNIT(dnsup_alias_makes_nobody_ask_for_a_zone_that_stays),
	UNIT_LOOP(dnsup_silent_resolver_is_servfail_in_time, 2),
	UNIT_LOOP(dnsup_resolver_that_says_nonsense_is_servfail, 2),
	UNIT(dnsup_records_that_nobody_asked_for_are_dropped),
	UNIT(dnsup_question_that_is_dropped_is_forgotten),
	UNIT(dnsup_set_conf_fails_what_is_under_way),
	UNIT_LOOP(dnsup_set_conf_bears_drops_and_questions_from_within, 2),
	UNIT(dnsup_set_conf_that_is_wrong_changes_nothing),
	UNIT_LOOP(dnsup_resolver_with_a_name_is_asked_by_tls_only, 2),
	UNIT_LOOP(dnsup_no_udp_answer_is_more_than_half_as_long_again, 4),
	UNIT(dnsup_one_address_goes_by_udp_for_ordinary_names),
	UNIT(dnsup_cookie_lifts_the_limit_for_its_address),
};

UNIT_MAIN("dnsup", tests)
