/* tests/onion/hs/hsrig.c */
#include "tests/onion/hs/hsrig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/router.h"

#define PROTOID "tor-hs-ntor-curve25519-sha3-256-1"

struct rig *rig;
/* An hour after a period's beginning: 12:00 and one hour. */
int64_t rig_start = 1700000000 - 1700000000 % 86400 + 13 * 3600;

uint8_t rig_service[2][32] = {	/* RFC 8032 7.1 */
	{ 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
	  0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
	  0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a },
	{ 0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
	  0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
	  0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c }
};
const int rig_laters[RIG_LATERS] = { -EAGAIN, -EBUSY, -ENOMEM };
const uint8_t rig_token[2][HSCLIENT_TOKEN] = { { 1, 1 }, { 2, 2 } };

void
rig_must(int ok, const char *file, int line)
{
	if (ok)
		return;
	fprintf(stderr, "%s:%d: this may not happen\n", file, line);
	abort();
}

/* --- circuits --- */

static struct rig_circ *
row(void *circ)
{
	struct rig_circ *c = circ;

	must(c >= rig->circ && c < rig->circ + rig->ncircs);
	must(c->open && !c->doomed);
	return c;
}

static int
net_open(void *arg, const struct hsclient_want *w, void **circ)
{
	struct rig *r = arg;
	struct rig_circ *c;

	must((w->last == NULL) == (w->purpose == HS_REND));
	must(w->last == NULL || !r->strict ||
	    !r->excluded[w->last->id.rsa[0]]);
	r->opens++;
	if (r->open_rc[w->purpose])
		return r->open_rc[w->purpose];
	if (r->ncircs == RIG_CIRCS)
		return -EAGAIN;
	c = &r->circ[r->ncircs++];
	memset(c, 0, sizeof(*c));
	c->purpose = w->purpose;
	memcpy(c->token, w->token, sizeof(c->token));
	if (w->last)
		c->last = *w->last;
	c->stable = w->stable;
	c->open = 1;
	*circ = c;
	return 0;
}

static int
net_excluded(void *arg, const struct hopinfo *h)
{
	struct rig *r = arg;

	if (!r->excluded[h->id.rsa[0]])
		return 0;
	return r->strict ? -EACCES : 1;
}

static int
net_fetch(void *arg, void *circ, const char *path)
{
	struct rig_circ *c = row(circ);

	must(c->purpose == HS_DIR && c->built && c->path[0] == 0);
	must(strlen(path) == 10 + 43 && strncmp(path, "/tor/hs/3/", 10) == 0);
	strcpy(c->path, path);
	return ((struct rig *)arg)->fetch_rc;
}

/* Is there a rendezvous point that has this cookie, and said so? */
static int
is_established(const struct rig *r, const uint8_t *cookie,
    const uint8_t *token)
{
	const struct rig_circ *c;

	for (c = r->circ; c < r->circ + r->ncircs; c++)
		if (c->purpose == HS_REND && c->established && c->open &&
		    memcmp(c->sent[0].data, cookie, INTROMSG_COOKIE) == 0 &&
		    memcmp(c->token, token, HSCLIENT_TOKEN) == 0)
			return 1;
	return 0;
}

static void
check_sent(struct rig *r, const struct rig_circ *c)
{
	const struct rig_sent *s = &c->sent[c->nsent - 1];
	struct rig_intro1 i;

	if (c->purpose == HS_REND) {
		must(s->cmd == 33 && s->len == INTROMSG_COOKIE);
		must(!secret_is_zero(s->data, s->len));
		must(c->nsent == 1);
		return;
	}
	must(c->purpose == HS_INTRO && s->cmd == 34 && c->nsent == 1);
	must(s->len >= 246 && s->len <= INTROMSG_MAX);
	must(rig_read(r, c, &i) == 0);
	must(!secret_is_zero(i.cookie, sizeof(i.cookie)));
	must(!secret_is_zero(i.X, sizeof(i.X)));
	must(is_established(r, i.cookie, c->token));
}

static int
net_send(void *arg, void *circ, uint8_t cmd, const uint8_t *data, size_t len)
{
	struct rig_circ *c = row(circ);
	struct rig *r = arg;
	struct rig_sent *s = &c->sent[c->nsent];

	must(c->built && c->nsent < RIG_SENT && len <= sizeof(s->data));
	must(!c->joined);
	if (r->send_rc)
		return r->send_rc;
	s->cmd = cmd;
	s->len = len;
	memcpy(s->data, data, len);
	c->nsent++;
	check_sent(r, c);
	return 0;
}

static const struct hopinfo *
net_last(void *arg, void *circ)
{
	struct rig *r = arg;

	must(row(circ)->purpose == HS_REND);
	return r->no_last ? NULL : &r->rp;
}

static int
net_join(void *arg, void *circ, const struct hsntor_keys *k, int cc,
    uint8_t inc)
{
	struct rig_circ *c = row(circ);
	struct rig *r = arg;

	must(c->purpose == HS_REND && c->right && !c->joined);
	must(memcmp(k, &c->keys, sizeof(*k)) == 0);
	must(cc || inc == 0);
	if (r->join_rc)
		return r->join_rc;
	c->joined = 1;
	c->cc = cc;
	c->inc = inc;
	return 0;
}

static void
net_close(void *arg, void *circ)
{
	struct rig_circ *c = circ;

	(void)arg;
	must(c >= rig->circ && c < rig->circ + rig->ncircs && c->open);
	c->open = 0;
}

static void
net_wake(void *arg)
{
	((struct rig *)arg)->wakes++;
}

static int
net_solve(void *arg, const struct hspow_ask *ask, hspow_fn *fn, void *cb_arg,
    struct hspow_job **out)
{
	struct rig *r = arg;
	struct hspow_job *j = &r->job[r->njobs];

	must(ask->effort > 0 && ask->effort <= HSPOW_EFFORT_MAX);
	if (r->solve_rc || r->njobs == RIG_JOBS)
		return r->solve_rc ? r->solve_rc : -EAGAIN;
	r->njobs++;
	j->ask = *ask;
	j->fn = fn;
	j->arg = cb_arg;
	j->open = 1;
	*out = j;
	return 0;
}

static void
net_unsolve(void *arg, struct hspow_job *j)
{
	(void)arg;
	must(j->open);
	j->open = 0;
}

/* --- the service --- */

static void
mac(uint8_t out[32], const uint8_t *key, size_t keylen, const void *m,
    size_t len)
{
	uint8_t in[1024];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_u64(&p, keylen);
	pack_put(&p, key, keylen);
	pack_put(&p, m, len);
	must(p.err == 0);
	crypt_sha3(out, in, pack_len(&p));
}

/* By what the plaintext is encrypted, and all is authenticated. */
static void
intro_keys(const struct rig_intro *in, const uint8_t X[32],
    const uint8_t sub[32], uint8_t keys[64])
{
	static const char enc[] = PROTOID ":hs_key_extract";
	static const char expand[] = PROTOID ":hs_key_expand";
	uint8_t buf[512], dh[32];
	struct pack p;

	must(crypt_dh(dh, in->sec, X) == 0);
	pack_init(&p, buf, sizeof(buf));
	pack_put(&p, dh, 32);
	pack_put(&p, in->pub.auth, 32);
	pack_put(&p, X, 32);
	pack_put(&p, in->pub.enc, 32);
	pack_put(&p, PROTOID, strlen(PROTOID));
	pack_put(&p, enc, sizeof(enc) - 1);
	pack_put(&p, expand, sizeof(expand) - 1);
	pack_put(&p, sub, 32);
	must(p.err == 0);
	crypt_shake256(keys, 64, buf, pack_len(&p));
}

static int
which_intro(const struct rig *r, const uint8_t *auth, size_t *which)
{
	for (*which = 0; *which < RIG_INTROS; (*which)++)
		if (memcmp(r->intro[*which].pub.auth, auth, 32) == 0)
			return 0;
	return -1;
}

static void
read_plain(struct rig_intro1 *out, const uint8_t *plain, size_t len)
{
	const uint8_t *body;
	uint8_t type, n;
	struct wire w;

	wire_init(&w, plain, len);
	memcpy(out->cookie, wire_take(&w, INTROMSG_COOKIE), INTROMSG_COOKIE);
	for (n = wire_u8(&w); n > 0; n--) {
		type = wire_u8(&w);
		body = wire_take(&w, wire_u8(&w));
		must(w.err == 0 && (type == 1 || type == 2));
		out->cc |= type == 1;
		if (type == 2) {
			out->pow = 1;
			memcpy(out->proof, body, INTROMSG_POW);
		}
	}
	must(wire_u8(&w) == 1 && wire_u16(&w) == 32);
	(void)wire_take(&w, 32);
	must(w.err == 0);
	memcpy(out->specs, wire_take(&w, 64), 64);
}

static int
open_with(struct rig *r, const struct rig_sent *s, const uint8_t sub[32],
    struct rig_intro1 *out)
{
	uint8_t keys[64], tag[32], plain[INTROMSG_MAX];
	struct crypt_ctr *ctr;

	intro_keys(&r->intro[out->which], out->X, sub, keys);
	mac(tag, keys + 32, 32, s->data, s->len - 32);
	if (memcmp(tag, s->data + s->len - 32, 32) != 0)
		return -1;
	memcpy(plain, s->data + 88, s->len - 88 - 32);
	must((ctr = crypt_ctr_new(keys, 32)) != NULL);
	crypt_ctr_xor(ctr, plain, s->len - 88 - 32);
	crypt_ctr_free(ctr);
	read_plain(out, plain, s->len - 88 - 32);
	return 0;
}

/* Of either service, in this period. */
int
rig_read(struct rig *r, const struct rig_circ *c, struct rig_intro1 *out)
{
	const struct rig_sent *s = &c->sent[0];
	struct hstime t;
	struct blind b;
	int i;

	memset(out, 0, sizeof(*out));
	if (which_intro(r, s->data + 23, &out->which) < 0)
		return -1;
	must(memcmp(c->last.id.rsa, r->intro[out->which].pub.relay.id.rsa,
	    20) == 0);
	memcpy(out->X, s->data + 56, 32);
	hstime_of(&t, &r->netdir, 0);
	for (i = 0; i < 2; i++) {
		must(blind_service(&b, rig_service[i], t.period,
		    t.minutes) == 0);
		if (open_with(r, s, b.subcredential, out) == 0)
			return 0;
	}
	return -1;
}

void
rig_reply(struct rig *r, const struct rig_intro1 *i,
    uint8_t reply[HSNTOR_REPLY], struct hsntor_keys *keys)
{
	static const char enc[] = PROTOID ":hs_key_extract";
	static const char verify[] = PROTOID ":hs_verify";
	static const char tmac[] = PROTOID ":hs_mac";
	static const char expand[] = PROTOID ":hs_key_expand";
	const struct rig_intro *in = &r->intro[i->which];
	uint8_t y[32], Y[32], dh[32], secret[512], seed[32], v[32], buf[512];
	struct pack p, q;

	must(crypt_x25519_new(y, Y) == 0);
	pack_init(&p, secret, sizeof(secret));
	must(crypt_dh(dh, y, i->X) == 0);
	pack_put(&p, dh, 32);
	must(crypt_dh(dh, in->sec, i->X) == 0);
	pack_put(&p, dh, 32);
	pack_put(&p, in->pub.auth, 32);
	pack_put(&p, in->pub.enc, 32);
	pack_put(&p, i->X, 32);
	pack_put(&p, Y, 32);
	pack_put(&p, PROTOID, strlen(PROTOID));
	mac(seed, secret, pack_len(&p), enc, sizeof(enc) - 1);
	mac(v, secret, pack_len(&p), verify, sizeof(verify) - 1);
	pack_init(&q, buf, sizeof(buf));
	pack_put(&q, v, 32);
	pack_put(&q, in->pub.auth, 32);
	pack_put(&q, in->pub.enc, 32);
	pack_put(&q, Y, 32);
	pack_put(&q, i->X, 32);
	pack_put(&q, PROTOID, strlen(PROTOID));
	pack_put(&q, "Server", 6);
	memcpy(reply, Y, 32);
	mac(reply + 32, buf, pack_len(&q), tmac, sizeof(tmac) - 1);
	pack_init(&q, buf, sizeof(buf));
	pack_put(&q, seed, 32);
	pack_put(&q, expand, sizeof(expand) - 1);
	crypt_shake256((uint8_t *)keys, sizeof(*keys), buf, pack_len(&q));
}

int
rig_answer(struct rig *r, const struct rig_intro1 *i, struct rig_circ *rend)
{
	uint8_t reply[168] = { 0 };	/* as long as services make it */

	rig_reply(r, i, reply, &rend->keys);
	rend->right = memcmp(i->cookie, rend->sent[0].data,
	    INTROMSG_COOKIE) == 0;
	return rig_say(r, rend, 37, reply, sizeof(reply));
}

int
rig_meet(struct rig *r, struct rig_circ *intro, struct rig_circ *rend)
{
	struct rig_intro1 i;

	must(rig_read(r, intro, &i) == 0);
	return rig_answer(r, &i, rend);
}

/* --- what is said --- */

int
rig_say(struct rig *r, struct rig_circ *c, uint8_t cmd, const void *data,
    size_t len)
{
	int rc;

	must(c->open && !c->doomed);
	rc = hsclient_message(r->hs, c, cmd, data, len);
	must(rc == 0 || rc == -EPROTO);
	c->doomed = rc < 0;		/* gone() is for the test to say */
	return rc;
}

int
rig_established(struct rig *r, struct rig_circ *c)
{
	c->established = 1;
	return rig_say(r, c, 39, "", 0);
}

int
rig_ack(struct rig *r, struct rig_circ *c, unsigned status)
{
	uint8_t data[3] = { 0, (uint8_t)status, 0 };

	return rig_say(r, c, 40, data, sizeof(data));
}

void
rig_built(struct rig *r, struct rig_circ *c)
{
	must(c->open);
	c->built = 1;
	hsclient_built(r->hs, c);
	rig_turn(r);
}

static void
gone(struct rig *r, struct rig_circ *c, int reached)
{
	must(c->open);
	c->open = 0;
	hsclient_gone(r->hs, c, reached);
	rig_turn(r);
}

void
rig_gone(struct rig *r, struct rig_circ *c)
{
	gone(r, c, 1);
}

void
rig_lost(struct rig *r, struct rig_circ *c)
{
	gone(r, c, 0);
}

void
rig_fetched(struct rig *r, struct rig_circ *c, int status)
{
	static uint8_t text[RIG_TEXT];
	size_t len = status == 200 ? rig_text(r, text, sizeof(text)) : 0;

	must(c->open && c->path[0]);
	hsclient_fetched(r->hs, c, status, text, len);
	rig_turn(r);
}

void
rig_solve(struct rig *r, size_t job, int err)
{
	uint8_t proof[INTROMSG_POW] = { 1 };
	struct hspow_job *j = &r->job[job];

	must(job < r->njobs && j->open);
	j->open = 0;
	proof[1] = (uint8_t)job;
	j->fn(j->arg, err, err ? NULL : proof);
	rig_turn(r);
}

/* --- looking --- */

struct rig_circ *
rig_last(struct rig *r, enum hs_purpose purpose)
{
	size_t i;

	for (i = r->ncircs; i > 0; i--)
		if (r->circ[i - 1].open && r->circ[i - 1].purpose == purpose)
			return &r->circ[i - 1];
	return NULL;
}

size_t
rig_open(const struct rig *r, enum hs_purpose purpose)
{
	size_t i, n = 0;

	for (i = 0; i < r->ncircs; i++)
		n += r->circ[i].open && r->circ[i].purpose == purpose;
	return n;
}

size_t
rig_count(const struct rig *r, enum hs_purpose purpose)
{
	size_t i, n = 0;

	for (i = 0; i < r->ncircs; i++)
		n += r->circ[i].purpose == purpose;
	return n;
}

int
rig_get(struct rig *r, int token, int service, void **circ)
{
	void *c = NULL;
	int rc = hsclient_get(r->hs, rig_token[token], rig_service[service],
	    0, &c);

	must((rc == 0) == (c != NULL));
	if (rc == 0) {
		must(((struct rig_circ *)c)->open);
		must(((struct rig_circ *)c)->joined);
		must(memcmp(((struct rig_circ *)c)->token, rig_token[token],
		    HSCLIENT_TOKEN) == 0);
	}
	if (circ)
		*circ = c;
	return rc;
}

void
rig_turn(struct rig *r)
{
	loop_end_turn(&r->loop);
}

void
rig_wait(struct rig *r, int64_t ms)
{
	loop_advance(&r->loop, ms);
}

/* --- stages --- */

void
rig_to_descriptor(struct rig *r, int token)
{
	must(rig_get(r, token, 0, NULL) == -EAGAIN);
	rig_turn(r);
	rig_built(r, rig_last(r, HS_DIR));
	rig_fetched(r, rig_last(r, HS_DIR), 200);
}

void
rig_to_introduced(struct rig *r, int token)
{
	rig_to_descriptor(r, token);
	rig_built(r, rig_last(r, HS_INTRO));
	rig_built(r, rig_last(r, HS_REND));
	must(rig_established(r, rig_last(r, HS_REND)) == 0);
	rig_turn(r);
}

void
rig_to_joined(struct rig *r, int token)
{
	struct rig_circ *intro, *rend;

	rig_to_introduced(r, token);
	intro = rig_last(r, HS_INTRO);
	rend = rig_last(r, HS_REND);
	must(rig_ack(r, intro, 0) == 0);
	must(rig_meet(r, intro, rend) == 0);
	rig_turn(r);
}

/* --- life --- */

static void
make_hop(struct hopinfo *h, uint8_t mark)
{
	memset(h, 0, sizeof(*h));
	memset(h->id.rsa, mark, sizeof(h->id.rsa));
	memset(h->id.ed, mark, sizeof(h->id.ed));
	h->id.has_ed = 1;
	h->has_ntor = 1;
	memset(h->ntor, mark, sizeof(h->ntor));
	h->or4.family = 4;
	h->or4.port = 9001;
	h->or4.ip[0] = mark;
}

static void
make_service(struct rig *r)
{
	size_t i;

	for (i = 0; i < RIG_INTROS; i++) {
		struct rig_intro *in = &r->intro[i];

		must(crypt_x25519_new(in->sec, in->pub.enc) == 0);
		memset(in->pub.auth, (int)(0x40 + i), 32);
		make_hop(&in->pub.relay, (uint8_t)(0x60 + i));
		r->desc.intro[i] = in->pub;
	}
	r->desc.nintros = RIG_INTROS;
	r->desc.revision = 7;
	r->desc.lifetime_s = 3 * 3600;
	r->desc.cert_expires = r->loop.wall + 54 * 3600;
}

static void
make_dirs(struct rig *r)
{
	size_t i;

	r->ndirs = RIG_DIRS;
	for (i = 0; i < RIG_DIRS; i++) {
		memset(r->dirs[i].rsa, (int)(0x80 + i), 20);
		memset(r->dirs[i].ed, (int)(0x80 + i), 32);
		r->dirs[i].has_ed = 1;
		r->dirs[i].has_ntor = 1;
		r->dirs[i].or4.family = 4;
		r->dirs[i].or4.port = 9001;
		r->dirs[i].flags = RELAY_RUNNING | RELAY_VALID | RELAY_HSDIR;
		r->dirs[i].caps = CAP_HSDIR;
	}
	r->netdir.relays = r->dirs;
	r->netdir.nrelays = RIG_DIRS;
}

static void
make_consensus(struct rig *r)
{
	r->netdir.valid_after = r->loop.wall - r->loop.wall % 3600;
	r->netdir.fresh_until = r->netdir.valid_after + 3600;
	r->netdir.valid_until = r->netdir.valid_after + 3 * 3600;
	hsclient_set_netdir(r->hs, &r->netdir);
}

void
rig_later(struct rig *r, int64_t hours)
{
	rig_wait(r, hours * 3600 * 1000);
	make_consensus(r);
	rig_turn(r);
}

static int64_t
now_s(void *arg)
{
	return ((struct rig *)arg)->loop.wall;
}

void
rig_new(struct rig *r, int testing)
{
	struct hsclient_conf conf = { .loop = &r->loop, .net = &r->net,
		.arg = r, .now_s = now_s, .testing = testing };

	memset(r, 0, sizeof(*r));
	crypt_init();
	rig = r;
	loop_init(&r->loop, 1000, rig_start);
	r->net = (struct hsclient_net){ net_open, net_excluded, net_fetch,
	    net_send, net_last, net_join, net_close, net_wake, net_solve,
	    net_unsolve };
	make_hop(&r->rp, 0x20);
	make_service(r);
	make_dirs(r);
	must(hsclient_new(&r->hs, &conf) == 0);
	make_consensus(r);
	rig_turn(r);
}

void
rig_free(struct rig *r)
{
	size_t i;

	hsclient_free(r->hs);
	for (i = 0; i < r->ncircs; i++)
		must(!r->circ[i].open);
	for (i = 0; i < r->njobs; i++)
		must(!r->job[i].open);
	must(loop_next(&r->loop) == LOOP_NEVER);
	must(r->loop.items == NULL);
	free(r->auth);
}

int
rig_answer_all(struct rig *r, int status, unsigned *asked)
{
	uint8_t seen[RIG_DIRS] = { 0 };
	struct rig_circ *dir;

	for (*asked = 0; (dir = rig_last(r, HS_DIR)) != NULL; ++*asked) {
		must(rig_open(r, HS_DIR) == 1);
		must(seen[dir->last.id.ed[0] - 0x80]++ == 0);
		rig_built(r, dir);
		if (status < 0)
			rig_gone(r, dir);
		else
			rig_fetched(r, dir, status);
	}
	return rig_get(r, 0, 0, NULL);
}

struct hsclient_totals
rig_totals(const struct rig *r)
{
	struct hsclient_totals t;

	hsclient_totals(r->hs, &t);
	return t;
}
