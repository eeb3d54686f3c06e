/* onion/dir/bootround.c - rounds of requests for microdescriptors
 *
 * Theory of operation
 *	Whatever a live consensus names, we lack, and is not asked for already
 *	is shared out among requests of EACH_MIN to EACH_MAX digests, sorted,
 *	as tor does.  What a request failed to bring is simply missing still: a
 *	round that brought less than it should makes the next one wait
 *	(bootplan_failure()).  With a view that is ready a few can wait until
 *	they are more, for FEW_WAIT_MS.
 * Invariants
 *	A digest is out with one request at most.
 * Limits
 *	FETCHES_MAX requests, which leaves rows for the other kinds.  Of
 *	configured sources a few are asked at a time, within the budget
 *	(bootplan_send()).
 */
#include "onion/dir/bootstrap_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"

enum {
	FETCHES_MAX = DIR_FETCHES_MAX - 4,
	EACH_MAX = 500,			/* over BEGIN_DIR; map 14.6 */
	EACH_MIN = 32,
	REQUESTS_MIN = 3,
	FEW = 16,
	FEW_WAIT_MS = 10 * 60 * 1000,
	TEST_FEW_WAIT_MS = 5 * 1000,
	B64_DIGEST = 43
};

static int
cmp_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static int
is_out(const struct bootstrap *b, const uint8_t digest[32])
{
	const struct fetch *f;

	for (f = b->fetch; f < b->fetch + DIR_FETCHES_MAX; f++)
		if (f->nmd && bsearch(digest, f->md, f->nmd, 32, cmp_digest))
			return 1;
	return 0;
}

/* All that is to be asked for, ascending, once each; NULL: nothing. */
static uint8_t (*
to_ask(struct bootstrap *b, size_t *count))[32]
{
	size_t max = b->nmissing, from = 0, n, i, k = 0;
	uint8_t (*md)[32];

	*count = 0;
	if (max == 0 || (md = malloc(max * 32)) == NULL)
		return NULL;
	n = mdset_missing(b->mds, b->cons, &from, md, max);
	qsort(md, n, 32, cmp_digest);
	for (i = 0; i < n; i++)
		if ((k == 0 || memcmp(md[k - 1], md[i], 32) != 0) &&
		    !is_out(b, md[i]))
			memmove(md[k++], md[i], 32);
	*count = k;
	if (k == 0) {
		free(md);
		md = NULL;
	}
	return md;
}

static char *
microdesc_path(const uint8_t (*md)[32], size_t n)
{
	static const char head[] = "/tor/micro/d/";
	char *path, *at, b64[ENC_B64_LEN(32)];
	size_t i;

	path = malloc(sizeof(head) + n * (B64_DIGEST + 1) + 3);
	if (path == NULL)
		return NULL;
	memcpy(path, head, sizeof(head));
	at = path + sizeof(head) - 1;
	for (i = 0; i < n; i++) {
		if (i)
			*at++ = '-';
		enc_b64_bare(b64, md[i], 32);
		memcpy(at, b64, B64_DIGEST);
		at += B64_DIGEST;
	}
	memcpy(at, ".z", 3);
	return path;
}

static int
send_batch(struct bootstrap *b, const uint8_t (*md)[32], size_t n)
{
	struct dir_request rq = { .kind = DIR_KIND_MICRODESCS };
	struct fetch *f;
	char *path;
	int rc;

	if (!b->running)
		return -ECANCELED;
	if ((f = bootplan_new(b, DOC_MICRODESCS)) == NULL)
		return -EBUSY;
	path = microdesc_path(md, n);
	f->md = malloc(n * 32);
	if (path == NULL || f->md == NULL) {
		bootplan_drop(b, f, -ECANCELED);
		free(path);
		return -ENOMEM;
	}
	memcpy(f->md, md, n * 32);
	f->nmd = n;
	rq.path = path;
	rc = bootplan_send(b, f, &rq);
	free(path);
	return rc;
}

/* How many digests went out. */
static size_t
send_round(struct bootstrap *b, const uint8_t (*md)[32], size_t n)
{
	size_t each = (n + REQUESTS_MIN - 1) / REQUESTS_MIN, i, k;

	if (each > EACH_MAX)
		each = EACH_MAX;
	if (each < EACH_MIN)
		each = EACH_MIN;
	bootstrap_progress(b, 45);
	for (i = 0; i < n && b->need[DOC_MICRODESCS].out < FETCHES_MAX;
	    i += k) {
		k = n - i < each ? n - i : each;
		if (send_batch(b, md + i, k) < 0)
			break;
	}
	return i;
}

int64_t
bootround_few_at(const struct bootstrap *b)
{
	return b->md_asked < 0 ? b->loop->now : b->md_asked +
	    (b->conf.testing ? TEST_FEW_WAIT_MS : FEW_WAIT_MS);
}

/* A few can wait, if we can do without. */
static int
is_worth_asking(const struct bootstrap *b, size_t n)
{
	return n >= FEW || !b->ready || b->loop->now >= bootround_few_at(b);
}

void
bootround_plan(struct bootstrap *b)
{
	struct need *need = &b->need[DOC_MICRODESCS];
	uint8_t (*md)[32];
	size_t n;

	if (!bootstrap_view_live(b) || b->nmissing == 0) {
		bootplan_no_need(b, DOC_MICRODESCS);
		return;
	}
	if (need->since < 0)
		need->since = b->loop->now;
	if (b->loop->now < need->next || need->out >= FETCHES_MAX ||
	    (md = to_ask(b, &n)) == NULL)
		return;
	if (is_worth_asking(b, n) &&
	    send_round(b, (const uint8_t (*)[32])md, n) > 0)
		b->md_asked = b->loop->now;
	free(md);
}
