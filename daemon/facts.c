/* daemon/facts.c - what is found out of a flow, for rules */
#include "daemon/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/loop.h"
#include "onion/onion.h"
#include "policy/policy.h"
#include "policy/rules.h"

enum { MAC = 6, DAYS = 7 };

static void
find_link(struct facts *f, const struct facts_conf *c,
    const struct facts_of *of)
{
	struct kin_place at;

	if (c->kin == NULL || of->elsewhere)
		return;
	kin_place(c->kin, of->client, of->ifindex, &at, NULL);
	kin_ifname(c->kin, at.ifindex, f->in);
	f->has_mac = at.link_len == MAC;
	if (f->has_mac)
		memcpy(f->mac, at.link, MAC);
}

/* A client elsewhere may have chosen the addresses and ports of some socket
 * here: so first, is it one of this host? */
static void
find_owner(struct facts *f, const struct facts_conf *c, unsigned wants,
    const struct facts_of *of)
{
	struct owner_is is;
	const char *app;

	if (of->has_uid) {
		f->has_uid = 1;
		f->uid = of->uid;
	}
	if (c->owner == NULL || c->kin == NULL || of->elsewhere ||
	    !kin_is_local(c->kin, of->client) ||
	    owner_find(c->owner, of->client, of->asked, &is) < 0)
		return;
	if (is.has_uid) {
		f->has_uid = 1;
		f->uid = is.uid;
	}
	if ((wants & RULES_WANT_APP) &&
	    (app = owner_app(c->owner, &is)) != NULL)
		snprintf(f->app, sizeof(f->app), "%s", app);
}

int
facts_minute(const struct loop *loop)
{
	time_t now = (time_t)loop->wall;
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL)
		return -1;
	return (tm.tm_wday + DAYS - 1) % DAYS * RULE_DAY + tm.tm_hour * 60 +
	    tm.tm_min;
}

void
facts_find(struct facts *f, const struct facts_conf *c, unsigned wants,
    const struct facts_of *of)
{
	int minute;

	memset(f, 0, offsetof(struct facts, names));
	f->wants = wants;
	f->elsewhere = of->elsewhere;
	f->names.n = 0;
	f->names.more = 0;
	if (wants & RULES_WANT_LINK)
		find_link(f, c, of);
	if (wants & (RULES_WANT_USER | RULES_WANT_APP))
		find_owner(f, c, wants, of);
	if ((wants & RULES_WANT_COUNTRY) && c->onion && of->dest)
		onion_country(c->onion, of->dest, f->country);
	if ((wants & RULES_WANT_NAMES) && c->given && of->group)
		given_find(c->given, of->group, of->told, &f->names);
	if ((wants & RULES_WANT_TIME) && (minute = facts_minute(c->loop)) >= 0) {
		f->has_time = 1;
		f->minute = (uint16_t)minute;
	}
}

void
facts_lend(const struct facts *f, struct policy_flow *flow)
{
	struct rule_flow *r = &flow->about;

	if (f->has_mac)
		r->mac = f->mac;
	if (f->in[0] || f->elsewhere)
		r->in = f->in;
	if (f->app[0])
		r->app = f->app;
	if (f->has_uid)
		r->uid = &f->uid;
	memcpy(r->country, f->country, sizeof(r->country));
	r->has_time = f->has_time;
	r->minute = f->minute;
	if (f->names.n) {
		r->names = f->names.name;
		r->nnames = f->names.n;
		flow->answer = f->names.answer;
	}
	flow->more_names = f->names.more;
}

void
facts_set_time(struct policy_flow *flow, const struct loop *loop)
{
	int minute = facts_minute(loop);

	flow->about.has_time = minute >= 0;
	flow->about.minute = minute >= 0 ? (uint16_t)minute : 0;
}

/* --- kept --- */

struct facts_kept {
	unsigned	 wants;
	uint8_t		 has_mac, has_uid, elsewhere;
	uint8_t		 mac[MAC];
	uint32_t	 uid;
	char		 in[KIN_IFNAME];
	char		 country[3];
	const char	*app;
	const char	**name;
	uint8_t		*answer;
	size_t		 n;
	int		 more;
};

static size_t
text_of(const struct facts *f)
{
	size_t i, sum = strlen(f->app) + 1;

	for (i = 0; i < f->names.n; i++)
		sum += strlen(f->names.name[i]) + 1;
	return sum;
}

static char *
put(char **at, const char *s)
{
	char *p = *at;
	size_t n = strlen(s) + 1;

	memcpy(p, s, n);
	*at += n;
	return p;
}

/* One piece of memory: itself, pointers to names, texts, numbers. */
struct facts_kept *
facts_keep(const struct facts *f)
{
	size_t i, n = f->names.n, text = text_of(f);
	struct facts_kept *k = calloc(1, sizeof(*k) +
	    n * (sizeof(*k->name) + sizeof(*k->answer)) + text);
	char *at;

	if (k == NULL)
		return NULL;
	k->wants = f->wants;
	k->has_mac = f->has_mac;
	k->elsewhere = f->elsewhere;
	memcpy(k->mac, f->mac, MAC);
	k->has_uid = f->has_uid;
	k->uid = f->uid;
	memcpy(k->in, f->in, sizeof(k->in));
	memcpy(k->country, f->country, sizeof(k->country));
	k->more = f->names.more;
	k->n = n;
	k->name = (const char **)(void *)(k + 1);
	k->answer = (uint8_t *)(k->name + n);
	at = (char *)(k->answer + n);
	k->app = put(&at, f->app);
	for (i = 0; i < n; i++) {
		k->name[i] = put(&at, f->names.name[i]);
		k->answer[i] = f->names.answer[i];
	}
	return k;
}

unsigned
facts_kept_wants(const struct facts_kept *k)
{
	return k->wants;
}

void
facts_lend_kept(const struct facts_kept *k, struct policy_flow *flow)
{
	struct rule_flow *r = &flow->about;

	if (k->has_mac)
		r->mac = k->mac;
	if (k->in[0] || k->elsewhere)
		r->in = k->in;
	if (k->app[0])
		r->app = k->app;
	if (k->has_uid)
		r->uid = &k->uid;
	memcpy(r->country, k->country, sizeof(r->country));
	r->names = k->name;
	r->nnames = k->n;
	flow->answer = k->answer;
	flow->more_names = k->more;
}
