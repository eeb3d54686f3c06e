/* daemon/target.c - a name that a client connects to, understood
 *
 * Each step takes something away or ends in a verdict, so that none comes
 * twice: ".exit" is looked for once, in what MapAddress made of the name, and
 * what is left of it must be a host's name or an address, in which neither
 * ".exit" nor ".onion" has a place.
 */
#include "daemon/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/why.h"
#include "daemon/mapaddress.h"
#include "onion/hs/onionaddr.h"
#include "policy/policy.h"

enum { LABEL = 63, RELAY_NAME = 41 };

static void
refuse(struct target *t, int err, const char *why)
{
	t->kind = TARGET_REFUSED;
	t->err = err;
	t->why = why;
}

static int
is_below(const char *name, const char *top)
{
	size_t len = strlen(name), n = strlen(top);

	return len >= n && strcmp(name + len - n, top) == 0 &&
	    (len == n || name[len - n - 1] == '.');
}

/* Lower case, no final dot; labels that are none or too long, and characters
 * that no name has, are refused.  "$" is in a relay's fingerprint. */
static int
clean(char out[TARGET_HOST + 1], const char *name)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.$";
	size_t i, label = 0, len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	if (len == 0 || len > TARGET_HOST)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ?
		    name[i] | 0x20 : name[i]);
		if (strchr(ok, out[i]) == NULL)
			return -EINVAL;
		if (out[i] != '.')
			label++;
		else if (label == 0)
			return -EINVAL;
		else
			label = 0;
		if (label > LABEL)
			return -EINVAL;
	}
	out[len] = '\0';
	return label ? 0 : -EINVAL;
}

static void
set_addr(struct target *t, const struct addr *a)
{
	char text[ADDR_TEXT];

	t->kind = TARGET_ADDR;
	t->addr = *a;
	t->addr.port = 0;
	snprintf(t->host, sizeof(t->host), "%s", addr_ip_raw(a, text));
}

static void
onion(struct target *t)
{
	uint8_t key[ONIONADDR_KEY];
	enum onionaddr_verdict v = onionaddr_parse(t->host, key);

	if (v == ONIONADDR_OK)
		t->kind = TARGET_ONION;
	else
		refuse(t, -WHY_HS_ADDRESS, onionaddr_why(v) ?
		    onionaddr_why(v) : "it is no onion service's address");
}

/* What an exit is to reach. */
static void
host(struct target *t)
{
	struct addr a;

	if (addr_parse_ip(&a, t->host, -1) == 0)
		set_addr(t, &a);
	else if (strchr(t->host, '$'))
		refuse(t, -EINVAL, "it is no host's name");
	else if (!policy_name_may_leave(t->host))
		refuse(t, -ENOENT, "it means nothing outside of a local "
		    "network");
	else
		t->kind = TARGET_NAME;
}

static void
by_relay(struct target *t, const struct target_conf *conf)
{
	char name[RELAY_NAME + 1];
	const char *relay;
	size_t rest, len;
	struct addr at;
	int rc;

	if (mapaddress_exit(t->host, &rest, &relay, &len) < 0 ||
	    len > RELAY_NAME) {
		refuse(t, -EINVAL, "before .exit there is neither a relay's "
		    "nickname nor its fingerprint");
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, relay);
	memset(&at, 0, sizeof(at));
	rc = conf->relay ? conf->relay(conf->arg, name, t->exit, &at) :
	    -ENOENT;
	if (rc < 0) {
		refuse(t, rc, rc == -EAGAIN ? "the relays are not known yet" :
		    "there is no such relay, or more than one");
		return;
	}
	t->has_exit = 1;
	t->host[rest] = '\0';
	if (rest == 0 && at.family == 0)
		refuse(t, -ENOENT, "the relay's address is not known");
	else if (rest == 0)
		set_addr(t, &at);
	else if (is_below(t->host, "exit") || is_below(t->host, "onion"))
		refuse(t, -EINVAL, "neither a name in .exit nor one in .onion "
		    "can stand before a relay in .exit");
	else
		host(t);
}

/* @name is lower case. */
static void
find(struct target *t, const struct target_conf *conf, const char *name)
{
	int n = mapaddress_find(conf->map, name, t->host);

	t->mapped = n > 0;
	if (n < 0)
		refuse(t, -EINVAL, "MapAddress comes to no end with it");
	else if (is_below(t->host, "exit"))
		by_relay(t, conf);
	else if (is_below(t->host, "onion"))
		onion(t);
	else
		host(t);
	if (t->kind == TARGET_REFUSED) {
		t->host[0] = '\0';
		t->has_exit = 0;
	}
}

static void
find_named(struct target *t, const struct target_conf *conf,
    const char *lower)
{
	memcpy(t->asked, lower, sizeof(t->asked));
	t->asked_exit = is_below(lower, "exit");
	find(t, conf, lower);
}

void
target_find(struct target *t, const struct target_conf *conf,
    const char *name)
{
	char lower[TARGET_HOST + 1];
	struct addr a;

	memset(t, 0, sizeof(*t));
	if (addr_parse_ip(&a, name, -1) == 0)
		target_find_addr(t, conf, &a);
	else if (clean(lower, name) < 0)
		refuse(t, -EINVAL, "it is no host's name");
	else if (is_below(lower, "exit") && !conf->allow_dot_exit)
		refuse(t, -EACCES, "clients must not choose exits "
		    "(AllowDotExit)");
	else
		find_named(t, conf, lower);
}

void
target_find_addr(struct target *t, const struct target_conf *conf,
    const struct addr *a)
{
	char text[ADDR_TEXT];

	memset(t, 0, sizeof(*t));
	find(t, conf, addr_ip_raw(a, text));
}

size_t
target_names(const struct target *t, const char *names[2])
{
	size_t n = 0;

	if (t->asked[0])
		names[n++] = t->asked;
	if ((t->kind == TARGET_NAME || t->kind == TARGET_ONION) &&
	    strcmp(t->host, t->asked) != 0)
		names[n++] = t->host;
	return n;
}
