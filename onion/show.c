/* onion/show.c - what there is to show of the engine */
#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "base/log.h"
#include "onion/bridges.h"
#include "onion/circ/attach.h"
#include "onion/circ/circ.h"
#include "onion/circ/pool.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/netdir.h"
#include "onion/dircirc.h"
#include "onion/link/chan.h"
#include "onion/onion.h"
#include "onion/onion_int.h"
#include "onion/path/guard.h"
#include "onion/path/timeout.h"

enum { GUARDS_SHOWN = 8 };

struct walk {
	const struct onion_show	*show;
	void			*arg;
};

static void
clock_text(const struct bootstrap_status *st, char *out, size_t max)
{
	static const char *const words[] = {
		[BOOTSTRAP_CLOCK_UNKNOWN] = "unknown",
		[BOOTSTRAP_CLOCK_GOOD] = "good",
		[BOOTSTRAP_CLOCK_BEHIND] = "behind",
		[BOOTSTRAP_CLOCK_AHEAD] = "ahead"
	};
	int64_t s = st->skew_s < 0 ? -st->skew_s : st->skew_s;

	if (st->clock == BOOTSTRAP_CLOCK_BEHIND ||
	    st->clock == BOOTSTRAP_CLOCK_AHEAD)
		snprintf(out, max, "%s by %lld h %lld min", words[st->clock],
		    (long long)(s / 3600), (long long)(s / 60 % 60));
	else
		snprintf(out, max, "%s", words[st->clock]);
}

/* Where nothing works: what is wrong with the first bridge that something is
 * wrong with, besides what the directory has to say. */
static const char *
trouble_text(const struct onion *o, const struct bootstrap_status *st,
    char *out, size_t max)
{
	size_t i, n = 0;

	if (o->bridges && !o->ready)
		(void)bridges_relays(o->bridges, &n);
	for (i = 0; i < n && bridges_trouble(o->bridges, i)[0] == '\0'; i++)
		;
	if (i == n)
		return st->trouble;
	snprintf(out, max, "bridge %s: %s%s%s", bridges_name(o->bridges, i),
	    bridges_trouble(o->bridges, i), st->trouble[0] ? "; " : "",
	    st->trouble);
	return out;
}

static void
show_summary(const struct onion *o, const struct walk *w)
{
	struct bootstrap_status st;
	struct chanset_totals ct;
	struct attach_totals at;
	struct onion_summary s = { 0 };
	char clock[64], trouble[512];

	bootstrap_status(o->boot, &st);
	chanset_totals(o->chans, &ct);
	attach_totals(o->attach, &at);
	clock_text(&st, clock, sizeof(clock));
	s.percent = o->percent;
	s.state = bootstrap_state_name(st.state);
	s.tag = o->tag;
	s.summary = o->summary;
	s.trouble = trouble_text(o, &st, trouble, sizeof(trouble));
	s.clock = clock;
	s.skew_s = st.skew_s;
	s.valid_after = st.valid_after;
	s.fresh_until = st.fresh_until;
	s.valid_until = st.valid_until;
	s.relays = st.relays;
	s.microdescs = st.microdescs;
	s.circuits = pool_count(o->pool) + dircirc_count(o->dircircs);
	s.building = pool_building(o->pool);
	s.streams = at.streams;
	s.waiting = at.waiting;
	s.lookups = at.lookups;
	s.channels = ct.channels;
	s.bytes_in = ct.bytes_in;
	s.bytes_out = ct.bytes_out;
	s.read = at.read;
	s.written = at.written;
	s.build_timeout_ms = timeout_use_ms(o->timeout, 3);
	w->show->summary(w->arg, &s);
}

static const char *
guard_state(const struct guard_info *g)
{
	if (!g->listed)
		return "unlisted";
	switch (g->reach) {
	case GUARD_YES:
		return "up";
	case GUARD_NO:
		return "down";
	default:
		return "untried";
	}
}

/* All that are configured, whatever became of them. */
static void
show_bridges(const struct onion *o, const struct walk *w)
{
	struct guard_info info[BRIDGES_MAX];
	size_t ninfo = guard_list(o->guards, info, BRIDGES_MAX), n, i, k;
	const struct relay *r = bridges_relays(o->bridges, &n);

	for (i = 0; i < n; i++) {
		struct onion_guard_show g = { .rank = "bridge",
			.state = relay_usable(&r[i]) ? "untried" :
			"no descriptor", .relay.nickname = r[i].nickname,
			.relay.addr = r[i].or4.family ? r[i].or4 : r[i].or6 };

		enc_hex(g.relay.fingerprint, r[i].rsa, 20);
		for (k = 0; k < ninfo && k < BRIDGES_MAX; k++)
			if (relay_usable(&r[i]) &&
			    memcmp(info[k].rsa, r[i].rsa, 20) == 0)
				g.state = guard_state(&info[k]);
		w->show->guard(w->arg, &g);
	}
}

static void
show_guards(const struct onion *o, const struct walk *w)
{
	struct guard_info info[GUARDS_SHOWN];
	size_t i, n = guard_list(o->guards, info, GUARDS_SHOWN);

	for (i = 0; i < n && i < GUARDS_SHOWN; i++) {
		struct onion_guard_show g = { 0 };
		const struct relay *r = NULL;

		if (!info[i].primary && !info[i].confirmed)
			continue;
		if (o->netdir)
			r = netdir_by_rsa(o->netdir, info[i].rsa);
		enc_hex(g.relay.fingerprint, info[i].rsa, 20);
		g.relay.nickname = info[i].nickname;
		if (r)
			g.relay.addr = r->or4.family ? r->or4 : r->or6;
		g.rank = info[i].primary ? "primary" : "confirmed";
		g.state = guard_state(&info[i]);
		w->show->guard(w->arg, &g);
	}
}

static void
show_one(const struct walk *w, const struct circ *c,
    struct onion_circuit_show *out)
{
	struct onion_relay_show path[CIRC_HOPS_MAX] = { 0 };
	const struct hopinfo *hop;
	size_t i;

	out->nhops = circ_nhops(c);
	for (i = 0; i < out->nhops && i < CIRC_HOPS_MAX; i++) {
		hop = circ_hopinfo(c, i);
		enc_hex(path[i].fingerprint, hop->id.rsa, 20);
		path[i].nickname = hop->nickname;
		path[i].addr = hop->or4.family ? hop->or4 : hop->or6;
	}
	out->path = path;
	out->id = circ_id(c);
	out->joined = circ_joined_to(c) ? circ_id(circ_joined_to(c)) : 0;
	out->nbuilt = circ_nbuilt(c);
	out->crypto = circ_crypto(c);
	out->streams = circ_nstreams(c);
	circ_totals(c, &out->written, &out->read);
	w->show->circuit(w->arg, out);
}

static void
show_pooled(void *arg, const struct pool_show *p)
{
	struct onion_circuit_show out = {
		.state = p->state, .purpose = p->purpose,
		.age_s = p->age_ms / 1000,
		.dirty_s = p->dirty_ms < 0 ? -1 : p->dirty_ms / 1000
	};

	show_one(arg, p->circ, &out);
}

static void
show_dir(void *arg, const struct circ *c, int64_t age_ms)
{
	struct onion_circuit_show out = {
		.state = circ_is_built(c) ? "built" : "building",
		.purpose = "directory", .age_s = age_ms / 1000,
		.dirty_s = age_ms / 1000
	};

	show_one(arg, c, &out);
}

static void
show_stream(void *arg, const struct attach_show *a)
{
	const struct walk *w = arg;
	char target[ATTACH_HOST_MAX + 16];
	struct onion_stream_show s = {
		.id = a->id, .circuit = a->circ ? circ_id(a->circ) : 0,
		.state = a->state
	};

	snprintf(target, sizeof(target), strchr(a->host, ':') ? "[%s]:%u" :
	    "%s:%u", a->host, a->port);
	s.target = log_scrub(target);
	w->show->stream(w->arg, &s);
}

void
onion_show(const struct onion *o, const struct onion_show *show, void *arg)
{
	struct walk w = { .show = show, .arg = arg };

	if (show->summary)
		show_summary(o, &w);
	if (show->guard && o->bridges)
		show_bridges(o, &w);
	else if (show->guard && o->guards)
		show_guards(o, &w);
	if (show->circuit) {
		pool_each(o->pool, show_pooled, &w);
		dircirc_each(o->dircircs, show_dir, &w);
	}
	if (show->stream)
		attach_each(o->attach, show_stream, &w);
}
