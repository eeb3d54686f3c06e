/* onion/dir/netdir.c - the network as it stands
 *
 * Theory of operation
 *	Built in one go: every router of the consensus becomes a struct relay,
 *	filled from its microdescriptor where there is one.  Lists that relays
 *	share are copied once, into one block, so that the netdir owes nothing
 *	to the set that it was built from; a table from the set's list numbers
 *	to places in the block keeps them shared.
 *
 *	For 9,000 relays that is about 2 MB.
 */
#include "onion/dir/netdir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "onion/dir/consensus.h"
#include "onion/dir/intern.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/params.h"
#include "onion/link/relayid.h"

enum { LIST_ALIGN = 8 };

/* --- lists --- */

/* While building: where in the block each list of the set goes, plus 1. */
struct places {
	size_t	*at;
	size_t	 size;		/* of the block so far */
};

static void
reserve(struct places *p, const void *list)
{
	size_t nr;

	if (list == NULL || p->at[nr = intern_nr(list)] != 0)
		return;
	p->at[nr] = p->size + 1;
	p->size += (intern_size(list) + LIST_ALIGN - 1) / LIST_ALIGN *
	    LIST_ALIGN;
}

static const void *
copy_list(const struct netdir *nd, const struct places *p, const void *list)
{
	char *to;

	if (list == NULL)
		return NULL;
	to = (char *)nd->lists + p->at[intern_nr(list)] - 1;
	memcpy(to, list, intern_size(list));
	return to;
}

/* --- relays --- */

static const struct microdesc *
find_md(const struct mdset *set, const struct consensus_router *r)
{
	const struct microdesc *md = mdset_find(set, r->md);

	return md == NULL || md->has & MICRODESC_BROKEN ? NULL : md;
}

static void
fill_from_md(struct relay *r, const struct microdesc *md)
{
	r->flags |= RELAY_HAS_MD;
	r->has_ntor = (md->has & MICRODESC_HAS_NTOR) != 0;
	r->has_ed = (md->has & MICRODESC_HAS_ED) != 0;
	memcpy(r->ntor, md->ntor, sizeof(r->ntor));
	memcpy(r->ed, md->ed, sizeof(r->ed));
}

static void
fill_relay(struct relay *r, const struct consensus_router *from)
{
	memcpy(r->rsa, from->rsa, sizeof(r->rsa));
	memcpy(r->nickname, from->nickname, sizeof(r->nickname));
	r->or4 = from->or4;
	r->or6 = from->or6;
	r->bw = from->bw;
	r->flags = from->flags;
	r->caps = from->caps;
}

static int
fill_relays(struct netdir *nd, const struct consensus *c,
    const struct mdset *set)
{
	struct places p = { NULL, 0 };
	const struct microdesc *md;
	size_t i;

	p.at = calloc(intern_slots(mdset_lists(set)) + 1, sizeof(*p.at));
	if (p.at == NULL)
		return -ENOMEM;
	for (i = 0; i < c->nrouters; i++) {
		if ((md = find_md(set, &c->routers[i])) == NULL)
			continue;
		reserve(&p, md->exit4);
		reserve(&p, md->exit6);
		reserve(&p, md->family);
		reserve(&p, md->famids);
	}
	if ((nd->lists = malloc(p.size + 1)) == NULL) {
		free(p.at);
		return -ENOMEM;
	}
	for (i = 0; i < c->nrouters; i++) {
		struct relay *r = &nd->relays[i];

		fill_relay(r, &c->routers[i]);
		if ((md = find_md(set, &c->routers[i])) != NULL) {
			fill_from_md(r, md);
			r->exit4 = copy_list(nd, &p, md->exit4);
			r->exit6 = copy_list(nd, &p, md->exit6);
			r->family = copy_list(nd, &p, md->family);
			r->famids = copy_list(nd, &p, md->famids);
		}
		nd->nusable += (size_t)relay_usable(r);
		nd->nmissing += (r->flags & RELAY_HAS_MD) == 0;
	}
	free(p.at);
	return 0;
}

/* --- indexes --- */

/* Equals stay in the order of their RSA identities. */
static int
compare_ed(const void *va, const void *vb, void *relays)
{
	const uint32_t *a = va, *b = vb;
	const struct relay *r = relays;
	int rc = memcmp(r[*a].ed, r[*b].ed, 32);

	return rc != 0 ? rc : (*a > *b) - (*a < *b);
}

static int
compare_name(const void *va, const void *vb, void *relays)
{
	const uint32_t *a = va, *b = vb;
	const struct relay *r = relays;
	int rc = strcasecmp(r[*a].nickname, r[*b].nickname);

	return rc != 0 ? rc : (*a > *b) - (*a < *b);
}

static void
fill_indexes(struct netdir *nd)
{
	size_t i;

	for (i = 0; i < nd->nrelays; i++) {
		nd->by_name[i] = (uint32_t)i;
		if (nd->relays[i].has_ed)
			nd->by_ed[nd->ned++] = (uint32_t)i;
	}
	qsort_r(nd->by_name, nd->nrelays, sizeof(nd->by_name[0]),
	    compare_name, nd->relays);
	qsort_r(nd->by_ed, nd->ned, sizeof(nd->by_ed[0]), compare_ed,
	    nd->relays);
}

/* --- numbers --- */

static void
fill_weights(struct netdir *nd, const struct params *weights)
{
	static const char *const names[NETDIR_NWEIGHTS] = {
		[NETDIR_WGG] = "Wgg", [NETDIR_WGM] = "Wgm",
		[NETDIR_WGD] = "Wgd", [NETDIR_WMG] = "Wmg",
		[NETDIR_WMM] = "Wmm", [NETDIR_WME] = "Wme",
		[NETDIR_WMD] = "Wmd", [NETDIR_WEG] = "Weg",
		[NETDIR_WEM] = "Wem", [NETDIR_WEE] = "Wee",
		[NETDIR_WED] = "Wed", [NETDIR_WGB] = "Wgb",
		[NETDIR_WMB] = "Wmb", [NETDIR_WEB] = "Web",
		[NETDIR_WDB] = "Wdb", [NETDIR_WBG] = "Wbg",
		[NETDIR_WBM] = "Wbm", [NETDIR_WBE] = "Wbe",
		[NETDIR_WBD] = "Wbd",
	};
	size_t i;

	nd->weight_scale = params_get(nd->params, "bwweightscale", 10000, 1,
	    INT32_MAX);
	nd->has_weights = 1;
	for (i = 0; i < NETDIR_NWEIGHTS; i++) {
		nd->weight[i] = params_get(weights, names[i], -1, -1,
		    nd->weight_scale);
		if (nd->weight[i] < 0)
			nd->has_weights = 0;
	}
	for (i = 0; i < NETDIR_NWEIGHTS && !nd->has_weights; i++)
		nd->weight[i] = nd->weight_scale;
}

static int
fill_head(struct netdir *nd, const struct consensus *c)
{
	int rc;

	if ((rc = params_copy(&nd->params, c->params)) < 0)
		return rc;
	nd->valid_after = c->valid_after;
	nd->fresh_until = c->fresh_until;
	nd->valid_until = c->valid_until;
	nd->has_srv_current = c->srv_current.has;
	nd->has_srv_previous = c->srv_previous.has;
	memcpy(nd->srv_current, c->srv_current.value, 32);
	memcpy(nd->srv_previous, c->srv_previous.value, 32);
	nd->use_family_lists = params_get(nd->params, "use-family-lists", 1,
	    0, 1);
	nd->use_family_ids = params_get(nd->params, "use-family-ids", 1, 0, 1);
	fill_weights(nd, c->weights);
	return 0;
}

int
netdir_build(struct netdir **out, const struct consensus *c,
    const struct mdset *set)
{
	struct netdir *nd = calloc(1, sizeof(*nd));
	size_t n = c->nrouters > 0 ? c->nrouters : 1;
	int rc = -ENOMEM;

	if (nd == NULL)
		return -ENOMEM;
	nd->nrelays = c->nrouters;
	nd->relays = calloc(n, sizeof(nd->relays[0]));
	nd->by_ed = calloc(n, sizeof(nd->by_ed[0]));
	nd->by_name = calloc(n, sizeof(nd->by_name[0]));
	if (nd->relays == NULL || nd->by_ed == NULL || nd->by_name == NULL)
		goto fail;
	if ((rc = fill_head(nd, c)) < 0 ||
	    (rc = fill_relays(nd, c, set)) < 0)
		goto fail;
	fill_indexes(nd);
	*out = nd;
	return 0;

fail:
	netdir_free(nd);
	return rc;
}

void
netdir_free(struct netdir *nd)
{
	if (nd == NULL)
		return;
	params_free(nd->params);
	free(nd->relays);
	free(nd->by_ed);
	free(nd->by_name);
	free(nd->lists);
	free(nd);
}

/* --- lookups --- */

static int
compare_rsa(const void *key, const void *r)
{
	return memcmp(key, ((const struct relay *)r)->rsa, 20);
}

const struct relay *
netdir_by_rsa(const struct netdir *nd, const uint8_t rsa[20])
{
	return bsearch(rsa, nd->relays, nd->nrelays, sizeof(nd->relays[0]),
	    compare_rsa);
}

const struct relay *
netdir_by_ed(const struct netdir *nd, const uint8_t ed[32])
{
	size_t lo = 0, hi = nd->ned;
	const struct relay *r;

	while (lo < hi) {		/* the first that is not below */
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(nd->relays[nd->by_ed[mid]].ed, ed, 32) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == nd->ned)
		return NULL;
	r = &nd->relays[nd->by_ed[lo]];
	return memcmp(r->ed, ed, 32) == 0 ? r : NULL;
}

static size_t
first_named(const struct netdir *nd, const char *name)
{
	size_t lo = 0, hi = nd->nrelays;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcasecmp(nd->relays[nd->by_name[mid]].nickname, name) <
		    0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct relay *
netdir_by_nickname(const struct netdir *nd, const char *name, size_t *i)
{
	size_t at = first_named(nd, name) + *i;
	const struct relay *r;

	if (at >= nd->nrelays)
		return NULL;
	r = &nd->relays[nd->by_name[at]];
	if (strcasecmp(r->nickname, name) != 0)
		return NULL;
	(*i)++;
	return r;
}

/* --- families --- */

static int
compare_member(const void *a, const void *b)
{
	return memcmp(a, b, 21);
}

static int
names(const struct family *f, const struct relay *r)
{
	uint8_t key[21] = { 'R' };
	size_t i;

	if (f == NULL)
		return 0;
	memcpy(key + 1, r->rsa, 20);
	if (bsearch(key, f->member, f->n, 21, compare_member) != NULL)
		return 1;
	memset(key, 0, sizeof(key));
	key[0] = 'N';
	for (i = 0; i < 19 && r->nickname[i] != '\0'; i++)
		key[1 + i] = (uint8_t)(r->nickname[i] >= 'A' &&
		    r->nickname[i] <= 'Z' ? r->nickname[i] - 'A' + 'a' :
		    r->nickname[i]);
	return bsearch(key, f->member, f->n, 21, compare_member) != NULL;
}

static int
share_id(const struct famids *a, const struct famids *b)
{
	uint32_t i = 0, j = 0;

	if (a == NULL || b == NULL)
		return 0;
	while (i < a->n && j < b->n) {
		int rc = memcmp(a->id[i], b->id[j], 32);

		if (rc == 0)
			return 1;
		if (rc < 0)
			i++;
		else
			j++;
	}
	return 0;
}

int
netdir_same_family(const struct netdir *nd, const struct relay *a,
    const struct relay *b)
{
	if (memcmp(a->rsa, b->rsa, sizeof(a->rsa)) == 0)
		return 1;
	if (nd->use_family_lists && names(a->family, b) &&
	    names(b->family, a))
		return 1;
	return nd->use_family_ids && share_id(a->famids, b->famids);
}

/* --- one relay --- */

int
relay_usable(const struct relay *r)
{
	const uint32_t need = RELAY_RUNNING | RELAY_VALID | RELAY_HAS_MD;

	return (r->flags & need) == need && r->has_ntor &&
	    (r->or4.family != 0 || r->or6.family != 0);
}

void
relay_hopinfo(const struct relay *r, struct hopinfo *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->id.rsa, r->rsa, sizeof(h->id.rsa));
	memcpy(h->id.ed, r->ed, sizeof(h->id.ed));
	h->id.has_ed = r->has_ed;
	h->has_ntor = r->has_ntor;
	memcpy(h->ntor, r->ntor, sizeof(h->ntor));
	h->or4 = r->or4;
	h->or6 = r->or6;
	h->caps = r->caps;
	memcpy(h->nickname, r->nickname, sizeof(h->nickname));
}
