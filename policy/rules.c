/* policy/rules.c - a table of rules, made so that a decision costs little
 *
 * Theory of operation
 *	Each rule stands in one list, by the first of these that it says:
 *
 *	  to NET		by family, length and prefix
 *	  to a name		by the name
 *	  to {country}		by the country
 *	  from NET		by family, length and prefix
 *	  mac, in		by what they say
 *	  none of them		in the list of the rest
 *
 *	A list is found by its key in a hash table.  For a flow all keys are
 *	made that can have a list: one for each length of prefix that occurs in
 *	the table, one for each domain that a name is in, and so on.  Of all
 *	lists found, the lowest number that is not done yet is the next rule to
 *	be looked at as a whole, so that the first match is the first rule.
 *
 *	What a rule does not say, or what is not known of the flow, is then for
 *	rule_matches(); a list only may not leave out what could match.
 */
#include "policy/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum kind {
	BY_REST, BY_TO, BY_NAME, BY_COUNTRY, BY_FROM, BY_MAC, BY_IN
};

enum {
	KEY = 32,
	LENGTHS = 129,			/* of prefixes */
	/* Lists of one flow: lengths, twice; the rest; country, mac, in, and
	 * domains of names.  More are not looked at one by one, see lookup. */
	LISTS = 2 * LENGTHS + 4 + 256
};

struct list {
	uint8_t		 key[KEY];
	struct list	*next;
	uint32_t	*rule;		/* numbers, in rising order */
	size_t		 n, room;
};

struct rules {
	const struct rule *v;
	size_t		 n;
	struct map	*lists;
	struct list	*all;
	unsigned	 wants;			/* RULES_WANT_* */
	int		 direct_names;		/* there are such rules */
	int		 direct;		/* there are any */
	struct list	 senders;	/* not direct, and asks for the sender */
	uint8_t		 has[2][2][LENGTHS];	/* to, from; IPv4, IPv6 */
};

/* What a flow is looked up by: lists, and how far each is done. */
struct search {
	const struct rules *s;
	const struct list *list[LISTS];
	size_t		 at[LISTS];
	size_t		 n;
	int		 all;		/* there are more: look at every rule */
};

/* --- keys --- */

static void
key_of_net(uint8_t key[KEY], enum kind kind, const struct addr *a,
    unsigned bits)
{
	size_t i, len = addr_iplen(a);

	memset(key, 0, KEY);
	key[0] = (uint8_t)kind;
	key[1] = a->family;
	key[2] = (uint8_t)bits;
	for (i = 0; i < len && i * 8 < bits; i++)
		key[3 + i] = bits >= i * 8 + 8 ? a->ip[i] :
		    a->ip[i] & (uint8_t)(0xff00 >> (bits - i * 8));
}

/* Long ones share a list by their end. */
static void
key_of_text(uint8_t key[KEY], enum kind kind, const char *s)
{
	size_t len = strlen(s), max = KEY - 2;

	memset(key, 0, KEY);
	key[0] = (uint8_t)kind;
	key[1] = (uint8_t)(len > max ? max + 1 : len);
	if (len > max)
		s += len - max;
	memcpy(key + 2, s, strlen(s));
}

static void
key_of_mac(uint8_t key[KEY], const uint8_t mac[6])
{
	memset(key, 0, KEY);
	key[0] = BY_MAC;
	memcpy(key + 1, mac, 6);
}

static void
key_of_rule(uint8_t key[KEY], const struct rule *r)
{
	memset(key, 0, KEY);		/* BY_REST */
	if (r->to_kind == RULE_TO_NET)
		key_of_net(key, BY_TO, &r->to.addr, r->to.bits);
	else if (r->to_kind == RULE_TO_COUNTRY)
		key_of_text(key, BY_COUNTRY, r->country);
	else if (r->to_kind != RULE_TO_ANY && r->to_kind != RULE_TO_NAMED)
		key_of_text(key, BY_NAME, r->name);
	else if (r->from.addr.family)
		key_of_net(key, BY_FROM, &r->from.addr, r->from.bits);
	else if (r->has_mac)
		key_of_mac(key, r->mac);
	else if (r->in[0])
		key_of_text(key, BY_IN, r->in);
}

/* --- making it --- */

static struct list *
list_of(struct rules *s, const uint8_t key[KEY])
{
	struct list *l = map_get(s->lists, key);

	if (l || (l = calloc(1, sizeof(*l))) == NULL)
		return l;
	memcpy(l->key, key, KEY);
	if (map_put(s->lists, l->key, l) < 0) {
		free(l);
		return NULL;
	}
	l->next = s->all;
	s->all = l;
	return l;
}

static int
list_add(struct list *l, size_t rule)
{
	size_t room = l->room ? l->room * 2 : 1;
	uint32_t *p;

	if (l->n == l->room) {
		if ((p = realloc(l->rule, room * sizeof(*p))) == NULL)
			return -ENOMEM;
		l->rule = p;
		l->room = room;
	}
	l->rule[l->n++] = (uint32_t)rule;
	return 0;
}

static unsigned
wants(const struct rule *r)
{
	unsigned w = 0;

	if (r->has_mac || r->in[0])
		w |= RULES_WANT_LINK;
	if (r->user[0] || (r->isolate & RULE_ISOLATE_USER))
		w |= RULES_WANT_USER;
	if (r->app[0] || (r->isolate & RULE_ISOLATE_APP))
		w |= RULES_WANT_APP;
	if (r->to_kind == RULE_TO_COUNTRY)
		w |= RULES_WANT_COUNTRY;
	if (r->days)
		w |= RULES_WANT_TIME;
	if (rule_is_by_name(r) || (r->isolate & RULE_ISOLATE_NAME))
		w |= RULES_WANT_NAMES;
	return w;
}

static int
asks_sender(const struct rule *r)
{
	return r->has_mac || r->in[0] || r->user[0] || r->app[0];
}

static int
add(struct rules *s, size_t i)
{
	uint8_t key[KEY];
	struct list *l;

	s->wants |= wants(&s->v[i]);
	s->direct |= s->v[i].action == RULE_DIRECT;
	s->direct_names |= s->v[i].action == RULE_DIRECT &&
	    rule_is_by_name(&s->v[i]);
	if (s->v[i].action != RULE_DIRECT && asks_sender(&s->v[i]) &&
	    list_add(&s->senders, i) < 0)
		return -ENOMEM;
	key_of_rule(key, &s->v[i]);
	if (key[0] == BY_TO || key[0] == BY_FROM)
		s->has[key[0] == BY_FROM][key[1] == 6][key[2]] = 1;
	if ((l = list_of(s, key)) == NULL)
		return -ENOMEM;
	return list_add(l, i);
}

int
rules_new(struct rules **out, const struct rule *v, size_t n)
{
	struct rules *s;
	size_t i;

	if (n > RULES_MAX)
		return -E2BIG;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	s->v = v;
	s->n = n;
	s->lists = map_new(KEY, n + 1);
	for (i = 0; s->lists && i < n; i++)
		if (add(s, i) < 0)
			break;
	if (s->lists == NULL || i < n) {
		rules_free(s);
		return -ENOMEM;
	}
	/* of whom users and groups are asked depends on it, see lacks_of() */
	if (s->direct && s->senders.n)
		s->wants |= RULES_WANT_LINK;
	*out = s;
	return 0;
}

void
rules_free(struct rules *s)
{
	struct list *l;

	if (s == NULL)
		return;
	while ((l = s->all) != NULL) {
		s->all = l->next;
		free(l->rule);
		free(l);
	}
	map_free(s->lists);
	free(s->senders.rule);
	free(s);
}

/* --- looking up --- */

static size_t
first_from(const struct list *l, size_t from)
{
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (l->rule[mid] < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
take(struct search *k, const uint8_t key[KEY], size_t from)
{
	const struct list *l = map_get(k->s->lists, key);
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < k->n; i++)
		if (k->list[i] == l)
			return;
	if (k->n == LISTS) {
		k->all = 1;
		return;
	}
	k->list[k->n] = l;
	k->at[k->n++] = first_from(l, from);
}

static void
take_nets(struct search *k, enum kind kind, const struct addr *a, size_t from)
{
	const uint8_t *has = k->s->has[kind == BY_FROM][a->family == 6];
	unsigned bits, max = a->family == 6 ? 128 : 32;
	struct addr none;
	uint8_t key[KEY];

	for (bits = 0; a->family && bits <= max; bits++)
		if (has[bits]) {
			key_of_net(key, kind, a, bits);
			take(k, key, from);
		}
	/* What has only a name is in 0.0.0.0/0, and in ::/0. */
	for (bits = 4; a->family == 0 && bits <= 6; bits += 2) {
		memset(&none, 0, sizeof(none));
		none.family = (uint8_t)bits;
		key_of_net(key, kind, &none, 0);
		take(k, key, from);
	}
}

/* The name, and all that it is below of. */
static void
take_name(struct search *k, const char *name, size_t from)
{
	uint8_t key[KEY];

	while (name) {
		key_of_text(key, BY_NAME, name);
		take(k, key, from);
		if ((name = strchr(name, '.')) != NULL)
			name++;
	}
}

static void
take_all(struct search *k, const struct rule_flow *f, size_t from)
{
	uint8_t key[KEY] = { BY_REST };
	size_t i;

	take(k, key, from);
	take_nets(k, BY_TO, &f->dest, from);
	take_nets(k, BY_FROM, &f->client, from);
	for (i = 0; i < f->nnames; i++)
		take_name(k, f->names[i], from);
	if (f->country[0]) {
		key_of_text(key, BY_COUNTRY, f->country);
		take(k, key, from);
	}
	if (f->mac) {
		key_of_mac(key, f->mac);
		take(k, key, from);
	}
	if (f->in) {
		key_of_text(key, BY_IN, f->in);
		take(k, key, from);
	}
}

/* The lowest number that no list is past. */
static const struct rule *
next(struct search *k)
{
	size_t i, best = k->n;
	uint32_t n, lowest = UINT32_MAX;

	for (i = 0; i < k->n; i++) {
		if (k->at[i] == k->list[i]->n)
			continue;
		n = k->list[i]->rule[k->at[i]];
		if (best == k->n || n < lowest) {
			best = i;
			lowest = n;
		}
	}
	if (best == k->n)
		return NULL;
	k->at[best]++;
	return &k->s->v[lowest];
}

const struct rule *
rules_find(const struct rules *s, size_t from, const struct rule_flow *f)
{
	const struct rule *r;
	struct search k;

	k.s = s;
	k.n = 0;
	k.all = 0;
	take_all(&k, f, from);
	if (k.all) {
		for (; from < s->n; from++)
			if (rule_matches(&s->v[from], f))
				return &s->v[from];
		return NULL;
	}
	while ((r = next(&k)) != NULL)
		if (rule_matches(r, f))
			return r;
	return NULL;
}

/* What there is to know of who sent it: a program of this host has no link, and
 * who is on one is no such program. */
static unsigned
lacks_of(const struct rule_flow *f)
{
	enum {
		PROGRAM = RULE_FACT_USER | RULE_FACT_APP,
		LINK = RULE_FACT_MAC | RULE_FACT_IN
	};

	if (f->in == NULL)
		return PROGRAM | LINK;
	return f->in[0] == '\0' || strcmp(f->in, "lo") == 0 ? PROGRAM : LINK;
}

const struct rule *
rules_unsure(const struct rules *s, size_t number, const struct rule_flow *f)
{
	unsigned lacks, may = lacks_of(f);
	const struct rule *r;
	size_t i;

	for (i = 0; i < s->senders.n && s->senders.rule[i] < number; i++) {
		r = &s->v[s->senders.rule[i]];
		if (rule_could_match(r, f, &lacks) && lacks &&
		    (lacks & ~may) == 0)
			return r;
	}
	return NULL;
}

unsigned
rules_wants(const struct rules *s)
{
	return s ? s->wants : 0;
}

/* What a rule before it takes away, whoever it is, is not left for it. */
int
rules_may_be_direct(const struct rules *s, const char *name)
{
	struct rule_flow f = { .names = &name, .nnames = 1 };
	const struct rule *r;
	struct search k;

	if (s == NULL || !s->direct_names)
		return 0;
	k.s = s;
	k.n = 0;
	k.all = 0;
	take_all(&k, &f, 0);
	if (k.all)			/* more than it can have, but who knows */
		return 1;
	while ((r = next(&k)) != NULL) {
		if (rule_is_by_name(r) ? !rule_names(r, name) :
		    r->to_kind != RULE_TO_ANY)
			continue;
		if (r->action == RULE_DIRECT)
			return 1;
		if (rule_is_plain(r))
			return 0;
	}
	return 0;
}

size_t
rules_number(const struct rules *s, const struct rule *r)
{
	return (size_t)(r - s->v);
}

size_t
rules_count(const struct rules *s)
{
	return s->n;
}

const struct rule *
rules_at(const struct rules *s, size_t i)
{
	return &s->v[i];
}
