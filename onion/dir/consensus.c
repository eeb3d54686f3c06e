/* onion/dir/consensus.c - the network's agreed list of relays
 *
 * Theory of operation
 *	One pass over the items of the document, which come in four sections:
 *
 *	  HEAD     network-status-version ... params, dir-source ...
 *	  ROUTERS  r, then s v pr w m a of that relay; again and again
 *	  FOOT     directory-footer, bandwidth-weights
 *	  SIGS     directory-signature, and nothing else after the first
 *
 *	An item of an earlier section in a later one is an error; items that we
 *	do not know are passed over, except among the signatures: what stands
 *	there is not signed.
 *
 * Invariants
 *	The signed part ends where the tokenizer saw the first signature *and*
 *	where a search for the words finds it.  Were the two to differ, somebody
 *	could add relays behind what was signed.
 *	Relays ascend strictly by identity, so none is listed twice.
 *
 * Limits
 *	CONSENSUS_TEXT_MAX, CONSENSUS_ROUTERS_MAX, CONSENSUS_SIGS_MAX.
 */
#include "onion/dir/consensus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/netdoc.h"
#include "onion/dir/params.h"
#include "onion/dir/protover.h"
#include "onion/dir/routerread.h"

enum {
	INTERVAL_MIN = 300, INTERVAL_MIN_TESTING = 10,	/* s */
	REASONABLE = 24 * 3600,			/* s */
	ANCIENT = 5 * 24 * 3600			/* s */
};

enum section { HEAD, ROUTERS, FOOT, SIGS };

struct reader {
	struct consensus	*c;
	enum section		 in;
	unsigned		 seen;	/* fields, as bits of their number */
	size_t			 room;	/* in c->routers */
	size_t			 signed_end;
	struct routerread		 router;
};

/* --- the fields of head and foot --- */

static int
read_version(struct consensus *c, struct slice rest)
{
	struct slice version, flavour;

	(void)c;
	return netdoc_arg(&rest, &version) && netdoc_eq(version, "3") &&
	    netdoc_arg(&rest, &flavour) && netdoc_eq(flavour, "microdesc") ?
	    0 : -EBADMSG;
}

static int
read_status(struct consensus *c, struct slice rest)
{
	(void)c;
	return netdoc_eq(rest, "consensus") ? 0 : -EBADMSG;
}

static int
read_method(struct consensus *c, struct slice rest)
{
	return netdoc_u32(&c->method, rest, 1, INT32_MAX);
}

static int
read_valid_after(struct consensus *c, struct slice rest)
{
	return netdoc_time(&c->valid_after, rest);
}

static int
read_fresh_until(struct consensus *c, struct slice rest)
{
	return netdoc_time(&c->fresh_until, rest);
}

static int
read_valid_until(struct consensus *c, struct slice rest)
{
	return netdoc_time(&c->valid_until, rest);
}

static int
read_delay(struct consensus *c, struct slice rest)
{
	struct slice vote, dist;

	if (!netdoc_arg(&rest, &vote) || !netdoc_arg(&rest, &dist) ||
	    netdoc_u32(&c->vote_delay, vote, 0, INT32_MAX) < 0)
		return -EBADMSG;
	return netdoc_u32(&c->dist_delay, dist, 0, INT32_MAX);
}

static int
read_known_flags(struct consensus *c, struct slice rest)
{
	struct slice last = { NULL, 0 }, arg;

	(void)c;
	while (netdoc_arg(&rest, &arg)) {
		size_t n = arg.len < last.len ? arg.len : last.len;
		int rc = last.p == NULL ? -1 : memcmp(last.p, arg.p, n);

		if (rc > 0 || (rc == 0 && last.len >= arg.len))
			return -EBADMSG;
		last = arg;
	}
	return 0;
}

static int
read_params(struct consensus *c, struct slice rest)
{
	return params_parse(&c->params, rest.p, rest.len);
}

static int
read_weights(struct consensus *c, struct slice rest)
{
	return params_parse(&c->weights, rest.p, rest.len);
}

/* A value that cannot be read is as good as none (C tor: likewise). */
static int
read_srv(struct consensus_srv *srv, struct slice rest)
{
	struct consensus_srv got = { .has = 1 };
	struct slice count, value;

	if (netdoc_arg(&rest, &count) && netdoc_arg(&rest, &value) &&
	    netdoc_u32(&got.reveals, count, 0, INT32_MAX) == 0 &&
	    netdoc_b64(got.value, sizeof(got.value), value) == 0)
		*srv = got;
	return 0;
}

static int
read_srv_previous(struct consensus *c, struct slice rest)
{
	return read_srv(&c->srv_previous, rest);
}

static int
read_srv_current(struct consensus *c, struct slice rest)
{
	return read_srv(&c->srv_current, rest);
}

static int
read_required(struct consensus *c, struct slice rest)
{
	c->lacks_required = protover_missing(c->lacks_required_text, rest.p,
	    rest.len);
	return c->lacks_required < 0 ? c->lacks_required : 0;
}

static int
read_recommended(struct consensus *c, struct slice rest)
{
	c->lacks_recommended = protover_missing(c->lacks_recommended_text,
	    rest.p, rest.len);
	return c->lacks_recommended < 0 ? c->lacks_recommended : 0;
}

static const struct field {
	const char	*key;
	enum section	 in;
	int		 must;
	int		(*read)(struct consensus *, struct slice);
} fields[] = {
	{ "network-status-version",	 HEAD, 1, read_version },
	{ "vote-status",		 HEAD, 1, read_status },
	{ "consensus-method",		 HEAD, 0, read_method },
	{ "valid-after",		 HEAD, 1, read_valid_after },
	{ "fresh-until",		 HEAD, 1, read_fresh_until },
	{ "valid-until",		 HEAD, 1, read_valid_until },
	{ "voting-delay",		 HEAD, 1, read_delay },
	{ "known-flags",		 HEAD, 1, read_known_flags },
	{ "params",			 HEAD, 0, read_params },
	{ "shared-rand-previous-value",	 HEAD, 0, read_srv_previous },
	{ "shared-rand-current-value",	 HEAD, 0, read_srv_current },
	{ "required-client-protocols",	 HEAD, 0, read_required },
	{ "recommended-client-protocols", HEAD, 0, read_recommended },
	{ "bandwidth-weights",		 FOOT, 0, read_weights },
};

enum { NFIELDS = sizeof(fields) / sizeof(fields[0]) };

static int
read_field(struct reader *rd, const struct netdoc_item *it)
{
	size_t i;

	if (rd->seen == 0 && !netdoc_is(it, fields[0].key))
		return -EBADMSG;		/* that one comes first */
	if (rd->in == FOOT && netdoc_is(it, "r"))
		return -EBADMSG;
	for (i = 0; i < NFIELDS; i++) {
		if (fields[i].in != rd->in || !netdoc_is(it, fields[i].key))
			continue;
		if (rd->seen & 1u << i)
			return -EBADMSG;
		rd->seen |= 1u << i;
		return fields[i].read(rd->c, it->rest);
	}
	return 0;
}

static int
check_head(const struct reader *rd, int testing)
{
	const struct consensus *c = rd->c;
	int64_t min = testing ? INTERVAL_MIN_TESTING : INTERVAL_MIN;
	size_t i;

	for (i = 0; i < NFIELDS; i++)
		if (fields[i].must && (rd->seen & 1u << i) == 0)
			return -EBADMSG;
	if (c->fresh_until < c->valid_after + min ||
	    c->valid_until < c->valid_after + 2 * min ||
	    c->valid_until < c->fresh_until)
		return -EBADMSG;
	return 0;
}

/* --- relays --- */

static int
append_router(struct reader *rd)
{
	struct consensus *c = rd->c;
	struct consensus_router *more;
	size_t room = rd->room > 0 ? rd->room * 2 : 256;
	int rc;

	if ((rc = routerread_end(&rd->router)) < 0)
		return rc;
	if (c->nrouters > 0 && memcmp(c->routers[c->nrouters - 1].rsa,
	    rd->router.now.rsa, 20) >= 0)
		return -EBADMSG;
	if (c->nrouters == CONSENSUS_ROUTERS_MAX)
		return -E2BIG;
	if (c->nrouters == rd->room) {
		more = reallocarray(c->routers, room, sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		c->routers = more;
		rd->room = room;
	}
	c->routers[c->nrouters++] = rd->router.now;
	return 0;
}

static int
read_router(struct reader *rd, const struct netdoc_item *it)
{
	int rc;

	if (it->key.len != 1 || it->key.p[0] != 'r')
		return routerread_item(&rd->router, it);
	if (rd->router.open && (rc = append_router(rd)) < 0)
		return rc;
	return routerread_begin(&rd->router, it);
}

/* directory-signature [algorithm] identity signing-key; without a name the
 * algorithm is SHA-1.  1: a signature; 0: of a kind that does not count. */
static int
read_one_sig(struct consensus_sig *out, const struct netdoc_item *it)
{
	struct slice rest = it->rest, arg[3];
	struct consensus_sig s;
	int n;

	if (!netdoc_is(it, "directory-signature") ||
	    !netdoc_arg(&rest, &arg[0]) || !netdoc_arg(&rest, &arg[1]))
		return -EBADMSG;
	if (!netdoc_arg(&rest, &arg[2]) || !netdoc_eq(arg[0], "sha256"))
		return 0;
	memset(&s, 0, sizeof(s));
	if (netdoc_hex(s.id, sizeof(s.id), arg[1]) < 0 ||
	    netdoc_hex(s.sk, sizeof(s.sk), arg[2]) < 0)
		return -EBADMSG;
	n = netdoc_object(it, "SIGNATURE", s.bytes, sizeof(s.bytes));
	if (n < CONSENSUS_SIG_MIN)
		return -EBADMSG;
	s.len = (uint16_t)n;
	*out = s;
	return 1;
}

static int
read_sig(struct reader *rd, const struct netdoc_item *it)
{
	struct consensus *c = rd->c;
	int rc;

	if (c->nsigs == CONSENSUS_SIGS_MAX)
		return -E2BIG;
	if ((rc = read_one_sig(&c->sigs[c->nsigs], it)) > 0)
		c->nsigs++;
	return rc;
}

/* --- the document --- */

static enum section
section_of(const struct reader *rd, const struct netdoc_item *it)
{
	if (rd->in <= ROUTERS && netdoc_is(it, "r"))
		return ROUTERS;
	if (netdoc_is(it, "directory-signature"))
		return SIGS;
	if (rd->in < FOOT && netdoc_is(it, "directory-footer"))
		return FOOT;
	return rd->in;
}

static int
enter(struct reader *rd, enum section to, const char *text,
    const struct netdoc_item *it, int testing)
{
	int rc;

	if (rd->in == HEAD && (rc = check_head(rd, testing)) < 0)
		return rc;
	if (rd->router.open && (rc = append_router(rd)) < 0)
		return rc;
	if (to == SIGS)
		rd->signed_end = (size_t)(it->key.p + it->key.len + 1 - text);
	rd->in = to;
	return 0;
}

static int
read_items(struct reader *rd, struct netdoc *doc, const char *text,
    int testing)
{
	struct netdoc_item it;
	enum section to;
	int rc;

	while ((rc = netdoc_next(doc, &it)) > 0) {
		if ((to = section_of(rd, &it)) != rd->in &&
		    (rc = enter(rd, to, text, &it, testing)) < 0)
			return rc;
		if (rd->in == SIGS)
			rc = read_sig(rd, &it);
		else if (rd->in == ROUTERS)
			rc = read_router(rd, &it);
		else
			rc = read_field(rd, &it);
		if (rc < 0)
			return rc;
	}
	return rc < 0 || rd->in != SIGS ? -EBADMSG : 0;
}

static void
shrink(struct consensus *c)
{
	void *p = NULL;

	if (c->nrouters > 0)
		p = reallocarray(c->routers, c->nrouters,
		    sizeof(c->routers[0]));
	if (p != NULL)
		c->routers = p;
	if (c->nsigs > 0)
		p = reallocarray(c->sigs, c->nsigs, sizeof(c->sigs[0]));
	if (c->nsigs > 0 && p != NULL)
		c->sigs = p;
}

static int
parse(struct consensus *c, const char *text, size_t len, int testing)
{
	struct reader rd = { .c = c };
	struct netdoc doc;
	size_t begin, end;
	int rc;

	c->sigs = calloc(CONSENSUS_SIGS_MAX, sizeof(c->sigs[0]));
	if (c->sigs == NULL)
		return -ENOMEM;
	if ((rc = consensus_signed_part(text, len, &begin, &end)) < 0)
		return rc;
	netdoc_init(&doc, text, len);
	if ((rc = read_items(&rd, &doc, text, testing)) < 0)
		return rc;
	if (rd.signed_end != end)
		return -EBADMSG;
	c->steps = doc.steps;
	crypt_sha256(c->sha256, text + begin, end - begin);
	crypt_sha3(c->sha3, text + begin, end - begin);
	shrink(c);
	return 0;
}

int
consensus_parse(struct consensus **out, const char *text, size_t len,
    int testing)
{
	struct consensus *c;
	int rc;

	if (len > CONSENSUS_TEXT_MAX)
		return -E2BIG;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -ENOMEM;
	if ((rc = parse(c, text, len, testing)) < 0) {
		consensus_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void
consensus_free(struct consensus *c)
{
	if (c == NULL)
		return;
	params_free(c->params);
	params_free(c->weights);
	free(c->routers);
	free(c->sigs);
	free(c);
}

int
consensus_signed_part(const char *text, size_t len, size_t *begin,
    size_t *end)
{
	static const char first[] = "network-status-version ";
	static const char last[] = "\ndirectory-signature ";
	const char *p;

	if (len < sizeof(first) - 1 ||
	    memcmp(text, first, sizeof(first) - 1) != 0)
		return -EBADMSG;
	if ((p = memmem(text, len, last, sizeof(last) - 1)) == NULL)
		return -EBADMSG;
	*begin = 0;
	*end = (size_t)(p - text) + sizeof(last) - 1;
	return 0;
}

/* --- what it means for us --- */

int
consensus_excludes_us(const struct consensus *c)
{
	return (c->lacks_required & PROTOVER_LACK_CORE) != 0 &&
	    c->valid_after > protover_released();
}

int
consensus_live(int64_t valid_after, int64_t valid_until, int64_t now)
{
	return valid_after <= now && now <= valid_until;
}

int
consensus_reasonably_live(int64_t valid_after, int64_t valid_until,
    int64_t now)
{
	return valid_after - REASONABLE <= now &&
	    now <= valid_until + REASONABLE;
}

int
consensus_ancient(int64_t valid_until, int64_t now)
{
	return now > valid_until + ANCIENT;
}
