/* tests/onion/dir/bootrig.c - a bootstrap with a network that answers it */
#include "tests/onion/dir/bootrig.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/map.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/netdir.h"
#include "onion/dir/store.h"
#include "tests/onion/dir/fakeauth.h"

struct rig_md {
	size_t	len;
	char	text[];
};

/* --- documents --- */

static void
keep_microdescs(struct rig *r)
{
	struct microdesc_reader rd;
	struct microdesc_raw one;
	struct rig_md *md;
	size_t len;
	char *text = simdir_microdescs(&r->sd, &len);

	microdesc_read_init(&rd, text, len);
	while (microdesc_read(&rd, &one) > 0) {
		if (map_get(r->mds, one.digest))
			continue;
		md = malloc(sizeof(*md) + one.len);
		md->len = one.len;
		memcpy(md->text, one.body, one.len);
		ck_assert_int_eq(map_put(r->mds, one.digest, md), 0);
	}
	free(text);
}

static void
change_some(struct rig *r, int64_t turn)
{
	size_t i, k;

	for (k = 0; k < r->churn; k++) {
		i = ((size_t)turn * r->churn + k) % r->sd.n;
		crypt_sha256(r->sd.relay[i].ntor, r->sd.relay[i].ntor, 32);
	}
}

const struct rig_doc *
rig_doc(struct rig *r, int64_t valid_after)
{
	struct fakeauth_conf c = {
		.valid_after = valid_after, .interval = r->interval,
		.lifetime = r->lifetime, .generation = r->generation,
		.signers = r->signers, .forged = r->forged, .lines = r->lines
	};
	struct rig_doc *d;
	size_t i, begin, end;

	for (i = 0; i < r->ndocs; i++)
		if (r->docs[i].valid_after == valid_after)
			return &r->docs[i];
	ck_assert_uint_lt(r->ndocs, RIG_DOCS);
	if (r->ndocs)
		change_some(r, valid_after / r->interval);
	d = &r->docs[r->ndocs++];
	d->valid_after = valid_after;
	d->text = fakeauth_consensus(&r->sd, &c, &d->len);
	ck_assert_int_eq(consensus_signed_part(d->text, d->len, &begin, &end),
	    0);
	crypt_sha3(d->sha3, d->text + begin, end - begin);
	keep_microdescs(r);
	return d;
}

const struct rig_doc *
rig_doc_now(struct rig *r)
{
	int64_t t = r->loop.wall + r->skew;

	return rig_doc(r, t - t % r->interval);
}

void
rig_body(struct dir_result *res, const void *p, size_t len)
{
	free(res->body);
	res->err = 0;
	res->status = 200;
	res->body = malloc(len + 1);
	memcpy(res->body, p, len);
	res->body[len] = '\0';
	res->len = len;
}

void
rig_status(struct dir_result *res, int status)
{
	free(res->body);
	res->body = NULL;
	res->len = 0;
	res->err = 0;
	res->status = status;
}

void
rig_error(struct dir_result *res, int err)
{
	rig_status(res, 0);
	res->err = err;
}

/* --- going wrong --- */

int
rig_fail_some(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	if (j->request.kind != r->failing_kind || r->failing == 0)
		return 0;
	r->failing--;
	switch (r->failure) {
	case 0:
		rig_error(res, -ECONNREFUSED);
		break;
	case 1:
		rig_status(res, 404);
		break;
	case 2:
		rig_status(res, 503);
		break;
	case 3:			/* cut in the middle, sold as whole */
		if (res->body)
			res->len /= 2;
		break;
	case 4:
		rig_body(res, "<html>captive portal</html>", 27);
		break;
	case 5:
		rig_body(res, "", 0);
		break;
	case 6:
		rig_error(res, -EMSGSIZE);
		break;
	case 7:
		if (res->body)
			res->body[res->len / 2] ^= 1;
		break;
	case 8:
		rig_status(res, 304);
		break;
	default:
		return 1;		/* silence */
	}
	return 0;
}

int
rig_all_down(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)r;
	(void)j;
	rig_error(res, -ECONNREFUSED);
	return 0;
}

/* --- serving --- */

static const struct rig_doc *
doc_by_sha3(const struct rig *r, const uint8_t sha3[32])
{
	size_t i;

	for (i = 0; i < r->ndocs; i++)
		if (memcmp(r->docs[i].sha3, sha3, 32) == 0)
			return &r->docs[i];
	return NULL;
}

static int
cmp_id(const void *a, const void *b)
{
	return memcmp(a, b, 20);
}

/* dir-spec 5.1: the first six digits of the authorities' identities, ascending,
 * so that all clients ask alike. */
static void
check_consensus_path(const char *path)
{
	char want[200] = "/tor/status-vote/current/consensus-microdesc/";
	char hex[7];
	uint8_t id[RIG_AUTHS][20];
	size_t i;

	for (i = 0; i < RIG_AUTHS; i++)
		memcpy(id[i], fakeauth_id(i), 20);
	qsort(id, RIG_AUTHS, 20, cmp_id);
	for (i = 0; i < RIG_AUTHS; i++) {
		enc_hex(hex, id[i], 3);
		strcat(want, hex);
		strcat(want, i + 1 < RIG_AUTHS ? "+" : ".z");
	}
	ck_assert_str_eq(path, want);
}

static void
serve_consensus(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	const struct rig_doc *d = rig_doc_now(r), *from = NULL;
	size_t len;
	char *diff;

	check_consensus_path(j->path);
	if (j->request.has_diff_from)
		from = doc_by_sha3(r, j->request.diff_from);
	if (from == d || d->valid_after < j->request.if_newer) {
		r->answers_304++;
		rig_status(res, 304);
	} else if (from && !r->no_diffs) {
		r->diffs++;
		diff = fakeauth_diff(from->text, from->len, d->text, d->len,
		    &len);
		rig_body(res, diff, len);
		free(diff);
	} else {
		r->full++;
		rig_body(res, d->text, d->len);
	}
}

static char *
cert_for(struct rig *r, const char *hex, size_t *len)
{
	uint8_t id[20], sk[20];
	int64_t t = r->loop.wall + r->skew;
	size_t i;
	int g;

	ck_assert_int_eq(dec_hex(id, 20, hex, 40), 20);
	ck_assert_int_eq(hex[40], '-');
	ck_assert_int_eq(dec_hex(sk, 20, hex + 41, 40), 20);
	for (i = 0; i < fakeauth_count(); i++)
		for (g = 0; g < 2; g++)
			if (memcmp(id, fakeauth_id(i), 20) == 0 &&
			    memcmp(sk, fakeauth_sk(i, g), 20) == 0)
				return fakeauth_cert(i, g, t - 86400,
				    t + 90 * 86400, len);
	return NULL;
}

static void
serve_certs(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	const char *at = j->path + strlen("/tor/keys/fp-sk/");
	char *text = NULL, *cert;
	size_t len, certlen;
	FILE *f = open_memstream(&text, &len);

	for (; strlen(at) >= 81; at += 82)
		if ((cert = cert_for(r, at, &certlen)) != NULL) {
			fwrite(cert, 1, certlen, f);
			free(cert);
		}
	fclose(f);
	if (len)
		rig_body(res, text, len);
	else
		rig_status(res, 404);
	free(text);
}

static void
serve_microdescs(struct rig *r, const struct rig_job *j,
    struct dir_result *res)
{
	const char *at = j->path + strlen("/tor/micro/d/");
	const struct rig_md *md;
	uint8_t digest[32];
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (; strlen(at) >= 43; at += 44) {
		ck_assert_int_eq(dec_b64(digest, 32, at, 43), 32);
		if ((md = map_get(r->mds, digest)) != NULL)
			fwrite(md->text, 1, md->len, f);
	}
	fclose(f);
	if (len)
		rig_body(res, text, len);
	else
		rig_status(res, 404);
	free(text);
}

static void
serve(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	memset(res, 0, sizeof(*res));
	if (j->request.kind == DIR_KIND_CONSENSUS)
		serve_consensus(r, j, res);
	else if (j->request.kind == DIR_KIND_CERTS)
		serve_certs(r, j, res);
	else
		serve_microdescs(r, j, res);
}

/* --- the owner --- */

static void
end_job(struct rig_job *j)
{
	loop_timer_clear(&j->rig->loop, &j->timer);
	free(j->path);
	j->rig->out--;
	j->id = 0;
}

static void
on_answer(void *arg)
{
	struct rig_job *j = arg;
	struct rig *r = j->rig;
	struct dir_result res;
	uint32_t id = j->id;

	if (!j->begun) {
		j->begun = 1;
		j->request.stage(j->request.stage_arg, id, DIR_STAGE_SENT);
		if (j->id != id)
			return;
	}
	serve(r, j, &res);
	if (r->mangle && r->mangle(r, j, &res)) {
		free(res.body);
		return;
	}
	if (res.err == 0 && res.status == 200)
		j->request.stage(j->request.stage_arg, id, DIR_STAGE_BEGUN);
	if (j->id == id) {
		end_job(j);
		r->verdict = bootstrap_result(r->boot, id, &res);
	}
	free(res.body);
}

static int
on_fetch(void *arg, const struct dir_fetch *f)
{
	struct rig *r = arg;
	struct rig_job *j = r->jobs;

	ck_assert_uint_ne(f->id, 0);
	if (f->source == NULL && !r->guards)
		return -EAGAIN;
	r->asked[f->request.kind]++;
	if (f->source == NULL)
		r->to_guards++;
	else if (dirsource_is_authority(f->source))
		r->to_authorities++;
	else
		r->to_fallbacks++;
	if (f->source)
		ck_assert_ptr_nonnull(f->request.host);
	if (r->fetch_rc)
		return r->fetch_rc;
	while (j->id)
		ck_assert(++j < r->jobs + RIG_JOBS);
	j->id = f->id;
	j->rig = r;
	j->request = f->request;
	j->path = strdup(f->request.path);
	j->source = f->source;
	j->begun = 0;
	if (++r->out > r->most_out)
		r->most_out = r->out;
	loop_timer_init(&j->timer, on_answer, j);
	loop_timer_in(&r->loop, &j->timer, r->latency);
	return 0;
}

static void
on_cancel(void *arg, uint32_t id)
{
	struct rig *r = arg;
	size_t i;

	r->cancels++;
	for (i = 0; i < RIG_JOBS; i++)
		if (r->jobs[i].id == id) {
			end_job(&r->jobs[i]);
			return;
		}
	ck_abort_msg("cancelled what is not out");
}

static void
free_old(void *arg)
{
	struct rig *r = arg;

	netdir_free(r->old);
	r->old = NULL;
}

static void
on_netdir(void *arg, struct netdir *nd)
{
	struct rig *r = arg;

	netdir_free(r->old);
	r->old = r->view;
	r->view = nd;
	r->netdirs++;
	loop_item_add(&r->loop, &r->free_old);
}

static int
on_enough(void *arg, const struct netdir *nd, int *percent)
{
	struct rig *r = arg;
	double have = nd->nrelays ? (double)nd->nusable / (double)nd->nrelays :
	    0;

	*percent = (int)(have / r->fraction * 100);
	return have >= r->fraction;
}

static void
on_progress(void *arg, int percent, const char *tag, const char *summary)
{
	struct rig *r = arg;

	ck_assert_ptr_nonnull(tag);
	ck_assert_ptr_nonnull(summary);
	if (percent == 0 && r->percent)
		r->resets++;
	else
		ck_assert_int_ge(percent, r->percent);
	r->percent = percent;
}

static void
on_changed(void *arg)
{
	struct rig *r = arg;

	r->changes++;
}

static void
on_jumped(void *arg)
{
	struct rig *r = arg;

	r->jumps++;
}

static const struct bootstrap_user owner = {
	on_fetch, on_cancel, on_netdir, on_enough, on_progress, on_changed,
	on_jumped
};

/* --- life --- */

void
rig_init(struct rig *r, size_t n, const char *disk)
{
	memset(r, 0, sizeof(*r));
	loop_init(&r->loop, 10000, RIG_T0 + 1800);
	loop_item_init(&r->free_old, free_old, r);
	simdir_init_plain(&r->sd, n, 7, RIG_T0);
	r->mds = map_new(32, 1 << 20);
	r->interval = 3600;
	r->lifetime = 3 * 3600;
	r->latency = 300;
	r->fraction = 0.6;
	r->nfallbacks = 8;
	r->guards = 1;
	r->churn = n / 20;
	r->dir = disk ? strdup(disk) : NULL;
}

static struct dirsource_conf
source_conf(uint8_t id)
{
	struct dirsource_conf c = { .weight = 1.0 };

	snprintf(c.nickname, sizeof(c.nickname), "s%u", id);
	memset(c.rsa_id, id, 20);
	addr_v4(&c.or4, 0x0a000000u + id, 9001);
	return c;
}

static void
make_sources(struct rig *r)
{
	struct dirsource_conf a[RIG_AUTHS], f[200];
	size_t i;

	for (i = 0; i < RIG_AUTHS; i++) {
		a[i] = source_conf((uint8_t)(1 + i));
		memcpy(a[i].v3ident, fakeauth_id(i), 20);
	}
	for (i = 0; i < r->nfallbacks; i++)
		f[i] = source_conf((uint8_t)(50 + i));
	ck_assert_int_eq(dirsources_new(&r->sources, &r->loop, a, RIG_AUTHS, f,
	    r->nfallbacks, r->testing), 0);
}

struct bootstrap_conf
rig_conf(struct rig *r)
{
	struct bootstrap_conf c = {
		.loop = &r->loop, .store = r->store, .sources = r->sources,
		.testing = r->testing, .full_only = r->full_only,
		.user = &owner, .arg = r
	};

	return c;
}

void
rig_make(struct rig *r)
{
	struct bootstrap_conf c;
	char why[200];

	make_sources(r);
	if (r->dir)
		ck_assert_msg(store_open(&r->store, r->dir, why,
		    sizeof(why)) == 0, "%s", why);
	c = rig_conf(r);
	ck_assert_int_eq(bootstrap_new(&r->boot, &c), 0);
}

void
rig_start(struct rig *r)
{
	if (r->boot == NULL)
		rig_make(r);
	ck_assert_int_eq(bootstrap_start(r->boot), 0);
	loop_end_turn(&r->loop);
}

void
rig_run(struct rig *r, int64_t ms)
{
	loop_advance(&r->loop, ms);
}

enum bootstrap_state
rig_state(struct rig *r)
{
	struct bootstrap_status s;

	bootstrap_status(r->boot, &s);
	return s.state;
}

int64_t
rig_until_ready(struct rig *r, int64_t ms)
{
	int64_t begin = r->loop.now;

	while (rig_state(r) != BOOTSTRAP_READY) {
		if (r->loop.now - begin >= ms)
			return -1;
		rig_run(r, 100);
	}
	return r->loop.now - begin;
}

void
rig_forget(struct rig *r)
{
	memset(r->asked, 0, sizeof(r->asked));
	r->netdirs = r->changes = r->cancels = 0;
	r->to_guards = r->to_authorities = r->to_fallbacks = 0;
	r->diffs = r->answers_304 = r->full = 0;
	r->resets = 0;
	r->most_out = 0;
}

void
rig_stop(struct rig *r)
{
	bootstrap_free(r->boot);
	ck_assert_uint_eq(r->out, 0);
	loop_end_turn(&r->loop);
	dirsources_free(r->sources);
	store_close(r->store);
	netdir_free(r->view);
	r->boot = NULL;
	r->sources = NULL;
	r->store = NULL;
	r->view = NULL;
	r->percent = 0;
	rig_forget(r);
}

void
rig_fini(struct rig *r)
{
	struct rig_md *md;
	size_t i;

	rig_stop(r);
	for (i = 0; (md = map_next(r->mds, &i)) != NULL;)
		free(md);
	map_free(r->mds);
	for (i = 0; i < r->ndocs; i++)
		free(r->docs[i].text);
	simdir_fini(&r->sd);
	free(r->dir);
}
