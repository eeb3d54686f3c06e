/* daemon/fwsets.c - where the program may connect to, as the firewall holds it
 *
 * Each kind is an array, looked through from its start: whoever asks for a new
 * one waits for nft, which is a thousand times as long.
 */
#include "daemon/fwsets.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "policy/fwplan.h"

struct part {
	struct addr	*at;		/* side by side, as nft's text wants */
	uint32_t	*asked;		/* by which request; the same index */
	size_t		 n, max;
	uint32_t	 now;		/* counts requests */
};

struct fwsets {
	struct part	 part[FWSETS_NKINDS];
	struct addr	*base;
	size_t		 nbase;
};

static int
part_new(struct part *p, size_t max)
{
	p->max = max;
	p->at = calloc(max + 1, sizeof(*p->at));
	p->asked = calloc(max + 1, sizeof(*p->asked));
	return p->at && p->asked ? 0 : -ENOMEM;
}

int
fwsets_new(struct fwsets **out, size_t relays_max, size_t direct_max)
{
	struct fwsets *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	if (part_new(&s->part[FWSETS_RELAYS], relays_max) < 0 ||
	    part_new(&s->part[FWSETS_DIRECT], direct_max) < 0) {
		fwsets_free(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

void
fwsets_free(struct fwsets *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < FWSETS_NKINDS; i++) {
		free(s->part[i].at);
		free(s->part[i].asked);
	}
	free(s->base);
	free(s);
}

/* The index, or @n. */
static size_t
find(const struct addr *all, size_t n, const struct addr *a)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (addr_equal(&all[i], a))
			break;
	return i;
}

static int
is_wanted(const struct addr *a)
{
	return (a->family == 4 || a->family == 6) && a->port != 0;
}

int
fwsets_set_base(struct fwsets *s, const struct addr *all, size_t n)
{
	struct addr *copy = calloc(n + 1, sizeof(*copy));
	size_t i, k = 0;

	if (copy == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (is_wanted(&all[i]) && find(copy, k, &all[i]) == k)
			copy[k++] = all[i];
	free(s->base);
	s->base = copy;
	s->nbase = k;
	return 0;
}

static int
is_base(const struct fwsets *s, enum fwsets_kind kind, const struct addr *a)
{
	return kind == FWSETS_RELAYS && find(s->base, s->nbase, a) < s->nbase;
}

int
fwsets_has(const struct fwsets *s, enum fwsets_kind kind, const struct addr *a)
{
	const struct part *p = &s->part[kind];

	return is_base(s, kind, a) || find(p->at, p->n, a) < p->n;
}

static size_t
oldest(const struct part *p)
{
	size_t i, best = 0;

	for (i = 1; i < p->n; i++)
		if (p->now - p->asked[i] > p->now - p->asked[best])
			best = i;
	return best;
}

static int
add(struct fwsets *s, enum fwsets_kind kind, const struct addr *a,
    uint32_t number)
{
	struct part *p = &s->part[kind];
	size_t i;
	int was;

	if (!is_wanted(a))
		return -EINVAL;
	if (is_base(s, kind, a))
		return 1;
	if (p->max == 0)
		return -ENOSPC;
	i = find(p->at, p->n, a);
	was = i < p->n;
	if (!was)
		i = p->n < p->max ? p->n++ : oldest(p);
	p->at[i] = *a;
	p->asked[i] = number;
	return was;
}

int
fwsets_add(struct fwsets *s, enum fwsets_kind kind, const struct addr *a)
{
	return add(s, kind, a, fwsets_count_request(s, kind));
}

int
fwsets_add_asked(struct fwsets *s, enum fwsets_kind kind,
    const struct addr *a, uint32_t number)
{
	return add(s, kind, a, number);
}

uint32_t
fwsets_count_request(struct fwsets *s, enum fwsets_kind kind)
{
	return ++s->part[kind].now;
}

uint32_t
fwsets_age(const struct fwsets *s, enum fwsets_kind kind,
    const struct addr *a)
{
	const struct part *p = &s->part[kind];
	size_t i;

	if (is_base(s, kind, a))
		return 0;
	i = find(p->at, p->n, a);
	return i < p->n ? p->now - p->asked[i] : UINT32_MAX;
}

static void
take_out(struct part *p, size_t i)
{
	p->n--;
	p->at[i] = p->at[p->n];
	p->asked[i] = p->asked[p->n];
}

void
fwsets_remove(struct fwsets *s, enum fwsets_kind kind, const struct addr *a)
{
	struct part *p = &s->part[kind];
	size_t i = find(p->at, p->n, a);

	if (i < p->n)
		take_out(p, i);
}

void
fwsets_forget(struct fwsets *s, enum fwsets_kind kind)
{
	s->part[kind].n = 0;
}

int
fwsets_keep(struct fwsets *s, enum fwsets_kind kind,
    int (*may)(void *arg, const struct addr *), void *arg)
{
	struct part *p = &s->part[kind];
	size_t i, had = p->n;

	for (i = p->n; i > 0; i--)
		if (!may(arg, &p->at[i - 1]))
			take_out(p, i - 1);
	return p->n < had;
}

size_t
fwsets_count(const struct fwsets *s, enum fwsets_kind kind)
{
	return s->part[kind].n;
}

/* The base and what was asked for, without what is in both since the base is
 * another one. */
static struct addr *
all_relays(const struct fwsets *s, size_t *n)
{
	const struct part *p = &s->part[FWSETS_RELAYS];
	struct addr *all = calloc(s->nbase + p->n + 1, sizeof(*all));
	size_t i;

	if (all == NULL)
		return NULL;
	if (s->nbase)
		memcpy(all, s->base, s->nbase * sizeof(*all));
	*n = s->nbase;
	for (i = 0; i < p->n; i++)
		if (!is_base(s, FWSETS_RELAYS, &p->at[i]))
			all[(*n)++] = p->at[i];
	return all;
}

int
fwsets_write(const struct fwsets *s, FILE *f)
{
	const struct part *d = &s->part[FWSETS_DIRECT];
	size_t n = 0;
	struct addr *all = all_relays(s, &n);

	if (all == NULL)
		return -ENOMEM;
	(void)fwplan_nft_elements(f, FWPLAN_RELAYS4, all, n);
	(void)fwplan_nft_elements(f, FWPLAN_RELAYS6, all, n);
	(void)fwplan_nft_elements(f, FWPLAN_DIRECT4, d->at, d->n);
	(void)fwplan_nft_elements(f, FWPLAN_DIRECT6, d->at, d->n);
	free(all);
	return 0;
}
