/* tests/daemon/test_virtnet.c - virtual networks beside this host's own */
#include "daemon/virtnet.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "daemon/conf.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

static char said[1024];

static void
hear(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	if (level == LL_WARN && strstr(text, "VirtualAddrNetworkIPv4"))
		snprintf(said, sizeof(said), "%s", text);
}

/* An IPv4 address of this host that is not of the loopback; 0: it has none. */
static int
some_address(struct addr *a, char name[IF_NAMESIZE])
{
	struct ifaddrs *all, *i;

	a->family = 0;
	ck_assert_int_eq(getifaddrs(&all), 0);
	for (i = all; i && a->family != 4; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_netmask &&
		    !(i->ifa_flags & IFF_LOOPBACK) &&
		    addr_from_sock(a, i->ifa_addr) == 0)
			snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
	freeifaddrs(all);
	return a->family == 4;
}

static void
check(const struct addr *a, int automap)
{
	char text[200], ip[ADDR_TEXT];
	struct conf *c;

	snprintf(text, sizeof(text), "VirtualAddrNetworkIPv4 %s/16\n"
	    "AutomapHostsOnResolve %d\n", addr_ip_raw(a, ip), automap);
	c = testconf(text);
	said[0] = '\0';
	log_capture(hear, NULL);
	virtnet_check(c);
	log_capture(NULL, NULL);
	conf_free(c);
}

START_TEST(virtnet_check_warns_of_a_network_that_is_here)
{
	char name[IF_NAMESIZE];
	struct addr a;

	if (!some_address(&a, name))
		return;		/* and nothing to warn of */
	check(&a, 1);
	ck_assert_ptr_nonnull(strstr(said, name));
	check(&a, 0);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(virtnet_check_does_not_mind_the_loopback)
{
	struct addr a;

	addr_v4(&a, 0x7f000001, 0);
	check(&a, 1);
	ck_assert_str_eq(said, "");
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(virtnet_check_warns_of_a_network_that_is_here),
	UNIT(virtnet_check_does_not_mind_the_loopback),
};

UNIT_MAIN("virtnet", tests)
