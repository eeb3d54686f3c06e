/* onion/nodes.c - the node sets of a configuration, parsed */
#include "onion/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "onion/crypto/crypt.h"
#include "onion/onionconf.h"
#include "onion/path/geoip.h"
#include "onion/path/relayset.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };	/* of all the options */

static int
parse(struct relayset **out, const char *option, const char *text, char *why,
    size_t max)
{
	struct relayset_error err = { 0 };
	char item[64];
	int rc;

	*out = NULL;
	if (text == NULL || *text == '\0')
		return 0;
	rc = relayset_parse(out, text, &err);
	if (rc == -EINVAL)
		snprintf(why, max, "%s: \"%s\" %s", option,
		    log_text(item, sizeof(item), text + err.at, err.len),
		    err.what);
	else if (rc < 0)
		snprintf(why, max, "%s: %s", option, strerror(-rc));
	return rc;
}

static int
parse_families(struct nodes *n, const struct onion_conf *conf, char *why,
    size_t max)
{
	size_t i;
	int rc;

	if (conf->nfamilies == 0)
		return 0;
	n->families = calloc(conf->nfamilies, sizeof(*n->families));
	if (n->families == NULL)
		return -ENOMEM;
	for (i = 0; i < conf->nfamilies; i++) {
		rc = parse(&n->families[i], "NodeFamily", conf->families[i],
		    why, max);
		if (rc < 0)
			return rc;
		n->nfamilies = i + 1;
	}
	return 0;
}

void
nodes_exits_id(uint8_t id[PATH_EXITS_ID], const char *text)
{
	uint8_t whole[SHA256_LEN];

	crypt_sha256(whole, text, strlen(text));
	memcpy(id, whole, PATH_EXITS_ID);
}

static int
by_id(const void *a, const void *b)
{
	const struct path_exits *x = a, *y = b;

	return memcmp(x->id, y->id, sizeof(x->id));
}

/* Many rules may name the same. */
static size_t
drop_twins(struct path_exits *v, size_t n)
{
	size_t i, kept = 0;

	qsort(v, n, sizeof(*v), by_id);
	for (i = 0; i < n; i++)
		if (kept == 0 || by_id(&v[kept - 1], &v[i]) != 0)
			v[kept++] = v[i];
	return kept;
}

static int
parse_exit_set(struct path_exits *e, const char *text, char *why, size_t max)
{
	struct relayset *set;
	int rc = parse(&set, "FlowRule exit=", text, why, max);

	if (rc == 0 && set == NULL) {
		snprintf(why, max, "FlowRule exit=: it is empty");
		rc = -EINVAL;
	}
	if (rc < 0)
		return rc;
	e->set = set;
	if ((e->text = strdup(text)) != NULL)
		return 0;
	snprintf(why, max, "no memory");
	return -ENOMEM;
}

static int
parse_exit_sets(struct nodes *n, const struct onion_conf *conf, char *why,
    size_t max)
{
	struct path_exits *v;
	size_t i;
	int rc;

	if (conf->nexit_sets == 0)
		return 0;
	v = calloc(conf->nexit_sets, sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	for (i = 0; i < conf->nexit_sets; i++) {
		v[i].text = conf->exit_sets[i];
		nodes_exits_id(v[i].id, v[i].text);
	}
	n->exit_sets = v;
	n->nexit_sets = 0;
	i = drop_twins(v, conf->nexit_sets);
	while (n->nexit_sets < i) {
		struct path_exits *e = &v[n->nexit_sets++];
		const char *text = e->text;

		e->text = NULL;
		if ((rc = parse_exit_set(e, text, why, max)) < 0)
			return rc;
	}
	return 0;
}

static void
free_exit_sets(struct nodes *n)
{
	size_t i;

	for (i = 0; i < n->nexit_sets; i++)
		free((void *)(uintptr_t)n->exit_sets[i].text);
	free(n->exit_sets);
}

static int
parse_all(struct nodes *n, const struct onion_conf *conf, char *why,
    size_t max)
{
	const struct {
		struct relayset **set;
		const char *option, *text;
	} sets[] = {
		{ &n->exclude, "ExcludeNodes", conf->exclude_nodes },
		{ &n->exclude_exits, "ExcludeExitNodes",
		    conf->exclude_exit_nodes },
		{ &n->exits, "ExitNodes", conf->exit_nodes },
		{ &n->entries, "EntryNodes", conf->entry_nodes },
		{ &n->middles, "MiddleNodes", conf->middle_nodes }
	};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		rc = parse(sets[i].set, sets[i].option, sets[i].text, why,
		    max);
		if (rc < 0)
			return rc;
	}
	if ((rc = parse_families(n, conf, why, max)) < 0)
		return rc;
	return parse_exit_sets(n, conf, why, max);
}

/* Calls @fn for each set that there is. */
static void
each(struct nodes *n, void (*fn)(struct relayset *, void *), void *arg)
{
	struct relayset *sets[] = { n->exclude, n->exclude_exits, n->exits,
		n->entries, n->middles };
	size_t i;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (sets[i])
			fn(sets[i], arg);
	for (i = 0; i < n->nfamilies; i++)
		if (n->families[i])
			fn(n->families[i], arg);
	for (i = 0; i < n->nexit_sets; i++)
		if (n->exit_sets[i].set)
			fn((void *)(uintptr_t)n->exit_sets[i].set, arg);
}

static void
ask_geoip(struct relayset *set, void *arg)
{
	*(int *)arg |= relayset_needs_geoip(set);
}

static void
lend_geoip(struct relayset *set, void *arg)
{
	relayset_use_geoip(set, arg);
}

static void
free_set(struct relayset *set, void *arg)
{
	(void)arg;
	relayset_free(set);
}

/* GeoIPExcludeUnknown: 1 always, -1 (auto) where a country is excluded. */
static int
add_unknown_to(struct relayset **set, int mode)
{
	int rc;

	if (mode == 0 || (*set == NULL && mode < 0))
		return 0;
	if (*set == NULL && (rc = relayset_parse(set, "", NULL)) < 0)
		return rc;
	return relayset_add_unknown(*set, mode > 0);
}

static int
add_unknown(struct nodes *n, int mode)
{
	int rc = add_unknown_to(&n->exclude, mode);

	return rc < 0 ? rc : add_unknown_to(&n->exclude_exits, mode);
}

static int
add_text(struct buf *b, const char *text)
{
	return text ? buf_add(b, text, strlen(text) + 1) : buf_add(b, "", 1);
}

/* The options one after the other, for nodes_same(). */
static int
keep_text(struct nodes *n, const struct onion_conf *c)
{
	const char *const sets[] = { c->exclude_nodes, c->exclude_exit_nodes,
		c->exit_nodes, c->entry_nodes, c->middle_nodes, c->geoip,
		c->geoip6 };
	struct buf b;
	char flags[64];
	size_t i;
	int rc = 0;

	buf_init(&b, TEXT_MAX);
	snprintf(flags, sizeof(flags), "%d %d %d", c->strict_nodes,
	    c->distinct_subnets, c->geoip_exclude_unknown);
	rc = add_text(&b, flags);
	for (i = 0; rc == 0 && i < sizeof(sets) / sizeof(sets[0]); i++)
		rc = add_text(&b, sets[i]);
	for (i = 0; rc == 0 && i < c->nfamilies; i++)
		rc = add_text(&b, c->families[i]);
	if (rc == 0 && (n->text = malloc(b.len)) == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		memcpy(n->text, buf_head(&b), n->text_len = b.len);
	buf_free(&b);
	return rc;
}

int
nodes_same(const struct nodes *a, const struct nodes *b)
{
	return a->text_len == b->text_len &&
	    memcmp(a->text, b->text, a->text_len) == 0;
}

int
nodes_new(struct nodes **out, const struct onion_conf *conf, char *why,
    size_t max)
{
	struct nodes *n = calloc(1, sizeof(*n));
	int rc, countries = conf->countries;

	snprintf(why, max, "no memory");
	if (n == NULL)
		return -ENOMEM;
	if ((rc = parse_all(n, conf, why, max)) < 0 ||
	    (rc = add_unknown(n, conf->geoip_exclude_unknown)) < 0 ||
	    (rc = keep_text(n, conf)) < 0)
		goto fail;
	each(n, ask_geoip, &countries);
	if (countries) {
		rc = geoip_load(&n->geoip, conf->geoip, conf->geoip6);
		if (rc < 0) {
			snprintf(why, max, "%sa {country} is configured, but "
			    "%s cannot be read: %s (apt install tor-geoipdb, "
			    "or set GeoIPFile)", conf->geoip_where ?
			    conf->geoip_where : "", conf->geoip,
			    strerror(-rc));
			goto fail;
		}
		each(n, lend_geoip, n->geoip);
	}
	n->kin.families = (const struct relayset *const *)n->families;
	n->kin.nfamilies = n->nfamilies;
	n->kin.subnets = conf->distinct_subnets != 0;
	*out = n;
	return 0;

fail:
	nodes_free(n);
	return rc;
}

void
nodes_free(struct nodes *n)
{
	if (n == NULL)
		return;
	each(n, free_set, NULL);
	free_exit_sets(n);
	geoip_free(n->geoip);
	free(n->families);
	free(n->text);
	free(n);
}
