/* daemon/status.c - what `onion-transparent status` shows
 *
 * One walk over the engine fills an open_memstream(), as text for people or as
 * JSON for programs.  In JSON the four lists are always there, and strings
 * hold nothing that would need escaping but quotes and backslashes: nicknames
 * are letters and digits, the sentences are ours.
 */
#include "daemon/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "daemon/gateway.h"
#include "daemon/proxy.h"
#include "dnsport/dnsport.h"
#include "onion/onion.h"
#include "tun/drop.h"
#include "tun/stack.h"

enum list { LIST_NONE, LIST_GUARDS, LIST_CIRCUITS, LIST_STREAMS, LIST_TUNNELS };

struct out {
	FILE		*f;
	enum list	 list;		/* that is being printed */
	int		 items;		/* of it, so far */
};

static void
quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (; s && *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		if ((unsigned char)*s >= 0x20)
			fputc(*s, f);
	}
	fputc('"', f);
}

static void
pair(FILE *f, const char *key, const char *value)
{
	fprintf(f, "\"%s\":", key);
	quoted(f, value);
	fputc(',', f);
}

static const char *
size_text(uint64_t n, char out[32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n;
	size_t i = 0;

	for (; v >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		v /= 1024;
	snprintf(out, 32, i ? "%.1f %s" : "%.0f %s", v, units[i]);
	return out;
}

static void
time_text(int64_t wall, char out[32])
{
	time_t t = (time_t)wall;
	struct tm tm;

	if (wall == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		strcpy(out, "-");
}

/* --- JSON --- */

static void
json_summary(void *arg, const struct onion_summary *s)
{
	FILE *f = ((struct out *)arg)->f;

	fprintf(f, "\"bootstrap\":{\"percent\":%d,", s->percent);
	pair(f, "state", s->state);
	pair(f, "tag", s->tag);
	pair(f, "summary", s->summary);
	fputs("\"trouble\":", f);
	quoted(f, s->trouble);
	fputs("},\"clock\":{", f);
	pair(f, "state", s->clock);
	fprintf(f, "\"skew\":%" PRId64 "},\"consensus\":{\"valid_after\":%"
	    PRId64 ",\"fresh_until\":%" PRId64 ",\"valid_until\":%" PRId64
	    ",\"relays\":%zu,\"microdescs\":%zu},", s->skew_s, s->valid_after,
	    s->fresh_until, s->valid_until, s->relays, s->microdescs);
	fprintf(f, "\"totals\":{\"circuits\":%zu,\"building\":%zu,"
	    "\"streams\":%zu,\"waiting\":%zu,\"lookups\":%zu,"
	    "\"channels\":%zu,\"channel_bytes_read\":%" PRIu64
	    ",\"channel_bytes_written\":%" PRIu64 ",\"stream_bytes_read\":%"
	    PRIu64 ",\"stream_bytes_written\":%" PRIu64
	    ",\"build_timeout_ms\":%" PRId64 "},", s->circuits, s->building,
	    s->streams, s->waiting, s->lookups, s->channels, s->bytes_in,
	    s->bytes_out, s->read, s->written, s->build_timeout_ms);
}

/* Opens the lists up to @list, in their order, and sets a comma where one is
 * due. */
static void
json_list(struct out *o, enum list list)
{
	static const char *const names[] = { NULL, "guards", "circuits",
		"streams", "tunnels" };

	while (o->list < list) {
		if (o->list != LIST_NONE)
			fputs("],", o->f);
		o->list++;
		o->items = 0;
		fprintf(o->f, "\"%s\":[", names[o->list]);
	}
}

static void
json_item(struct out *o, enum list list)
{
	json_list(o, list);
	if (o->items++)
		fputc(',', o->f);
}

static void
json_relay(FILE *f, const struct onion_relay_show *r)
{
	char a[ADDR_TEXT];

	pair(f, "nickname", r->nickname);
	pair(f, "fingerprint", r->fingerprint);
	fputs("\"address\":", f);
	quoted(f, addr_raw(&r->addr, a));
}

static void
json_guard(void *arg, const struct onion_guard_show *g)
{
	struct out *o = arg;

	json_item(o, LIST_GUARDS);
	fputc('{', o->f);
	pair(o->f, "rank", g->rank);
	pair(o->f, "state", g->state);
	json_relay(o->f, &g->relay);
	fputc('}', o->f);
}

static void
json_circuit(void *arg, const struct onion_circuit_show *c)
{
	struct out *o = arg;
	size_t i;

	json_item(o, LIST_CIRCUITS);
	fprintf(o->f, "{\"id\":%" PRIu32 ",", c->id);
	pair(o->f, "state", c->state);
	pair(o->f, "purpose", c->purpose);
	fputs("\"path\":[", o->f);
	for (i = 0; i < c->nhops; i++) {
		fputs(i ? ",{" : "{", o->f);
		json_relay(o->f, &c->path[i]);
		fputc('}', o->f);
	}
	fprintf(o->f, "],\"hops\":%zu,", c->nbuilt);
	pair(o->f, "crypto", c->crypto);
	fprintf(o->f, "\"streams\":%zu,\"joined\":%" PRIu32 ",\"age\":%" PRId64
	    ",\"dirty\":%" PRId64 ",\"read\":%" PRIu64 ",\"written\":%"
	    PRIu64 "}", c->streams, c->joined, c->age_s, c->dirty_s, c->read,
	    c->written);
}

static void
json_stream(void *arg, const struct onion_stream_show *s)
{
	struct out *o = arg;

	json_item(o, LIST_STREAMS);
	fprintf(o->f, "{\"id\":%" PRIu32 ",\"circuit\":%" PRIu32 ",", s->id,
	    s->circuit);
	pair(o->f, "state", s->state);
	fputs("\"target\":", o->f);
	quoted(o->f, s->target);
	fputc('}', o->f);
}

static void
json_tunnel(void *arg, const char *name, const struct stack_totals *t)
{
	struct out *o = arg;
	int d;

	json_item(o, LIST_TUNNELS);
	fputc('{', o->f);
	pair(o->f, "name", name);
	fprintf(o->f, "\"connections\":%zu,\"opening\":%zu,\"opened\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"resets\":%" PRIu64
	    ",\"packets_in\":%" PRIu64 ",\"packets_out\":%" PRIu64
	    ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64
	    ",\"dropped\":{", t->conns, t->opening, t->opened, t->refused,
	    t->resets, t->packets_in, t->packets_out, t->bytes_in,
	    t->bytes_out);
	for (d = DROP_NOT + 1; d < DROP_N; d++)
		fprintf(o->f, "%s\"%s\":%" PRIu64, d > DROP_NOT + 1 ? "," :
		    "", drop_name(d), t->dropped[d]);
	fputs("}}", o->f);
}

static int
proxies_of(const struct status_source *src, struct proxies_totals *t)
{
	return src->proxies ? src->proxies(src->arg, t) : 0;
}

static void
json_proxies(FILE *f, const struct status_source *src)
{
	struct proxies_totals t;

	if (!proxies_of(src, &t))
		return;
	fprintf(f, ",\"proxies\":{\"asking\":%zu,\"taken\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"connections\":%" PRIu64
	    ",\"lookups\":%" PRIu64 ",\"failed\":%" PRIu64 "}", t.now,
	    t.taken, t.refused, t.asked, t.resolved, t.failed);
}

static int
gate_of(const struct status_source *src)
{
	return src->gate ? src->gate(src->arg) : -1;
}

static void
json_gate(FILE *f, const struct status_source *src)
{
	int open = gate_of(src);

	if (open >= 0)
		fprintf(f, ",\"gate\":\"%s\"", open ? "open" : "shut");
}

static void
json_tail(struct out *o, const struct status_source *src)
{
	struct gateway_totals g;

	if (src->tunnels)
		src->tunnels(src->arg, json_tunnel, o);
	json_list(o, LIST_TUNNELS);
	gateway_totals(src->gateway, &g);
	fprintf(o->f, "],\"flows\":{\"now\":%zu,\"accepted\":%" PRIu64
	    ",\"direct\":%" PRIu64 ",\"rejected\":%" PRIu64
	    ",\"dropped\":%" PRIu64 ",\"failed\":%" PRIu64 "},\"dns\":{"
	    "\"queries\":%" PRIu64 ",\"answered\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"malformed\":%" PRIu64
	    ",\"failed\":%" PRIu64 ",\"waiting\":%zu}", g.flows,
	    g.accepted, g.direct, g.rejected, g.dropped, g.failed,
	    g.dns.queries, g.dns.answered, g.dns.refused, g.dns.malformed,
	    g.dns.failed, g.dns.waiting);
	json_proxies(o->f, src);
	json_gate(o->f, src);
	fputs("}\n", o->f);
}

static const struct onion_show json_show = {
	.summary = json_summary, .guard = json_guard, .circuit = json_circuit,
	.stream = json_stream
};

/* --- text --- */

static void
text_summary(void *arg, const struct onion_summary *s)
{
	FILE *f = ((struct out *)arg)->f;
	char in[32], out[32], until[32];

	time_text(s->valid_until, until);
	fprintf(f, "Bootstrapped %d%% (%s): %s\n", s->percent, s->tag,
	    s->summary);
	if (s->trouble[0])
		fprintf(f, "Trouble      %s\n", s->trouble);
	fprintf(f, "Directory    %s\n", s->state);
	fprintf(f, "Clock        %s\n", s->clock);
	fprintf(f, "Network      %zu relays, %zu described; consensus valid "
	    "until %s\n", s->relays, s->microdescs, until);
	fprintf(f, "Circuits     %zu, of them %zu being built (timeout %.1f s);"
	    " %zu channels\n", s->circuits, s->building,
	    (double)s->build_timeout_ms / 1000, s->channels);
	fprintf(f, "Streams      %zu, of them %zu waiting for a circuit; %zu "
	    "lookups\n", s->streams, s->waiting, s->lookups);
	fprintf(f, "Traffic      %s in, %s out", size_text(s->bytes_in, in),
	    size_text(s->bytes_out, out));
	fprintf(f, " (streams: %s in, %s out)\n", size_text(s->read, in),
	    size_text(s->written, out));
}

static void
text_head(struct out *o, enum list list)
{
	static const char *const names[] = { NULL, "Guards", "Circuits",
		"Streams", "Tunnels" };

	if (o->list == list)
		return;
	o->list = list;
	fprintf(o->f, "\n%s\n", names[list]);
}

static void
text_guard(void *arg, const struct onion_guard_show *g)
{
	struct out *o = arg;
	char a[ADDR_TEXT];

	text_head(o, LIST_GUARDS);
	fprintf(o->f, "  %-20s $%s  %-22s %s, %s\n", g->relay.nickname,
	    g->relay.fingerprint, addr_raw(&g->relay.addr, a), g->rank,
	    g->state);
}

static void
text_circuit(void *arg, const struct onion_circuit_show *c)
{
	struct out *o = arg;
	char in[32], out[32];
	size_t i;

	text_head(o, LIST_CIRCUITS);
	fprintf(o->f, "  %-8" PRIu32 "  %-18s %-10s", c->id, c->state,
	    c->purpose);
	for (i = 0; i < c->nhops; i++)
		fprintf(o->f, "%s%s", i ? " > " : "", c->path[i].nickname);
	fprintf(o->f, "  (%zu streams, %s in, %s out, %" PRId64 " s old",
	    c->streams, size_text(c->read, in), size_text(c->written, out),
	    c->age_s);
	if (strcmp(c->crypto, "CGO") == 0)
		fputs(", CGO", o->f);
	if (c->joined)
		fprintf(o->f, ", joined to %" PRIu32, c->joined);
	fputs(")\n", o->f);
}

static void
text_stream(void *arg, const struct onion_stream_show *s)
{
	struct out *o = arg;

	text_head(o, LIST_STREAMS);
	fprintf(o->f, "  %-8" PRIu32 "  %-18s circuit %" PRIu32 "  %s\n",
	    s->id, s->state, s->circuit, s->target);
}

static void
text_tunnel(void *arg, const char *name, const struct stack_totals *t)
{
	struct out *o = arg;
	char in[32], out[32];
	int d, n = 0;

	text_head(o, LIST_TUNNELS);
	fprintf(o->f, "  %-15s %zu connections, of them %zu opening; %" PRIu64
	    " opened, %" PRIu64 " refused, %" PRIu64 " reset; %" PRIu64
	    " packets in (%s), %" PRIu64 " out (%s)", name, t->conns,
	    t->opening, t->opened, t->refused, t->resets, t->packets_in,
	    size_text(t->bytes_in, in), t->packets_out,
	    size_text(t->bytes_out, out));
	for (d = DROP_NOT + 1; d < DROP_N; d++)
		if (t->dropped[d])
			fprintf(o->f, "%s%" PRIu64 " %s", n++ ? ", " :
			    "; dropped: ", t->dropped[d], drop_name(d));
	fputc('\n', o->f);
}

static void
text_proxies(FILE *f, const struct status_source *src)
{
	struct proxies_totals t;

	if (!proxies_of(src, &t))
		return;
	fprintf(f, "Proxies      %" PRIu64 " taken, %" PRIu64 " refused; %"
	    PRIu64 " connections, %" PRIu64 " lookups, %" PRIu64 " failed; "
	    "%zu asking\n", t.taken, t.refused, t.asked, t.resolved, t.failed,
	    t.now);
}

static void
text_gate(FILE *f, const struct status_source *src)
{
	int open = gate_of(src);

	if (open >= 0)
		fprintf(f, "Gate         %s\n", open ? "open" : "shut: the "
		    "kernel's rules are not as planned; the log says why");
}

static void
text_tail(struct out *o, const struct status_source *src)
{
	struct gateway_totals g;

	if (src->tunnels)
		src->tunnels(src->arg, text_tunnel, o);
	gateway_totals(src->gateway, &g);
	fprintf(o->f, "\nFlows        %zu now; %" PRIu64 " taken (%" PRIu64
	    " direct), %" PRIu64 " refused, %" PRIu64 " dropped, %" PRIu64
	    " failed\n", g.flows, g.accepted, g.direct, g.rejected,
	    g.dropped, g.failed);
	fprintf(o->f, "DNS          %" PRIu64 " questions, %" PRIu64
	    " answered, %" PRIu64 " refused, %" PRIu64 " malformed, %" PRIu64
	    " failed, %zu waiting\n", g.dns.queries, g.dns.answered,
	    g.dns.refused, g.dns.malformed, g.dns.failed, g.dns.waiting);
	text_proxies(o->f, src);
	text_gate(o->f, src);
}

static const struct onion_show text_show = {
	.summary = text_summary, .guard = text_guard, .circuit = text_circuit,
	.stream = text_stream
};

char *
status_text(const struct status_source *src, int json, size_t *len)
{
	struct out o = { .list = LIST_NONE };
	char *text = NULL;

	if ((o.f = open_memstream(&text, len)) == NULL)
		return NULL;
	if (json)
		fputc('{', o.f);
	onion_show(src->onion, json ? &json_show : &text_show, &o);
	if (json)
		json_tail(&o, src);
	else
		text_tail(&o, src);
	if (fclose(o.f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
