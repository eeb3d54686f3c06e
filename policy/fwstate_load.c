/* policy/fwstate_load.c - a plan tried, and given to the kernel */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/fwstate_int.h"
#include "policy/nftrun.h"
#include "policy/nftsock.h"

void
fwstate_plan_free(struct fwstate_plan *p)
{
	free(p->text);
	free(p->elements);
	free(p->sysctls);
	scratch_close(&p->scratch);
	nftlist_free(&p->list);
	nftnormal_free(&p->want);
	memset(p, 0, sizeof(*p));
}

/* A table's name goes into a text for nft. */
static int
is_plain(const char *s)
{
	size_t n = strnlen(s, NFTLIST_NAME);

	return n > 0 && n < NFTLIST_NAME && strspn(s,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_") == n;
}

static int
check_given(const struct fwstate_rules *r)
{
	char family[16];
	size_t i;

	if (r->ntables == 0 || r->ntables > FWSTATE_TABLES_MAX ||
	    r->ndevices > FWSTATE_DEVICES_MAX ||
	    r->nsysctls > FWSTATE_SYSCTLS_MAX ||
	    strlen(r->text) > FWSTATE_TEXT_MAX ||
	    strlen(r->elements) > FWSTATE_TEXT_MAX)
		return -E2BIG;
	for (i = 0; i < r->ntables; i++)
		if (!is_plain(r->tables[i].name) || strchr(nftlist_family(
		    r->tables[i].family, family), ' '))
			return -EINVAL;
	return 0;
}

static int
copy_given(struct fwstate_plan *p, const struct fwstate_rules *r)
{
	memcpy(p->tables, r->tables, r->ntables * sizeof(*r->tables));
	p->ntables = r->ntables;
	if (r->ndevices)
		memcpy(p->devices, r->devices,
		    r->ndevices * sizeof(*r->devices));
	p->ndevices = r->ndevices;
	p->text = strdup(r->text);
	p->elements = strdup(r->elements);
	p->sysctls = calloc(r->nsysctls + 1, sizeof(*p->sysctls));
	if (p->text == NULL || p->elements == NULL || p->sysctls == NULL)
		return -ENOMEM;
	if (r->nsysctls)
		memcpy(p->sysctls, r->sysctls,
		    r->nsysctls * sizeof(*r->sysctls));
	p->nsysctls = r->nsysctls;
	p->unseen = r->unseen;
	p->marked = r->marked;
	return 0;
}

/* What the kernel made of it. */
static int
read_scratch(struct fwstate *s, struct fwstate_plan *p)
{
	struct nftnormal want;
	struct nftlist list;
	int rc = nftsock_list(p->scratch.nft, p->tables, p->ntables, &list);

	if (rc > 0)		/* nobody else is there */
		nftlist_free(&list);
	if (rc != 0)
		return fwstate_fail(s, rc > 0 ? -EBUSY : rc,
		    "rules that were tried cannot be read back");
	if ((rc = nftnormal_make(&want, &list)) < 0) {
		nftlist_free(&list);
		return fwstate_fail(s, rc, "the kernel tells of rules that "
		    "are none");
	}
	nftlist_free(&p->list);
	nftnormal_free(&p->want);
	p->list = list;
	p->want = want;
	return 0;
}

/* A text that makes less than it should would be found in force where nothing
 * is. */
static int
check_made(struct fwstate *s, const struct fwstate_plan *p)
{
	const struct nftlist_item *item;
	char family[16];
	size_t i, k;

	for (i = 0; i < p->ntables; i++) {
		for (k = 0; k < p->list.n; k++) {
			item = &p->list.items[k];
			if (item->kind == NFTLIST_TABLE &&
			    item->family == p->tables[i].family &&
			    strcmp(item->table, p->tables[i].name) == 0)
				break;
		}
		if (k < p->list.n)
			continue;
		snprintf(s->why, s->max, "the rules do not make table %s %s",
		    nftlist_family(p->tables[i].family, family),
		    p->tables[i].name);
		return -EINVAL;
	}
	return 0;
}

int
fwstate_try(struct fwstate *s, struct fwstate_plan *p,
    const struct fwstate_rules *r)
{
	int rc;

	memset(p, 0, sizeof(*p));
	if ((rc = check_given(r)) < 0 || (rc = copy_given(p, r)) < 0)
		return fwstate_fail(s, rc, "rules of this kind are not taken");
	if ((rc = scratch_open(&p->scratch,
	    (const char (*)[NETPLAN_IFNAME])p->devices, p->ndevices, s->why,
	    s->max)) < 0 ||
	    (rc = nftrun(&p->scratch, p->text, strlen(p->text), s->why,
	    s->max)) < 0 ||
	    (p->elements[0] && (rc = nftrun(&p->scratch, p->elements,
	    strlen(p->elements), s->why, s->max)) < 0))
		return rc;
	rc = read_scratch(s, p);
	return rc < 0 ? rc : check_made(s, p);
}

int
fwstate_try_elements(struct fwstate *s, struct fwstate_plan *p,
    const char *elements)
{
	char *copy;
	int rc;

	if (strlen(elements) > FWSTATE_TEXT_MAX)
		return fwstate_fail(s, -E2BIG, "too many elements");
	if ((copy = strdup(elements)) == NULL)
		return fwstate_fail(s, -ENOMEM, "elements");
	rc = nftrun(&p->scratch, copy, strlen(copy), s->why, s->max);
	if (rc < 0) {
		free(copy);
		return rc;
	}
	free(p->elements);
	p->elements = copy;
	return read_scratch(s, p);
}

/* The text, and before it, with @anew, what deletes the tables; by malloc. */
static char *
whole_text(const struct fwstate_plan *p, int anew)
{
	char *text = NULL, family[16];
	size_t len = 0, i;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	for (i = 0; anew && i < p->ntables; i++)
		fprintf(f, "add table %s %s\ndelete table %s %s\n",
		    nftlist_family(p->tables[i].family, family),
		    p->tables[i].name, family, p->tables[i].name);
	fprintf(f, "%s\n%s\n", p->text, p->elements);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static int
load(struct fwstate *s, const struct fwstate_plan *p, int anew,
    const struct scratch *in)
{
	char *text = whole_text(p, anew);
	int rc;

	if (text == NULL)
		return fwstate_fail(s, -ENOMEM, "rules");
	rc = nftrun(in, text, strlen(text), s->why, s->max);
	free(text);
	return rc;
}

int
fwstate_load(struct fwstate *s, const struct fwstate_plan *p, int anew)
{
	return load(s, p, anew, NULL);
}

int
fwstate_try_again(struct fwstate *s, struct fwstate_plan *p)
{
	int rc = load(s, p, 1, &p->scratch);

	if (rc == 0)
		rc = read_scratch(s, p);
	return rc < 0 ? rc : check_made(s, p);
}
