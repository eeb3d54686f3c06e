/* daemon/fwrules.c - from a configuration to what policy/fwstate.h wants
 *
 * Sysctls: what the TUN needs of them policy/netstate.h sets, and takes back;
 * then forwarding and rp_filter are left to that.  Without a TUN nothing is
 * ever forwarded.  Advertisements of routers are an uplink's way to its
 * addresses, and no business of a LAN's.
 */
#include "daemon/fwrules.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/fwconf.h"
#include "policy/fwlinks.h"

enum { LINKS_MAX = 3 * FWPLAN_LINKS_MAX };

const struct nftlist_table fwrules_tables[FWRULES_TABLES] = {
	{ NFPROTO_INET, FWPLAN_TABLE }, { NFPROTO_NETDEV, FWPLAN_TABLE }
};

static void
add_links(struct fwsysctl_link *to, size_t *n, const struct fwplan_links *l,
    int8_t rp_filter, int8_t accept_ra)
{
	unsigned i;

	for (i = 0; i < l->n; i++) {
		memcpy(to[*n].name, l->name[i], sizeof(to[*n].name));
		to[*n].rp_filter = rp_filter;
		to[(*n)++].accept_ra = accept_ra;
	}
}

static int
make_sysctls(struct fwrules *r, const struct fwplan_conf *c)
{
	struct fwsysctl_link links[LINKS_MAX];
	int8_t ours = c->tun[0] ? FWSYSCTL_LEAVE : 0;
	int8_t strict = c->tun[0] ? FWSYSCTL_LEAVE : 1;
	struct fwsysctl_conf sc = { .forward4 = ours, .forward6 = ours,
		.rp_filter = strict, .accept_ra = FWSYSCTL_LEAVE,
		.links = links };
	unsigned i;

	for (i = 0; i < c->lans.n; i++)
		if (fwplan_is_shared(c, c->lans.name[i]))
			sc.liberal = 1;
	add_links(links, &sc.nlinks, &c->lans, strict, 0);
	add_links(links, &sc.nlinks, &c->tun_lans, strict, 0);
	add_links(links, &sc.nlinks, &c->uplinks, strict, FWSYSCTL_LEAVE);
	return fwsysctl_make(&r->sysctls, &r->nsysctls, &sc);
}

static int
write_text(struct fwrules *r, const struct fwplan *p)
{
	size_t len;
	FILE *f = open_memstream(&r->text, &len);

	if (f == NULL)
		return -ENOMEM;
	fwplan_nft(f, p);
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

static int
copy_relays(struct fwrules *r, const struct fwplan_conf *c)
{
	r->relays = calloc(c->nrelays + 1, sizeof(*r->relays));
	if (r->relays == NULL)
		return -ENOMEM;
	if (c->nrelays)
		memcpy(r->relays, c->relays, c->nrelays * sizeof(*r->relays));
	r->nrelays = c->nrelays;
	return 0;
}

typedef int make_plan(struct fwplan *, const struct fwplan_conf *, char *);

static int
fill(struct fwrules *r, const struct fwplan_conf *c, make_plan *make,
    char *why, size_t max)
{
	char text[FWPLAN_WHY] = "";
	struct fwplan p;
	int rc = make(&p, c, text);

	if (rc < 0) {
		snprintf(why, max, "%s", text);
		return rc;
	}
	snprintf(why, max, "no memory for the firewall's rules");
	r->uid = c->uid;
	r->devices = c->uplinks;
	if ((rc = write_text(r, &p)) == 0 && (rc = copy_relays(r, c)) == 0)
		rc = make_sysctls(r, c);
	fwplan_free(&p);
	return rc;
}

static int
make_by(struct fwrules *r, const struct conf *c, make_plan *make, char *why,
    size_t max)
{
	struct fwconf *f;
	int rc = fwconf_new(&f, c, why, max);

	memset(r, 0, sizeof(*r));
	if (rc < 0)
		return rc;
	if ((rc = fwconf_find_uplinks(f, c, why, max)) == 0) {
		fwconf_drop_missing(f);
		rc = fwlinks_check_now(fwconf_plan(f), why, max);
	}
	if (rc == 0)
		rc = fill(r, fwconf_plan(f), make, why, max);
	fwconf_free(f);
	if (rc < 0)
		fwrules_free(r);
	return rc;
}

int
fwrules_make(struct fwrules *r, const struct conf *c, char *why, size_t max)
{
	return make_by(r, c, fwplan_make, why, max);
}

int
fwrules_make_closed(struct fwrules *r, const struct conf *c, char *why,
    size_t max)
{
	return make_by(r, c, fwplan_make_closed, why, max);
}

void
fwrules_free(struct fwrules *r)
{
	free(r->text);
	free(r->sysctls);
	free(r->relays);
	memset(r, 0, sizeof(*r));
}

int
fwrules_same(const struct fwrules *a, const struct fwrules *b)
{
	size_t i;

	if (a->text == NULL || b->text == NULL ||
	    strcmp(a->text, b->text) != 0 || a->nsysctls != b->nsysctls)
		return 0;
	for (i = 0; i < a->nsysctls; i++)
		if (strcmp(a->sysctls[i].path, b->sysctls[i].path) != 0 ||
		    strcmp(a->sysctls[i].value, b->sysctls[i].value) != 0)
			return 0;
	return 1;
}
