/* daemon/conf_dns.c - DNSUpstream: whom to ask what exits can't be asked
 *
 *	ADDRESS[:PORT] [tls=NAME]
 *
 * (Others write ADDRESS#NAME; here a # begins a comment.)
 */
#include "daemon/conf_dns.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "daemon/conf.h"
#include "daemon/conf_util.h"

enum { PORT_TCP = 53, PORT_TLS = 853 };

static int
read_address(struct addr *a, const char *s, size_t len, uint16_t port)
{
	if (len == 0)
		return -EINVAL;
	if (addr_parse(a, s, (int)len) == 0)
		return 0;
	if (addr_parse_ip(a, s, (int)len) < 0)
		return -EINVAL;
	a->port = port;
	return 0;
}

/* What may stand in a certificate: a host's name, or an address. */
static int
read_name(struct conf_resolver *r, const char *s, size_t len)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:_";

	if (len == 0 || len >= sizeof(r->name) || strspn(s, good) < len)
		return -EINVAL;
	memcpy(r->name, s, len);
	return 0;
}

static int
read_resolver(struct conf_resolver *r, const char *s, struct conf_note *note)
{
	size_t len = 0, n;
	const char *address = conf_word(&s, &len), *word, *name;

	memset(r, 0, sizeof(*r));
	while ((word = conf_word(&s, &n)) != NULL)
		if (!conf_begins(word, n, "tls=", &name) ||
		    read_name(r, name, n - (size_t)(name - word)) < 0)
			return conf_wrong(note, "behind the address there may "
			    "be tls= and the name in its certificate");
	if (address == NULL || read_address(&r->addr, address, len,
	    r->name[0] ? PORT_TLS : PORT_TCP) < 0)
		return conf_wrong(note, "a resolver is told by its address: "
		    "who would look up its name?");
	if (addr_is_internal(&r->addr))
		conf_odd(note, "no exit can reach a private address");
	return 0;
}

int
conf_read_resolver(void *array, const char *s, struct conf_note *note)
{
	struct conf_resolver r, *at;
	int rc = read_resolver(&r, s, note);

	if (rc < 0)
		return rc;
	if ((at = conf_array_add(array, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = r;
	return 0;
}

void
conf_print_resolver(FILE *f, const void *item)
{
	const struct conf_resolver *r = item;
	char text[ADDR_TEXT];

	fputs(addr_raw(&r->addr, text), f);
	if (r->name[0])
		fprintf(f, " tls=%s", r->name);
}
