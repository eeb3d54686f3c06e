/* tests/daemon/test_status.c - what status shows, of an engine that is made up
 *
 * onion_show(), gateway_totals() and the tunnels are ours here:
 * tests/golden/status holds what a person and a program are to see of exactly
 * these numbers.
 * STATUS_GOLDEN_WRITE=1 in the environment writes it anew, for a person to look
 * through.
 */
#include "daemon/status.h"

#include <string.h>

#include "daemon/gateway.h"
#include "daemon/proxy.h"
#include "onion/onion.h"
#include "tun/drop.h"
#include "tun/stack.h"
#include "tests/unit.h"

static int full;		/* else an engine that has nothing yet */

static void
relay(struct onion_relay_show *r, const char *name, char digit, uint32_t ip)
{
	memset(r, 0, sizeof(*r));
	memset(r->fingerprint, digit, 40);
	r->nickname = name;
	addr_v4(&r->addr, ip, 9001);
}

static void
show_circuits(const struct onion_show *s, void *arg)
{
	struct onion_relay_show path[3];
	struct onion_circuit_show c = {
		.id = 7, .state = "built", .purpose = "general",
		.path = path, .nhops = 3, .nbuilt = 3, .crypto = "CGO",
		.streams = 2,
		.joined = 5, .age_s = 61, .dirty_s = 60, .read = 2048,
		.written = 1000
	};

	relay(&path[0], "first", 'A', 0xc0000201);
	relay(&path[1], "second", 'B', 0xc0000202);
	relay(&path[2], "third", 'C', 0xc0000203);
	s->circuit(arg, &c);
	c.id = 8;
	c.joined = 0;
	c.state = "building";
	c.crypto = "";
	c.nhops = c.nbuilt = c.streams = 0;
	c.dirty_s = -1;
	c.read = c.written = 0;
	s->circuit(arg, &c);
}

void
onion_show(const struct onion *o, const struct onion_show *s, void *arg)
{
	struct onion_summary sum = {
		.percent = full ? 100 : 0, .tag = full ? "done" : "starting",
		.summary = full ? "Done" : "Starting",
		.state = full ? "ready" : "no consensus",
		.trouble = full ? "" : "no \"network\"", .clock = "good",
		.skew_s = -3, .valid_after = full ? 1795300000 : 0,
		.fresh_until = full ? 1795303600 : 0,
		.valid_until = full ? 1795310800 : 0, .relays = 12,
		.microdescs = 11, .circuits = 5, .building = 1, .streams = 2,
		.waiting = 1, .lookups = 3, .channels = 4,
		.bytes_in = 5000000000, .bytes_out = 1023, .read = 1024,
		.written = 1536, .build_timeout_ms = 1500
	};
	struct onion_guard_show g = { .rank = "primary", .state = "up" };
	struct onion_stream_show st = { .id = 9, .circuit = 7,
	    .state = "open", .target = "[scrubbed]" };

	(void)o;
	s->summary(arg, &sum);
	if (!full)
		return;
	relay(&g.relay, "first", 'A', 0xc0000201);
	s->guard(arg, &g);
	show_circuits(s, arg);
	s->stream(arg, &st);
}

void
gateway_totals(const struct gateway *gw, struct gateway_totals *t)
{
	static const struct gateway_totals totals = {
		.flows = 1, .accepted = 20, .direct = 2, .rejected = 3, .dropped = 4,
		.failed = 5, .dns = { .queries = 60, .answered = 50,
		.refused = 1, .malformed = 2, .failed = 3, .waiting = 4 }
	};

	(void)gw;
	*t = totals;
}

static void
show_tunnels(void *arg, status_tunnel_fn *fn, void *fn_arg)
{
	struct stack_totals t = {
		.conns = 30, .opening = 4, .opened = 500, .refused = 6,
		.resets = 7, .packets_in = 8000, .packets_out = 9000,
		.bytes_in = 1024, .bytes_out = 5000000
	};

	ck_assert_ptr_eq(arg, &full);
	if (!full)
		return;
	fn(fn_arg, "ot0", &t);
	t.dropped[DROP_RUNT] = 1;
	t.dropped[DROP_FRAGMENT] = 22;
	t.dropped[DROP_MEMORY] = 333;
	fn(fn_arg, "ot1", &t);
}

static int
show_proxies(void *arg, struct proxies_totals *t)
{
	ck_assert_ptr_eq(arg, &full);
	*t = (struct proxies_totals){ .now = 1, .taken = 20, .refused = 3,
		.asked = 4, .resolved = 5, .failed = 6 };
	return full;
}

static int
show_gate(void *arg)
{
	ck_assert_ptr_eq(arg, &full);
	return full ? 0 : -1;
}

static int
open_gate(void *arg)
{
	(void)arg;
	return 1;
}

static const struct {
	const char	*file;
	int		 full, json;
} goldens[] = {
	{ "full.txt", 1, 0 }, { "full.json", 1, 1 },
	{ "empty.txt", 0, 0 }, { "empty.json", 0, 1 },
};

START_TEST(status_text_is_as_its_golden_file)
{
	const struct status_source src = { .tunnels = show_tunnels,
	    .proxies = show_proxies, .gate = show_gate, .arg = &full };
	const char *srcdir = getenv("srcdir");
	char path[4096], want[8192] = "", *text;
	size_t len;
	FILE *f;

	full = goldens[_i].full;
	text = status_text(&src, goldens[_i].json, &len);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(len, strlen(text));
	snprintf(path, sizeof(path), "%s/tests/golden/status/%s",
	    srcdir ? srcdir : ".", goldens[_i].file);
	if (getenv("STATUS_GOLDEN_WRITE")) {
		ck_assert_ptr_nonnull(f = fopen(path, "w"));
		fputs(text, f);
	} else {
		ck_assert_ptr_nonnull(f = fopen(path, "r"));
		ck_assert_uint_gt(fread(want, 1, sizeof(want) - 1, f), 0);
		ck_assert_msg(strcmp(text, want) == 0, "got\n%s\nwanted\n%s",
		    text, want);
	}
	fclose(f);
	free(text);
}
END_TEST

START_TEST(status_text_without_tunnels_is_as_with_none_open)
{
	const struct status_source none = { .arg = NULL };
	const struct status_source empty = { .tunnels = show_tunnels,
	    .proxies = show_proxies, .gate = show_gate, .arg = &full };
	char *a, *b;
	size_t len;

	full = 0;
	a = status_text(&none, _i, &len);
	b = status_text(&empty, _i, &len);
	ck_assert_str_eq(a, b);
	free(a);
	free(b);
}
END_TEST

START_TEST(status_text_says_that_the_gate_is_open)
{
	const struct status_source src = { .gate = open_gate };
	char *text;
	size_t len;

	full = 0;
	text = status_text(&src, _i, &len);
	ck_assert_ptr_nonnull(strstr(text, _i ? ",\"gate\":\"open\"}" :
	    "\nGate         open\n"));
	free(text);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(status_text_is_as_its_golden_file, NELEM(goldens)),
	UNIT_LOOP(status_text_without_tunnels_is_as_with_none_open, 2),
	UNIT_LOOP(status_text_says_that_the_gate_is_open, 2),
};

UNIT_MAIN("status", tests)
