/* tests/fuzz/fz_dotexit.c - a name, and what goes to an exit
 *
 * The first byte: may clients choose exits?  The second: is there a MapAddress
 * that sends much into .exit and .onion?  The rest is the name.  Whatever it
 * is, no name in .onion or .exit, and none of a local network, is what an exit
 * is given; and who may not choose one has chosen none.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/mapaddress.h"
#include "daemon/target.h"
#include "onion/crypto/crypt.h"
#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

static const char *const lines[] = {
	"*.a *.a.relay.exit", "*.b *.onion", "*.c *.local", "*.d d",
	"*.onion *.e.example", "*.f *.a", "*.g *.g.g", "1.2.3.4 x.b",
	"*.h relay.exit"
};

static int
relay(void *arg, const char *name, uint8_t id[TARGET_ID], struct addr *a)
{
	(void)arg;
	must(name[0] != '\0' && strchr(name, '.') == NULL);
	memset(id, 7, TARGET_ID);
	addr_v4(a, 0x08080808, 0);
	return 0;
}

static int
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	if (len && name[len - 1] == '.')
		len--;
	return len >= n && strncasecmp(name + len - n, end, n) == 0 &&
	    (len == n || name[len - n - 1] == '.');
}

static void
check(const struct target *t)
{
	struct addr a;

	must((t->kind == TARGET_REFUSED) == (t->why != NULL));
	must((t->kind == TARGET_REFUSED) == (t->err < 0));
	must(strlen(t->host) <= TARGET_HOST);
	if (t->kind == TARGET_ONION)
		must(!t->has_exit && ends_in(t->host, "onion"));
	if (t->kind == TARGET_ADDR)
		must(addr_parse_ip(&a, t->host, -1) == 0 &&
		    addr_same_ip(&a, &t->addr));
	if (t->kind == TARGET_NAME)
		must(!ends_in(t->host, "onion") && !ends_in(t->host, "exit") &&
		    policy_name_may_leave(t->host) &&
		    strspn(t->host, "abcdefghijklmnopqrstuvwxyz0123456789-_.")
		    == strlen(t->host));
	if (t->kind == TARGET_REFUSED)
		must(!t->has_exit && t->host[0] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct target_conf conf = { .relay = relay };
	struct mapaddress *m;
	struct target t;
	char *name;

	if (len < 2)
		return 0;
	crypt_init();
	name = malloc(len - 1);
	must(name != NULL);
	memcpy(name, data + 2, len - 2);
	name[len - 2] = '\0';
	must(mapaddress_new(&m, (char *const *)(uintptr_t)lines,
	    sizeof(lines) / sizeof(lines[0])) == 0);
	conf.allow_dot_exit = data[0] & 1;
	conf.map = data[1] & 1 ? m : NULL;
	target_find(&t, &conf, name);
	check(&t);
	must(!t.has_exit || conf.allow_dot_exit || conf.map);
	must(!ends_in(name, "exit") || conf.allow_dot_exit ||
	    t.kind == TARGET_REFUSED);
	mapaddress_free(m);
	free(name);
	return 0;
}
