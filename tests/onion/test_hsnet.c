/* tests/onion/test_hsnet.c - an onion service reached, from a stream to a
 * service that answers by the specification, over fake relays
 *
 * All of the client is what runs in the engine, but for two parts that need
 * documents of a real network: descriptors are a struct, and the ring is the
 * relays that the test names.
 */
#include "tests/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/secret.h"
#include "base/why.h"
#include "onion/circ/circ.h"
#include "onion/circ/relaymsg.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/hs/hsauth.h"
#include "onion/hs/hsclient.h"
#include "onion/hs/hsdesc.h"
#include "onion/hs/hsnet.h"
#include "onion/hs/hsring.h"
#include "onion/link/cell.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/sim/simlink.h"

enum { INTROS = 2, DIRS = 3, ANSWER_MAX = 16384, MINUTE = 60 * 1000 };

#define PROTOID	"tor-hs-ntor-curve25519-sha3-256-1"

/* An Ed25519 key (RFC 8032, 7.1, test 1). */
static const uint8_t service_key[32] = {
	0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3,
	0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
	0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a
};

static struct world {
	struct poolrig	 r;
	struct hsnet	*net;
	struct hsdesc	 desc;
	uint8_t		 sec[INTROS][32];	/* of desc.intro[].enc */
	uint8_t		 answer[ANSWER_MAX];
	unsigned	 met;
	int		 is_dead;	/* the service: it never answers */
	int		 lies;		/* it has another's keys */
} w;

/* --- two parts of the client, made up --- */

int
hsdesc_open(struct hsdesc **out, const char *text, size_t len,
    const struct blind *b, const uint8_t auth[32], int64_t now)
{
	(void)b;
	(void)auth;
	(void)now;
	if (len != sizeof(**out))
		return -WHY_HS_INVALID;
	if ((*out = malloc(sizeof(**out))) == NULL)
		return -ENOMEM;
	memcpy(*out, text, sizeof(**out));
	return 0;
}

struct hsring {
	const struct netdir *nd;
};

int
hsring_new(struct hsring **out, const struct netdir *nd,
    const struct hstime *t)
{
	(void)t;
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return -ENOMEM;
	(*out)->nd = nd;
	return 0;
}

void
hsring_free(struct hsring *ring)
{
	free(ring);
}

size_t
hsring_find(const struct hsring *ring, const uint8_t blinded[BLIND_KEY],
    const struct relay *out[HSRING_MAX])
{
	size_t i;

	(void)blinded;
	for (i = 0; i < DIRS; i++)
		out[i] = &ring->nd->relays[i];
	return DIRS;
}

/* --- the service (rend-spec-v3 4.2) --- */

static void
mac(uint8_t out[32], const void *key, size_t keylen, const void *m, size_t len)
{
	uint8_t in[1024] = { 0 };

	ck_assert_uint_le(8 + keylen + len, sizeof(in));
	in[7] = (uint8_t)keylen;
	memcpy(in + 8, key, keylen);
	memcpy(in + 8 + keylen, m, len);
	crypt_sha3(out, in, 8 + keylen + len);
}

struct text {
	uint8_t	b[1024];
	size_t	n;
};

static void
add(struct text *t, const void *p, size_t n)
{
	memcpy(t->b + t->n, p, n);
	t->n += n;
}

static void
answer(struct simcirc *rend, size_t intro, const uint8_t X[32])
{
	const uint8_t *B = w.desc.intro[intro].enc;
	const uint8_t *auth = w.desc.intro[intro].auth;
	uint8_t y[32], Y[32], xy[32], xb[32], seed[32], verify[32], key[128];
	uint8_t reply[64];
	struct text in = { .n = 0 }, told = { .n = 0 }, expand = { .n = 0 };

	ck_assert_int_eq(crypt_x25519_new(y, Y), 0);
	ck_assert_int_eq(crypt_dh(xy, y, X), 0);
	ck_assert_int_eq(crypt_dh(xb, w.sec[intro], X), 0);
	add(&in, xy, 32);
	add(&in, xb, 32);
	add(&in, auth, 32);
	add(&in, B, 32);
	add(&in, X, 32);
	add(&in, Y, 32);
	add(&in, PROTOID, strlen(PROTOID));
	mac(seed, in.b, in.n, PROTOID ":hs_key_extract",
	    strlen(PROTOID ":hs_key_extract"));
	mac(verify, in.b, in.n, PROTOID ":hs_verify",
	    strlen(PROTOID ":hs_verify"));
	add(&told, verify, 32);
	add(&told, auth, 32);
	add(&told, B, 32);
	add(&told, Y, 32);
	add(&told, X, 32);
	add(&told, PROTOID "Server", strlen(PROTOID "Server"));
	memcpy(reply, Y, 32);
	mac(reply + 32, told.b, told.n, PROTOID ":hs_mac",
	    strlen(PROTOID ":hs_mac"));
	if (w.lies)
		reply[63] ^= 1;
	add(&expand, seed, 32);
	add(&expand, PROTOID ":hs_key_expand",
	    strlen(PROTOID ":hs_key_expand"));
	crypt_shake256(key, sizeof(key), expand.b, expand.n);
	simcirc_say(rend, rend->n - 1, RELAY_RENDEZVOUS2, 0, reply,
	    sizeof(reply));
	simcirc_join(rend, key, key + 32, key + 64, key + 96,
	    w.desc.flow_control, w.desc.sendme_inc);
}

/* The rendezvous point that waits for the one that was introduced: the cookie
 * is in what only the service can read, but there is one at a time here. */
static struct simcirc *
find_rend(void)
{
	struct simcirc *c;

	for (c = w.r.net->circs; c; c = c->next)
		if (c->establishes && !c->joined && !c->destroyed)
			return c;
	return NULL;
}

static void
serve(void)
{
	struct simcirc *c, *rend;
	size_t i;

	for (c = w.r.net->circs; c; c = c->next) {
		if (c->introduces != 1 || w.is_dead ||
		    w.r.net->knobs.ack_status)
			continue;
		c->introduces++;	/* not again */
		for (i = 0; i < INTROS; i++)
			if (memcmp(c->introduce + 23, w.desc.intro[i].auth,
			    32) == 0)
				break;
		ck_assert_uint_lt(i, INTROS);
		ck_assert_ptr_nonnull(rend = find_rend());
		answer(rend, i, c->introduce + 23 + 32 + 1);
		w.met++;
	}
}

static void
run(int64_t ms)
{
	for (; ms > 0; ms -= 100) {
		poolrig_run(&w.r, 100);
		serve();
	}
}

/* --- the world --- */

static void
wake(void *arg)
{
	(void)arg;
	if (w.r.attach)
		attach_wake(w.r.attach);
}

static void
make_desc(int cc)
{
	struct hsdesc_intro *in;
	size_t i, n;

	w.desc.revision = 1;
	w.desc.lifetime_s = 3 * 3600;
	w.desc.cert_expires = POOLRIG_NOW + 24 * 3600;
	w.desc.flow_control = (uint8_t)cc;
	w.desc.sendme_inc = 31;
	w.desc.nintros = INTROS;
	for (i = 0; i < INTROS; i++) {
		in = &w.desc.intro[i];
		simnet_hopinfo(w.r.net, 8 + i, &in->relay);
		in->relay.caps = 0;
		/* Where relays of a real network may be. */
		addr_v4(&in->relay.or4, 0x5bc80001u + (uint32_t)i, 9001);
		memset(in->auth, 0x70 + (int)i, 32);
		ck_assert_int_eq(crypt_x25519_new(w.sec[i], in->enc), 0);
	}
	n = (size_t)snprintf((char *)w.answer, sizeof(w.answer),
	    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n"
	    "Content-Length: %zu\r\n\r\n", sizeof(w.desc));
	ck_assert_uint_le(n + sizeof(w.desc), sizeof(w.answer));
	memcpy(w.answer + n, &w.desc, sizeof(w.desc));
	w.r.net->dir_answer = w.answer;
	w.r.net->dir_len = n + sizeof(w.desc);
}

static void
on_ready(struct poolrig *r)
{
	(void)r;
	if (w.net)
		hsnet_room(w.net);
}

/* For begin(). */
static void (*edit)(struct poolrig *);
static const uint16_t *long_lived;

static void
begin(int cc)
{
	struct hsnet_conf conf = { .loop = &w.r.loop, .wake = wake };

	memset(&w, 0, sizeof(w));
	w.r.pconf.predict = 1;
	w.r.on_ready = on_ready;
	w.r.no_attach = 1;
	w.r.edit = edit;
	w.r.long_lived = long_lived;
	w.r.nlong_lived = long_lived != NULL;
	poolrig_new(&w.r);
	conf.pool = w.r.pool;
	conf.path = w.r.path;
	ck_assert_int_eq(hsnet_new(&w.net, &conf, NULL), 0);
	w.r.aconf.services.get = hsnet_get;
	w.r.aconf.services.spoil = hsnet_spoil;
	w.r.aconf.services.arg = w.net;
	poolrig_attach(&w.r);
	make_desc(cc);
	hsnet_set_netdir(w.net, w.r.nd);
}

static void
end(void)
{
	attach_free(w.r.attach);
	w.r.attach = NULL;
	hsnet_free(w.net);
	w.net = NULL;
	poolrig_free(&w.r);
}

static int
visit(struct hold *h, unsigned token, uint16_t port)
{
	struct attach_target t = { .host = "x.onion", .port = port,
		.service = service_key };

	return hold_connect_to(&w.r, h, token, &t);
}

static unsigned
count_fetches(void)
{
	const struct simstream *st;
	const struct simcirc *c;
	unsigned n = 0;

	for (c = w.r.net->circs; c; c = c->next)
		for (st = c->streams; st; st = st->next) {
			if (!st->is_dir)
				continue;
			ck_assert_uint_eq(c->n, 4);
			ck_assert_mem_eq(st->echo, "GET /tor/hs/3/", 14);
			n++;
		}
	return n;
}

/* --- */

START_TEST(hsnet_service_is_reached_and_carries_both_ways)
{
	struct hold h = { .on = NULL };
	const struct simcirc *c;

	begin(_i);
	ck_assert_int_eq(visit(&h, 1, SIM_ECHO), 0);
	ck_assert_uint_eq(hold_send(&h, 0, 5000), 5000);
	run(20000);
	ck_assert_uint_eq(h.gones, 0);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_uint_eq(h.got, 5000);
	ck_assert_uint_eq(h.bad, 0);
	ck_assert_uint_eq(w.met, 1);
	ck_assert_uint_eq(count_fetches(), 1);
	for (c = w.r.net->circs; c; c = c->next) {
		if (c->introduces)
			ck_assert_uint_eq(c->n, 4);
		if (c->establishes)
			ck_assert_uint_eq(c->n, 4);	/* with the service */
		ck_assert_uint_le(c->early, 8);
	}
	hold_kill(&h);
	run(1000);
	end();
}
END_TEST

START_TEST(hsnet_streams_of_a_token_share_and_others_do_not)
{
	struct hold h[4] = { { .on = NULL } };
	int i;

	begin(1);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(visit(&h[i], 1, SIM_MUTE), 0);
		run(8000);
		ck_assert_uint_eq(h[i].opened, 1);
	}
	ck_assert_uint_eq(w.met, 1);
	ck_assert_int_eq(visit(&h[3], 2, SIM_MUTE), 0);
	run(15000);
	ck_assert_uint_eq(h[3].opened, 1);
	ck_assert_uint_eq(w.met, 2);
	ck_assert_uint_eq(count_fetches(), 2);
	for (i = 0; i < 4; i++)
		hold_kill(&h[i]);
	end();
}
END_TEST

START_TEST(hsnet_circuit_that_went_is_replaced_without_a_fetch)
{
	struct hold h[2] = { { .on = NULL } };
	struct simcirc *c;

	begin(1);
	ck_assert_int_eq(visit(&h[0], 1, SIM_MUTE), 0);
	run(15000);
	ck_assert_uint_eq(h[0].opened, 1);
	for (c = w.r.net->circs; c; c = c->next)
		if (c->joined) {
			simcirc_cell(c, CELL_DESTROY, NULL, 0);
			c->destroyed = 1;
		}
	run(1000);
	ck_assert_uint_eq(h[0].gones, 1);
	ck_assert_int_eq(visit(&h[1], 1, SIM_MUTE), 0);
	run(15000);
	ck_assert_uint_eq(h[1].opened, 1);
	ck_assert_uint_eq(w.met, 2);
	ck_assert_uint_eq(count_fetches(), 1);
	hold_kill(&h[1]);
	end();
}
END_TEST

START_TEST(hsnet_newnym_shares_nothing_with_what_was_before)
{
	struct hold h[2] = { { .on = NULL } };

	begin(1);
	ck_assert_int_eq(visit(&h[0], 1, SIM_MUTE), 0);
	run(15000);
	ck_assert_uint_eq(h[0].opened, 1);
	pool_newnym(w.r.pool);
	hsnet_newnym(w.net);
	ck_assert_int_eq(visit(&h[1], 1, SIM_MUTE), 0);
	run(20000);
	ck_assert_uint_eq(h[0].gones, 0);	/* it goes on */
	ck_assert_uint_eq(h[1].opened, 1);
	ck_assert_uint_eq(w.met, 2);
	ck_assert_uint_eq(count_fetches(), 2);
	hold_kill(&h[0]);
	hold_kill(&h[1]);
	end();
}
END_TEST

START_TEST(hsnet_circuit_gets_old_and_the_next_stream_another)
{
	struct hold h[2] = { { .on = NULL } };

	begin(1);
	ck_assert_int_eq(visit(&h[0], 1, SIM_MUTE), 0);
	run(15000);
	ck_assert_uint_eq(h[0].opened, 1);
	poolrig_run(&w.r, 11 * MINUTE);
	ck_assert_int_eq(visit(&h[1], 1, SIM_MUTE), 0);
	run(20000);
	ck_assert_uint_eq(h[1].opened, 1);
	ck_assert_uint_eq(h[0].gones, 0);
	ck_assert_uint_eq(w.met, 2);
	hold_kill(&h[0]);
	hold_kill(&h[1]);
	end();
}
END_TEST

START_TEST(hsnet_directory_without_a_descriptor_is_not_found)
{
	static const char none[] = "HTTP/1.0 404 Not found\r\n\r\n";
	struct hold h = { .on = NULL };

	begin(1);
	w.r.net->dir_answer = (const uint8_t *)none;
	w.r.net->dir_len = sizeof(none) - 1;
	ck_assert_int_eq(visit(&h, 1, SIM_MUTE), 0);
	run(30000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -WHY_HS_NOT_FOUND);
	ck_assert_uint_eq(count_fetches(), DIRS);
	end();
}
END_TEST

START_TEST(hsnet_service_that_does_not_come_ends_the_stream)
{
	struct hold h = { .on = NULL };

	begin(1);
	w.is_dead = _i == 0;
	w.lies = _i == 1;
	w.r.net->knobs.ack_status = _i == 2;
	ck_assert_int_eq(visit(&h, 1, SIM_MUTE), 0);
	run(125 * 1000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_lt(h.why, 0);
	ck_assert_uint_eq(h.opened, 0);
	end();
}
END_TEST

/* Guards and vanguards are Stable, and no rendezvous point is: only what was
 * asked for as such counts. */
static void
make_unstable(struct poolrig *r)
{
	struct simdir_relay *d;
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i++) {
		d = poolrig_listed(r, i);
		if (i % 2)
			d->flags &= ~(uint32_t)RELAY_STABLE;
		else
			strcpy(d->pr, "Relay=1-4 HSRend=1");
	}
}

START_TEST(hsnet_port_that_is_long_lived_has_a_circuit_to_last)
{
	static const uint16_t lasting[] = { SIM_ECHO };
	static const struct {
		uint16_t	port;
		unsigned	met;
	} visits[] = { { SIM_MUTE, 1 }, { SIM_ECHO, 2 }, { SIM_ECHO, 2 },
		{ SIM_MUTE, 2 } };
	struct hold h[NELEM(visits)] = { { .on = NULL } };
	size_t i;

	long_lived = lasting;
	edit = make_unstable;
	begin(1);
	for (i = 0; i < NELEM(visits); i++) {
		ck_assert_int_eq(visit(&h[i], 1, visits[i].port), 0);
		run(15000);
		ck_assert_uint_eq(h[i].opened, 1);
		ck_assert_uint_eq(w.met, visits[i].met);
		ck_assert_uint_eq(h[0].gones, 0);	/* it lives on */
	}
	ck_assert_uint_eq(count_fetches(), 1);
	for (i = 0; i < NELEM(visits); i++)
		hold_kill(&h[i]);
	run(1000);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hsnet_service_is_reached_and_carries_both_ways, 2),
	UNIT(hsnet_port_that_is_long_lived_has_a_circuit_to_last),
	UNIT(hsnet_streams_of_a_token_share_and_others_do_not),
	UNIT(hsnet_circuit_that_went_is_replaced_without_a_fetch),
	UNIT(hsnet_newnym_shares_nothing_with_what_was_before),
	UNIT(hsnet_circuit_gets_old_and_the_next_stream_another),
	UNIT(hsnet_directory_without_a_descriptor_is_not_found),
	UNIT_LOOP(hsnet_service_that_does_not_come_ends_the_stream, 3),
};
UNIT_MAIN("hsnet", tests)
