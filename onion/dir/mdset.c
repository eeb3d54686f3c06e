/* onion/dir/mdset.c - microdescriptors at hand, by digest
 *
 * Theory of operation
 *	Entries outlive consensuses: most relays keep their microdescriptor for
 *	days, so each is parsed once and found again by every netdir built.  An
 *	entry goes when no consensus has named it for a week.
 *
 *	One that cannot be parsed has an entry too, without anything in it: its
 *	digest was right, so asking for it again would bring the same bytes.
 *
 * Limits
 *	MICRODESC_MAX entries, MICRODESC_LISTS_MAX bytes of lists.
 */
#include "onion/dir/microdesc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/secret.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/intern.h"

struct mdset {
	struct map	*map;
	struct intern	*lists;
};

struct mdset *
mdset_new(void)
{
	struct mdset *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->map = map_new(SHA256_LEN, MICRODESC_MAX);
	s->lists = intern_new(MICRODESC_LISTS_MAX, 4 * MICRODESC_MAX);
	if (s->map == NULL || s->lists == NULL) {
		mdset_free(s);
		return NULL;
	}
	return s;
}

void
mdset_free(struct mdset *s)
{
	struct microdesc *md;
	size_t i = 0;

	if (s == NULL)
		return;
	while (s->map != NULL && (md = map_next(s->map, &i)) != NULL)
		free(md);
	map_free(s->map);
	intern_free(s->lists);
	free(s);
}

/* -EBADMSG also where the entry was made, as a broken one. */
static int
insert(struct mdset *s, const struct microdesc_raw *raw, int64_t listed)
{
	struct microdesc *md = calloc(1, sizeof(*md));
	int rc, put;

	if (md == NULL)
		return -ENOMEM;
	rc = microdesc_parse(md, raw, s->lists);
	if (rc == -EBADMSG) {
		memcpy(md->digest, raw->digest, sizeof(md->digest));
		md->has = MICRODESC_BROKEN;
	} else if (rc < 0) {
		free(md);
		return rc;
	}
	md->listed = listed;
	if ((put = map_put(s->map, md->digest, md)) < 0) {
		microdesc_drop(md, s->lists);
		free(md);
		return put;
	}
	return rc;
}

int
mdset_add(struct mdset *s, const struct microdesc_raw *raw, int64_t listed)
{
	struct microdesc *md = map_get(s->map, raw->digest);

	if (md == NULL)
		return insert(s, raw, listed);
	if (md->listed < listed)
		md->listed = listed;
	return -EEXIST;
}

const struct microdesc *
mdset_find(const struct mdset *s, const uint8_t digest[32])
{
	return map_get(s->map, digest);
}

size_t
mdset_count(const struct mdset *s)
{
	return map_count(s->map);
}

size_t
mdset_bytes(const struct mdset *s)
{
	return intern_bytes(s->lists) +
	    map_count(s->map) * sizeof(struct microdesc);
}

const struct intern *
mdset_lists(const struct mdset *s)
{
	return s->lists;
}

static int
lacks(const struct mdset *s, const struct consensus_router *r)
{
	return !secret_is_zero(r->md, sizeof(r->md)) &&
	    map_get(s->map, r->md) == NULL;
}

size_t
mdset_missing(const struct mdset *s, const struct consensus *c, size_t *from,
    uint8_t (*out)[32], size_t max)
{
	size_t n = 0;

	for (; *from < c->nrouters && n < max; (*from)++)
		if (lacks(s, &c->routers[*from]))
			memcpy(out[n++], c->routers[*from].md, 32);
	return n;
}

size_t
mdset_nmissing(const struct mdset *s, const struct consensus *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->nrouters; i++)
		n += (size_t)lacks(s, &c->routers[i]);
	return n;
}

void
mdset_list(struct mdset *s, const struct consensus *c, int64_t when)
{
	struct microdesc *md;
	size_t i;

	for (i = 0; i < c->nrouters; i++) {
		md = map_get(s->map, c->routers[i].md);
		if (md != NULL && md->listed < when)
			md->listed = when;
	}
}

size_t
mdset_expire(struct mdset *s, int64_t now)
{
	struct microdesc *md;
	size_t i = 0, n = 0;

	while ((md = map_next(s->map, &i)) != NULL) {
		if (md->listed > now - MICRODESC_KEEP_S)
			continue;
		map_del(s->map, md->digest);
		microdesc_drop(md, s->lists);
		free(md);
		n++;
	}
	return n;
}
