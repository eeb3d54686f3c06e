/* onion/dir/bootdocs.c - what to make of an answer
 *
 * Theory of operation
 *	A consensus is parsed, then its signatures are counted.  Enough: it
 *	takes the place of the one we hold.  Too few, but certificates that we
 *	lack might make up for it: it waits, with its text, and is looked at
 *	again whenever certificates come.  Never: it is dropped.  Nothing that
 *	is not newer than what we hold gets that far.
 *
 *	A difference is applied to the text of the held one as read from disk;
 *	what comes of it is treated like any whole document.  Where that fails
 *	the next request is for the whole, at once; whoever sends a difference
 *	then, or one from another document than ours, is to blame.
 *
 *	Microdescriptors count only if they were asked for in that request.
 */
#include "onion/dir/bootstrap_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/consdiff.h"
#include "onion/dir/netdoc.h"
#include "onion/dir/protover.h"

/* --- consensus --- */

void
bootdocs_forget_waiting(struct bootstrap *b)
{
	consensus_free(b->wait);
	free(b->wait_text);
	b->wait = NULL;
	b->wait_text = NULL;
	b->wait_len = 0;
	bootcache_drop_waiting(b);
}

static void
judge_protocols(struct bootstrap *b, const struct consensus *c)
{
	b->obsolete = consensus_excludes_us(c);
	if (b->obsolete)
		log_err(LD_DIR, "The network requires protocols that this "
		    "version does not speak (%s). It must not take part any "
		    "more: please upgrade.", c->lacks_required_text);
	else if (c->lacks_recommended & PROTOVER_LACK_CORE)
		log_limited(&b->advice, LL_WARN, LD_DIR, "The network "
		    "recommends protocols that this version does not speak "
		    "(%s), and may require them before long: please upgrade.",
		    c->lacks_recommended_text);
	else if (c->lacks_recommended)
		log_info(LD_DIR, "The network recommends protocols that this "
		    "version does not speak: %s.", c->lacks_recommended_text);
}

static void
accept_consensus(struct bootstrap *b, struct consensus *c)
{
	char when[20];

	netdoc_time_text(when, c->valid_after);
	log_info(LD_DIR, "Consensus of %s: %zu relays.", when, c->nrouters);
	consensus_free(b->cons);
	b->cons = c;
	b->no_diff = 0;
	/* By the network's time: ours may be wrong. */
	if (authcert_set_expire(b->certs, c->valid_after) > 0)
		bootcache_save_certs(b);
	bootcache_expire(b);
	b->nmissing = mdset_nmissing(b->mds, c);
	b->view_stale = 1;
	bootclock_judge(b);
	judge_protocols(b, c);
	bootplan_schedule_consensus(b);
	if (b->obsolete)
		bootplan_cancel(b, -1, 0);
	else
		bootplan_cancel(b, DOC_CONSENSUS, 0);
	bootstrap_look(b);
}

static void
keep_waiting(struct bootstrap *b, struct consensus *c, char *text,
    size_t len, int from_disk)
{
	consensus_free(b->wait);
	free(b->wait_text);
	b->wait = c;
	b->wait_text = text;
	b->wait_len = len;
	b->wait_since = b->loop->now;
	if (!from_disk)
		bootcache_save_consensus(b, text, len, 0);
	log_info(LD_DIR, "A consensus waits for %zu certificates; it has %zu "
	    "of %zu signatures so far.", b->tally.nmissing, b->tally.good,
	    b->tally.needed);
	/* Other certificates than those that failed before, if any did. */
	bootplan_renew(b, DOC_CERTS);
	bootplan_cancel(b, DOC_CONSENSUS, 0);
	bootstrap_look(b);
}

/* Is this one to wait instead of the one that does?  One that has waited long
 * may be a forgery, whose certificates will never come. */
static int
is_worth_waiting(const struct bootstrap *b, const struct consensus *c)
{
	return b->wait == NULL || c->valid_after > b->wait->valid_after ||
	    bootplan_doubts_waiting(b);
}

int
bootdocs_offer(struct bootstrap *b, char *text, size_t len, int from_disk)
{
	struct consensus_tally tally;
	struct consensus *c;
	int rc;

	if ((rc = consensus_parse(&c, text, len, b->conf.testing)) < 0)
		goto fail;
	rc = -ESTALE;
	if (b->cons && c->valid_after <= b->cons->valid_after)
		goto fail_parsed;
	rc = -ETIME;
	if (from_disk && consensus_ancient(c->valid_until, b->loop->wall))
		goto fail_parsed;
	rc = consensus_verify(c, b->certs, b->loop->wall, &tally);
	if (rc == -EAGAIN && !is_worth_waiting(b, c))
		rc = -ESTALE;
	if (rc == -EAGAIN) {
		b->tally = tally;
		keep_waiting(b, c, text, len, from_disk);
		return rc;
	}
	if (rc < 0)
		goto fail_parsed;
	b->cons_on_disk = from_disk ||
	    bootcache_save_consensus(b, text, len, 1) == 0;
	if (b->wait)
		bootdocs_forget_waiting(b);
	accept_consensus(b, c);
	free(text);
	return 0;

fail_parsed:
	consensus_free(c);
fail:
	free(text);
	return rc;
}

void
bootdocs_recheck(struct bootstrap *b)
{
	struct consensus *c = b->wait;
	int rc;

	if (c == NULL)
		return;
	rc = consensus_verify(c, b->certs, b->loop->wall, &b->tally);
	if (rc == -EAGAIN)
		return;
	b->wait = NULL;
	if (rc == 0) {
		b->cons_on_disk = bootcache_save_consensus(b, b->wait_text,
		    b->wait_len, 1) == 0;
		accept_consensus(b, c);
		bootplan_success(b, DOC_CONSENSUS);
	} else {
		log_limited(&b->quiet, LL_WARN, LD_DIR, "A consensus that "
		    "waited for certificates is not signed by enough "
		    "authorities (%zu of %zu).", b->tally.good,
		    b->tally.needed);
		consensus_free(c);
	}
	bootdocs_forget_waiting(b);
}

/* *text: the whole document, to be freed. */
static int
undo_diff(struct bootstrap *b, const struct fetch *f,
    const struct dir_result *r, char **text, size_t *len)
{
	uint8_t from[SHA3_LEN];
	char *base;
	size_t baselen;
	int rc;

	if (!f->diff || b->cons == NULL ||
	    consdiff_from(from, (const char *)r->body, r->len) < 0 ||
	    memcmp(from, b->cons->sha3, SHA3_LEN) != 0)
		return -EBADMSG;		/* we did not ask for it */
	if (bootcache_read_consensus(b, &base, &baselen) < 0) {
		b->cons_on_disk = 0;
		return -EIO;
	}
	rc = consdiff_apply(text, len, base, baselen, (const char *)r->body,
	    r->len);
	free(base);
	return rc;
}

static int
bad_diff(struct bootstrap *b, int rc)
{
	log_info(LD_DIR, "A consensus difference could not be used (%s); "
	    "asking for the whole.", strerror(-rc));
	if (!b->no_diff)
		b->need[DOC_CONSENSUS].next = b->loop->now;
	b->no_diff = 1;
	/* Our disk's fault, or memory's, is not the sender's. */
	return rc == -EBADMSG || rc == -E2BIG ? -EBADMSG : -ECANCELED;
}

/* Nobody is to be blamed for having no later one than we, but a network that
 * has none (or a clock that makes ours look old) is not to be pestered. */
static int
nothing_newer(struct bootstrap *b)
{
	struct need *n = &b->need[DOC_CONSENSUS];
	int64_t pause = b->conf.testing ? 1000 : 60 * 1000;

	if (n->next < b->loop->now + pause)
		n->next = b->loop->now + pause;
	return 0;
}

int
bootdocs_consensus(struct bootstrap *b, const struct fetch *f,
    struct dir_result *r)
{
	int was_diff = 0, rc;
	char *text;
	size_t len;

	if (r->status == 304)
		return b->cons ? nothing_newer(b) : -EBADMSG;
	if (r->body && consdiff_is((const char *)r->body, r->len)) {
		was_diff = 1;
		if ((rc = undo_diff(b, f, r, &text, &len)) < 0)
			return bad_diff(b, rc);
	} else {
		text = (char *)r->body;
		len = r->len;
		r->body = NULL;
	}
	rc = bootdocs_offer(b, text, len, 0);
	if (rc == 0 || rc == -EAGAIN)
		bootplan_network_works(b);
	if (rc == 0) {
		if (bootstrap_view_live(b))
			bootplan_success(b, DOC_CONSENSUS);
		return 0;
	}
	if (rc == -EAGAIN)
		return 0;
	if (rc == -ESTALE)
		return b->cons ? nothing_newer(b) : -ENOENT;
	return was_diff ? bad_diff(b, rc) : rc;
}

/* --- certificates --- */

int
bootdocs_certs(struct bootstrap *b, const char *text, size_t len)
{
	int n = authcert_set_add(b->certs, text, len, b->loop->wall);

	if (n < 0)
		return n;
	if (n == 0)
		return -ENOENT;
	bootcache_save_certs(b);
	bootplan_success(b, DOC_CERTS);
	bootplan_cancel(b, DOC_CERTS, 0);
	bootdocs_recheck(b);
	return 0;
}

/* --- microdescriptors --- */

static int
cmp_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static int
was_asked(const struct fetch *f, const uint8_t digest[32])
{
	return f->nmd && bsearch(digest, f->md, f->nmd, 32, cmp_digest) != NULL;
}

int
bootdocs_microdescs(struct bootstrap *b, const struct fetch *f,
    const char *text, size_t len, size_t *got)
{
	int64_t listed = b->cons ? b->cons->valid_after : b->loop->wall;
	struct microdesc_reader r;
	struct microdesc_raw one, *kept;
	size_t n = 0, wrong = 0;
	int rc;

	*got = 0;
	if ((kept = malloc((f->nmd + 1) * sizeof(*kept))) == NULL)
		return -ENOMEM;
	microdesc_read_init(&r, text, len);
	while (microdesc_read(&r, &one) > 0) {
		if (!was_asked(f, one.digest)) {
			wrong++;
			continue;
		}
		rc = mdset_add(b->mds, &one, listed);
		*got += rc == 0 || rc == -EBADMSG;
		if (rc != 0 || n == f->nmd)
			continue;
		one.listed = listed;
		kept[n++] = one;
	}
	bootcache_add_microdescs(b, kept, n);
	free(kept);
	if (b->cons)
		b->nmissing = mdset_nmissing(b->mds, b->cons);
	if (*got)
		b->view_stale = 1;
	if (*got < f->nmd)
		return wrong ? -EBADMSG : -ENOENT;
	return 0;
}
