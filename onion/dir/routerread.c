/* onion/dir/routerread.c - reads the relays of a consensus
 *
 * What the authorities write themselves must be right, or the consensus is no
 * good.  What they pass on from the relay's own descriptor (`pr`), or what may
 * come in a form that we do not know (`a`), must not let one relay make the
 * consensus unreadable for us: a bad one counts as absent.
 */
#include "onion/dir/routerread.h"

#include <errno.h>
#include <string.h>

#include "onion/dir/protover.h"

enum {
	HAS_R = 1 << 0, HAS_S = 1 << 1, HAS_W = 1 << 2, HAS_M = 1 << 3,
	HAS_PR = 1 << 4
};

/* Sets @a from an address and a port of their own; port 0 is no address. */
static int
read_or4(struct addr *a, struct slice ip, struct slice port)
{
	uint32_t p;

	if (addr_parse_ip(a, ip.p, (int)ip.len) < 0 || a->family != 4 ||
	    netdoc_u32(&p, port, 0, 65535) < 0)
		return -EBADMSG;
	a->port = (uint16_t)p;
	if (p == 0)
		memset(a, 0, sizeof(*a));
	return 0;
}

/* r nickname identity date time ip orport dirport */
int
routerread_begin(struct routerread *rd, const struct netdoc_item *it)
{
	struct consensus_router *r = &rd->now;
	struct slice rest = it->rest, arg[7];
	int64_t published;
	size_t i;

	for (i = 0; i < 7; i++)
		if (!netdoc_arg(&rest, &arg[i]))
			return -EBADMSG;
	memset(r, 0, sizeof(*r));
	if (!netdoc_is_nickname(arg[0]))
		return -EBADMSG;
	memcpy(r->nickname, arg[0].p, arg[0].len);
	/* Date and time are two arguments, one blank apart. */
	arg[2].len = (size_t)(arg[3].p + arg[3].len - arg[2].p);
	if (netdoc_b64(r->rsa, sizeof(r->rsa), arg[1]) < 0 ||
	    netdoc_time(&published, arg[2]) < 0 ||
	    read_or4(&r->or4, arg[4], arg[5]) < 0)
		return -EBADMSG;
	r->flags = RELAY_RUNNING | RELAY_VALID;
	rd->open = HAS_R;
	return 0;
}

static uint32_t
flag_of(struct slice s)
{
	static const struct {
		const char *name;
		size_t	    len;
		uint32_t    flag;
	} flags[] = {
#define F(name, flag) { name, sizeof(name) - 1, flag }
		F("Fast", RELAY_FAST), F("Stable", RELAY_STABLE),
		F("Guard", RELAY_GUARD), F("Exit", RELAY_EXIT),
		F("HSDir", RELAY_HSDIR), F("V2Dir", RELAY_V2DIR),
		F("BadExit", RELAY_BADEXIT), F("Authority", RELAY_AUTHORITY),
		F("MiddleOnly", RELAY_MIDDLEONLY), F("Sybil", RELAY_SYBIL),
		F("StaleDesc", RELAY_STALEDESC),
		F("NoEdConsensus", RELAY_NOED),
#undef F
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (s.len == flags[i].len &&
		    memcmp(s.p, flags[i].name, s.len) == 0)
			return flags[i].flag;
	return 0;
}

static int
read_flags(struct consensus_router *r, struct slice rest)
{
	struct slice arg;

	while (netdoc_arg(&rest, &arg))
		r->flags |= flag_of(arg);
	return 0;
}

static int
read_bandwidth(struct consensus_router *r, struct slice rest)
{
	static const char name[] = "Bandwidth=";
	const size_t n = sizeof(name) - 1;
	struct slice arg;

	while (netdoc_arg(&rest, &arg)) {
		if (netdoc_eq(arg, "Unmeasured=1"))
			r->flags |= RELAY_UNMEASURED;
		if (arg.len < n || memcmp(arg.p, name, n) != 0)
			continue;
		arg.p += n;
		arg.len -= n;
		if (netdoc_u32(&r->bw, arg, 0, UINT32_MAX) < 0)
			return -EBADMSG;
		r->flags |= RELAY_HAS_BW;
	}
	return 0;
}

static int
read_digest(struct consensus_router *r, struct slice rest)
{
	struct slice arg;

	return netdoc_arg(&rest, &arg) ?
	    netdoc_b64(r->md, sizeof(r->md), arg) : -EBADMSG;
}

/* The first IPv6 address with a port; whatever else there is, is not ours. */
static void
read_or6(struct consensus_router *r, struct slice rest)
{
	struct slice arg;
	struct addr a;

	if (r->or6.family == 0 && netdoc_arg(&rest, &arg) &&
	    addr_parse(&a, arg.p, (int)arg.len) == 0 && a.family == 6 &&
	    a.port != 0)
		r->or6 = a;
}

static void
read_pr(struct routerread *rd, struct slice text)
{
	struct routerread_pr *p;
	uint32_t caps = 0;
	size_t i;

	for (i = 0; i < ROUTERREAD_PR_SEEN; i++) {
		p = &rd->pr[i];
		if (p->text.p != NULL && p->text.len == text.len &&
		    memcmp(p->text.p, text.p, text.len) == 0) {
			rd->now.caps = p->caps;
			return;
		}
	}
	if (protover_caps(&caps, text.p, text.len) < 0)
		caps = 0;
	rd->now.caps = caps;
	p = &rd->pr[rd->next_pr++ % ROUTERREAD_PR_SEEN];
	p->text = text;
	p->caps = caps;
}

static unsigned
line_of(const struct netdoc_item *it)
{
	if (it->key.len == 1)
		switch (it->key.p[0]) {
		case 's':
			return HAS_S;
		case 'w':
			return HAS_W;
		case 'm':
			return HAS_M;
		}
	return netdoc_is(it, "pr") ? HAS_PR : 0;
}

int
routerread_item(struct routerread *rd, const struct netdoc_item *it)
{
	unsigned line = line_of(it);

	if (rd->open & line)
		return -EBADMSG;	/* it has had that one */
	rd->open |= line;
	switch (line) {
	case HAS_S:
		return read_flags(&rd->now, it->rest);
	case HAS_W:
		return read_bandwidth(&rd->now, it->rest);
	case HAS_M:
		return read_digest(&rd->now, it->rest);
	case HAS_PR:
		read_pr(rd, it->rest);
		return 0;
	default:
		if (netdoc_is(it, "a"))
			read_or6(&rd->now, it->rest);
		return 0;
	}
}

int
routerread_end(struct routerread *rd)
{
	if ((rd->open & HAS_S) == 0)
		return -EBADMSG;
	rd->open = 0;
	return 0;
}
