/* onion/dir/bootcache.c - the directory documents on disk
 *
 * Theory of operation
 *	Names and formats are tor's:
 *
 *	cached-certs			certificates, one after the other
 *	cached-microdesc-consensus	the verified consensus, as it came
 *	unverified-microdesc-consensus	one that waits for certificates
 *	cached-microdescs		@last-listed lines and bodies
 *	cached-microdescs.new		the same, appended as they come
 *
 *	Nothing read from here is believed more than if it came from the
 *	network: signatures and digests are checked again.  A file that holds
 *	nothing sound is removed; what is only out of its time stays, as it may
 *	be our clock that is wrong; junk between good microdescriptors (a torn
 *	append, a flipped bit) costs those, and has the files rewritten.
 *
 *	The journal is merged into the main file when it has grown to half of
 *	that or much is out of date, in a pause between downloads: both are
 *	read, what the set still knows is written in the order found with its
 *	dates brought up to date.  Bodies are not kept in memory in between.
 */
#include "onion/dir/bootstrap_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "onion/dir/store.h"

#define CERTS "cached-certs"
#define CONSENSUS "cached-microdesc-consensus"
#define WAITING "unverified-microdesc-consensus"
#define MICRODESCS "cached-microdescs"
#define JOURNAL "cached-microdescs.new"

enum {
	CERTS_MAX = 4 << 20,
	MICRODESCS_MAX = 128 << 20,
	JOURNAL_MIN = 512 << 10		/* not worth merging below */
};

/* --- certificates and consensuses --- */

void
bootcache_save_certs(struct bootstrap *b)
{
	struct store_part part[AUTHCERT_AUTH_MAX * AUTHCERT_EACH_MAX];
	const struct authcert *c;
	size_t i, n = 0;

	if (b->conf.store == NULL)
		return;
	for (i = 0; n < sizeof(part) / sizeof(part[0]) &&
	    (c = authcert_set_next(b->certs, &i)) != NULL; n++)
		part[n] = (struct store_part){ c->text, c->len };
	store_write(b->conf.store, CERTS, part, n);
}

/* One at least that is sound, whether or not its time is over by our clock. */
static int
holds_certs(const char *text, size_t len)
{
	struct authcert *c;
	size_t used;
	int rc;

	while ((rc = authcert_parse(&c, text, len, &used)) != -ENOENT) {
		if (rc == 0) {
			authcert_free(c);
			return 1;
		}
		text += used;
		len -= used;
	}
	return 0;
}

static void
load_certs(struct bootstrap *b)
{
	uint8_t *text;
	size_t len;
	int rc;

	rc = store_read(b->conf.store, CERTS, CERTS_MAX, &text, &len);
	if (rc == -ENOENT)
		return;
	if (rc == 0) {
		rc = authcert_set_add(b->certs, (char *)text, len,
		    b->loop->wall);
		if (rc == 0)
			rc = holds_certs((char *)text, len);
		free(text);
	}
	if (rc <= 0) {
		log_notice(LD_DIR, "Nothing of use in \"" CERTS "\"; it is "
		    "fetched again.");
		store_remove(b->conf.store, CERTS);
	}
}

int
bootcache_save_consensus(struct bootstrap *b, const char *text, size_t len,
    int verified)
{
	struct store_part part = { text, len };

	if (b->conf.store == NULL)
		return -ENOENT;
	return store_write(b->conf.store, verified ? CONSENSUS : WAITING,
	    &part, 1);
}

void
bootcache_drop_waiting(struct bootstrap *b)
{
	if (b->conf.store)
		store_remove(b->conf.store, WAITING);
}

int
bootcache_read_consensus(struct bootstrap *b, char **text, size_t *len)
{
	uint8_t *p;
	int rc;

	if (b->conf.store == NULL)
		return -ENOENT;
	rc = store_read(b->conf.store, CONSENSUS, CONSENSUS_TEXT_MAX, &p, len);
	if (rc == 0)
		*text = (char *)p;
	return rc;
}

static void
load_consensus(struct bootstrap *b, const char *name)
{
	uint8_t *text;
	size_t len;
	int rc;

	rc = store_read(b->conf.store, name, CONSENSUS_TEXT_MAX, &text, &len);
	if (rc == -ENOENT)
		return;
	if (rc == 0)
		rc = bootdocs_offer(b, (char *)text, len, 1);
	if (rc == 0 && strcmp(name, WAITING) == 0)
		b->cons_on_disk = store_rename(b->conf.store, WAITING,
		    CONSENSUS) == 0;
	if (rc == 0 || rc == -EAGAIN)
		return;
	if (rc == -ETIME || rc == -ESTALE)
		log_info(LD_DIR, "The consensus in \"%s\" is too old.", name);
	if (rc == -ETIME)		/* or our clock is wrong */
		return;
	if (rc != -ESTALE)
		log_notice(LD_DIR, "The consensus in \"%s\" is of no use (%s); "
		    "a new one is fetched.", name, strerror(-rc));
	store_remove(b->conf.store, name);
}

/* --- microdescriptors: adding --- */

static size_t
note_size(const struct microdesc_raw *m, char line[MICRODESC_ANNOTATION])
{
	return strlen(microdesc_annotation(line, m->listed));
}

/* Two slices each. */
static struct store_part *
to_parts(const struct microdesc_raw *m, size_t n,
    char (*line)[MICRODESC_ANNOTATION])
{
	struct store_part *part = calloc(n, 2 * sizeof(*part));
	size_t i;

	for (i = 0; part && i < n; i++) {
		part[2 * i].len = note_size(&m[i], line[i]);
		part[2 * i].p = line[i];
		part[2 * i + 1].p = m[i].body;
		part[2 * i + 1].len = m[i].len;
	}
	return part;
}

void
bootcache_add_microdescs(struct bootstrap *b, const struct microdesc_raw *m,
    size_t n)
{
	char (*line)[MICRODESC_ANNOTATION];
	struct store_part *part = NULL;

	if (b->conf.store == NULL || n == 0)
		return;
	line = calloc(n, sizeof(*line));
	if (line && (part = to_parts(m, n, line)) != NULL)
		store_append(b->conf.store, JOURNAL, part, 2 * n,
		    &b->journal_size);
	free(part);
	free(line);
	if (b->journal_size > JOURNAL_MIN &&
	    b->journal_size > b->main_size / 2)
		b->compact_due = 1;
}

/* Time goes by the consensus: a wrong clock must not empty the cache. */
void
bootcache_expire(struct bootstrap *b)
{
	size_t dropped;

	mdset_list(b->mds, b->cons, b->cons->valid_after);
	dropped = mdset_expire(b->mds, b->cons->valid_after);
	if (dropped > mdset_count(b->mds) / 4)
		b->compact_due = 1;
}

/* --- microdescriptors: loading --- */

static int64_t
sane_date(const struct bootstrap *b, int64_t listed)
{
	int64_t now = b->loop->wall;

	return listed <= 0 || listed > now ? now : listed;
}

static size_t
load_microdescs(struct bootstrap *b, const char *name)
{
	char line[MICRODESC_ANNOTATION];
	struct microdesc_reader r;
	struct microdesc_raw one;
	size_t len, sound = 0;
	uint8_t *text;
	int rc;

	rc = store_read(b->conf.store, name, MICRODESCS_MAX, &text, &len);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0) {
		log_notice(LD_DIR, "Cannot read \"%s\" (%s); what was in it is "
		    "fetched again.", name, strerror(-rc));
		store_remove(b->conf.store, name);
		return 0;
	}
	microdesc_read_init(&r, (char *)text, len);
	while (microdesc_read(&r, &one) > 0) {
		sound += one.len + note_size(&one, line);
		mdset_add(b->mds, &one, sane_date(b, one.listed));
	}
	free(text);
	if (sound != len)
		b->compact_due = 1;
	return len;
}

void
bootcache_load(struct bootstrap *b)
{
	if (b->conf.store == NULL)
		return;
	load_certs(b);
	load_consensus(b, CONSENSUS);
	if (!b->obsolete)
		load_consensus(b, WAITING);
	b->main_size = load_microdescs(b, MICRODESCS);
	b->journal_size = load_microdescs(b, JOURNAL);
	if (b->cons == NULL)
		return;
	bootcache_expire(b);
	b->nmissing = mdset_nmissing(b->mds, b->cons);
	b->view_stale = 1;
}

/* --- microdescriptors: merging --- */

struct merge {
	struct bootstrap	*b;
	struct microdesc_raw	*m;
	size_t			 n, max, size;
	struct map		*seen;
};

static void
gather(struct merge *g, const uint8_t *text, size_t len)
{
	const struct microdesc *known;
	struct microdesc_reader r;
	struct microdesc_raw one;

	if (text == NULL)
		return;
	microdesc_read_init(&r, (const char *)text, len);
	while (g->n < g->max && microdesc_read(&r, &one) > 0) {
		known = mdset_find(g->b->mds, one.digest);
		if (known == NULL || map_put(g->seen, one.digest, g->b) < 0)
			continue;
		one.listed = known->listed;
		g->m[g->n++] = one;
		g->size += one.len;
	}
}

static int
write_merged(struct merge *g)
{
	char (*line)[MICRODESC_ANNOTATION];
	struct store_part *part = NULL;
	int rc = -ENOMEM;

	line = calloc(g->n + 1, sizeof(*line));
	if (line && (part = to_parts(g->m, g->n, line)) != NULL)
		rc = store_write(g->b->conf.store, MICRODESCS, part,
		    2 * g->n);
	free(part);
	free(line);
	return rc;
}

static int
merge(struct bootstrap *b, const uint8_t *old, size_t oldlen,
    const uint8_t *new, size_t newlen)
{
	struct merge g = { .b = b, .max = mdset_count(b->mds) };
	int rc = -ENOMEM;

	if ((g.m = calloc(g.max + 1, sizeof(*g.m))) == NULL)
		return rc;
	if ((g.seen = map_new(32, g.max + 1)) == NULL)
		goto out;
	gather(&g, old, oldlen);
	gather(&g, new, newlen);
	rc = g.n ? write_merged(&g) : store_remove(b->conf.store, MICRODESCS);
	if (rc == 0) {
		b->main_size = g.size + g.n * (MICRODESC_ANNOTATION - 4);
		b->journal_size = 0;
		rc = store_remove(b->conf.store, JOURNAL);
	}
	map_free(g.seen);
out:
	free(g.m);
	return rc;
}

void
bootcache_compact(struct bootstrap *b)
{
	uint8_t *old = NULL, *new = NULL;
	size_t oldlen = 0, newlen = 0;
	int rc, rc2;

	if (!b->compact_due || b->conf.store == NULL)
		return;
	b->compact_due = 0;	/* also on failure: the next growth asks anew */
	rc = store_read(b->conf.store, MICRODESCS, MICRODESCS_MAX, &old,
	    &oldlen);
	rc2 = store_read(b->conf.store, JOURNAL, MICRODESCS_MAX, &new,
	    &newlen);
	if ((rc == 0 || rc == -ENOENT) && (rc2 == 0 || rc2 == -ENOENT))
		merge(b, old, oldlen, new, newlen);
	free(old);
	free(new);
}
