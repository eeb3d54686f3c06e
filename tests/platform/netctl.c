/* tests/platform/netctl.c - a plan in force, without the daemon
 *
 *	netctl DIR plan|apply|follow|undo [tun=ot0] [own=10.191.0.1/24] ...
 *	    [lan=lan0] ... [local] [uid=1000] [mtu=1500]
 *
 * apply makes the TUN if it is not there, and leaves all as it is when it ends,
 * like a daemon that was killed.  NETCTL_DIE_AT=N in the environment kills it
 * before its N-th message to the kernel or change of a sysctl;
 * NETCTL_NO_FORCE=1 takes it for a kernel that knows IPv6 forwarding for all
 * interfaces only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "policy/netlink.h"
#include "policy/netplan.h"
#include "policy/netstate.h"
#include "policy/networld.h"
#include "policy/sysctl.h"

/* The linker puts these in the place of the real ones (--wrap). */
int	__real_nl_send_auto(struct nl_sock *, struct nl_msg *);
int	__wrap_nl_send_auto(struct nl_sock *, struct nl_msg *);
int	__real_sysctl_write(const char *, const char *);
int	__wrap_sysctl_write(const char *, const char *);
int	__real_sysctl_exists(const char *);
int	__wrap_sysctl_exists(const char *);

static void
perhaps_die(void)
{
	static int done;
	const char *at = getenv("NETCTL_DIE_AT");

	if (at && ++done == atoi(at))
		raise(SIGKILL);
}

int
__wrap_nl_send_auto(struct nl_sock *s, struct nl_msg *m)
{
	perhaps_die();
	return __real_nl_send_auto(s, m);
}

int
__wrap_sysctl_write(const char *path, const char *value)
{
	perhaps_die();
	return __real_sysctl_write(path, value);
}

int
__wrap_sysctl_exists(const char *path)
{
	if (getenv("NETCTL_NO_FORCE") && strstr(path, "force_forwarding"))
		return 0;
	return __real_sysctl_exists(path);
}

static int
make_tun(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0)
		return -errno;
	return 0;		/* the descriptor stays until we end */
}

static void
copy_name(char out[NETPLAN_IFNAME], const char *name)
{
	snprintf(out, NETPLAN_IFNAME, "%s", name);
}

static int
read_word(struct netplan_conf *c, const char *w)
{
	if (strncmp(w, "tun=", 4) == 0)
		copy_name(c->tun, w + 4);
	else if (strncmp(w, "lan=", 4) == 0 && c->nlan < NETPLAN_LANS_MAX)
		copy_name(c->lan[c->nlan++], w + 4);
	else if (strncmp(w, "own=", 4) == 0 && c->nown < NETPLAN_OWN_MAX)
		return addr_net_parse(&c->own[c->nown++], w + 4, -1);
	else if (strncmp(w, "uid=", 4) == 0)
		c->uid = (uint32_t)atoi(w + 4);
	else if (strncmp(w, "mtu=", 4) == 0)
		c->mtu = (uint16_t)atoi(w + 4);
	else if (strcmp(w, "local") == 0)
		c->local = 1;
	else
		return -EINVAL;
	return 0;
}

static int
show_plan(const struct netplan_conf *c)
{
	struct netplan_world w;
	struct netlink *nl;
	struct netplan p;
	int rc;

	if ((rc = netlink_open(&nl)) < 0 || (rc = networld_read(&w, nl)) < 0 ||
	    (rc = netplan_make(&p, c, &w)) < 0)
		return rc;
	netplan_print(stdout, &p, &w);
	netplan_free(&p);
	networld_free(&w);
	netlink_close(nl);
	return 0;
}

static int
run(const char *dir, const char *what, const struct netplan_conf *c,
    char *why, size_t max)
{
	struct netstate *s;
	int rc;

	if (strcmp(what, "plan") == 0)
		return show_plan(c);
	if ((rc = netstate_open(&s, dir, why, max)) < 0)
		return rc;
	if (strcmp(what, "undo") == 0)
		rc = netstate_undo(s, why, max);
	else if ((rc = netstate_prepare(s, c, why, max)) == 0) {
		if (strcmp(what, "apply") == 0)
			rc = make_tun(c->tun);
		if (rc == 0 || rc == -EBUSY)
			rc = netstate_apply(s, why, max);
		if (rc == 0 && netstate_follow(s, why, max) != 0)
			fprintf(stderr, "the state is not stable\n");
	}
	netstate_close(s);
	return rc;
}

int
main(int argc, char **argv)
{
	struct netplan_conf c = { .tun = "ot0", .mtu = 1500 };
	char why[512] = "";
	int i, rc;

	for (i = 3; i < argc; i++)
		if (read_word(&c, argv[i]) < 0)
			return 2;
	if (argc < 3)
		return 2;
	rc = run(argv[1], argv[2], &c, why, sizeof(why));
	if (rc < 0)
		fprintf(stderr, "netctl: %s (%s)\n", why, strerror(-rc));
	return rc < 0;
}
