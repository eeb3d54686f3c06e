/* policy/policy.c - what may happen to a flow: pure decisions */
#include "policy/policy.h"

#include <string.h>
#include <strings.h>

static int
port_in(uint16_t port, const uint16_t *ports, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ports[i] == port)
			return 1;
	return 0;
}

static void
decide(struct policy_decision *d, enum policy_verdict v, const char *why)
{
	d->verdict = v;
	d->why = why;
}

void
policy_decide(const struct policy_conf *conf, const struct policy_flow *flow,
    struct policy_decision *d)
{
	uint16_t port = flow->dest.port;
	int family = flow->dest.family;

	memset(d, 0, sizeof(*d));
	if (family == 0 || port == 0) {
		decide(d, POLICY_DROP, "its original destination is unknown");
		return;
	}
	if (conf->reject_internal && addr_is_internal(&flow->dest)) {
		decide(d, POLICY_REJECT,
		    "its destination is a private address, which no exit "
		    "can reach (ClientRejectInternalAddresses)");
		return;
	}
	if (family == 4 ? flow->no_ipv4 : flow->no_ipv6) {
		decide(d, POLICY_REJECT, "its port's line in the configuration "
		    "does not allow this address family");
		return;
	}
	if (port_in(port, conf->reject_ports, conf->nreject_ports)) {
		decide(d, POLICY_REJECT,
		    "its port is in RejectPlaintextPorts");
		return;
	}
	d->plaintext = port_in(port, conf->warn_ports, conf->nwarn_ports);
	decide(d, POLICY_TORIFY, NULL);
}

/* Names that mean nothing outside of where they are used; each also stands for
 * all names below it. */
static const char *const local_names[] = {
	"local", "localhost", "localdomain", "internal", "home.arpa", "lan",
	"intranet", "corp", "home", "private", "invalid", "onion", "exit",
	"noconnect", "i2p", "alt"
};

static int
is_or_below(const char *name, size_t len, const char *top)
{
	size_t n = strlen(top);

	if (len < n || strncasecmp(name + len - n, top, n) != 0)
		return 0;
	return len == n || name[len - n - 1] == '.';
}

/* Would a resolver take it for an address?  Its last label is a number, decimal
 * or hexadecimal; no top-level domain is. */
static int
is_numeric(const char *name, size_t len)
{
	size_t n = 0;

	while (n < len && name[len - n - 1] != '.')
		n++;
	name += len - n;
	if (n >= 2 && name[0] == '0' && (name[1] | 0x20) == 'x')
		return strspn(name + 2, "0123456789abcdefABCDEF") >= n - 2;
	return strspn(name, "0123456789") >= n;
}

int
policy_name_may_leave(const char *name)
{
	size_t i, len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	if (len == 0 || memchr(name, '.', len) == NULL)
		return 0;		/* the root, or a single label */
	if (is_numeric(name, len))
		return 0;
	for (i = 0; i < sizeof(local_names) / sizeof(local_names[0]); i++)
		if (is_or_below(name, len, local_names[i]))
			return 0;
	return 1;
}

int
policy_addr_may_leave(const struct addr *a)
{
	return !addr_is_internal(a);
}
