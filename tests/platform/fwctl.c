/* tests/platform/fwctl.c - rules kept in force, without the daemon
 *
 *	fwctl DIR [table=inet:ot] ... [device=up0] ... [sysctl=PATH=VALUE] ...
 *	    [standard] [marked]
 *
 * Does what it reads, a line each, and says what happens, a line each:
 *
 *	apply TEXT-FILE [ELEMENTS-FILE]		done apply | failed apply WHY
 *	update ELEMENTS-FILE			...
 *	check					same | differs WHY
 *	undo
 *	devices [NAME [NAME]]			from the next apply on
 *	quit					leaves all in force
 *
 * and beside: ready PID, shut WHY, open, said TEXT, noted TEXT, network.
 * `standard` are the sysctls of policy/fwsysctl.h for what is named by device=;
 * `marked`: the text gives what leaves these the mark for policy/tcxgate.h.  In
 * the environment FWCTL_NFT is a program to be used in nft's place (none: it is
 * missing), and FWCTL_NO_OWNER=1 takes the kernel for one that knows no tables
 * with an owner.
 */
#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/fwstate.h"
#include "policy/nftbatch.h"
#include "policy/nftrun.h"
#include "policy/nftsock.h"

/* The linker puts these in the place of the real ones (--wrap). */
const char *__real_nftrun_path(void);
const char *__wrap_nftrun_path(void);
int	__real_nftsock_batch(int, const struct nftbatch *);
int	__wrap_nftsock_batch(int, const struct nftbatch *);

const char *
__wrap_nftrun_path(void)
{
	const char *path = getenv("FWCTL_NFT");

	if (path == NULL)
		return __real_nftrun_path();
	return path[0] ? path : NULL;
}

int
__wrap_nftsock_batch(int fd, const struct nftbatch *b)
{
	return getenv("FWCTL_NO_OWNER") ? -EOPNOTSUPP :
	    __real_nftsock_batch(fd, b);
}

struct ctl {
	struct fwstate	*state;
	struct nftlist_table tables[FWSTATE_TABLES_MAX];
	size_t		 ntables;
	char		 devices[FWSTATE_DEVICES_MAX][NETPLAN_IFNAME];
	size_t		 ndevices;
	struct fwsysctl	*sysctls;
	size_t		 nsysctls;
	int		 marked;
	int		 over;
};

/* --- what is told --- */

static void
on_shut(void *arg, const char *why)
{
	(void)arg;
	printf("shut %s\n", why);
}

static void
on_open(void *arg)
{
	(void)arg;
	puts("open");
}

static void
on_said(void *arg, const char *text)
{
	(void)arg;
	printf("said %s\n", text);
}

static void
on_noted(void *arg, const char *text)
{
	(void)arg;
	printf("noted %s\n", text);
}

static void
on_network(void *arg)
{
	(void)arg;
	puts("network");
}

static const struct fwstate_ops ops = { .shut = on_shut, .open = on_open,
	.said = on_said, .noted = on_noted, .network = on_network };

/* --- what is to be done --- */

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t n = 0;

	if (f == NULL)
		return NULL;
	if (getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	return text;
}

static void
tell(const char *what, int rc, const char *why)
{
	if (rc < 0)
		printf("failed %s %s\n", what, why);
	else
		printf("done %s\n", what);
}

static void
apply(struct ctl *c, const char *text_path, const char *elements_path)
{
	struct fwstate_rules r = { .tables = c->tables,
		.ntables = c->ntables,
		.devices = (const char (*)[NETPLAN_IFNAME])c->devices,
		.ndevices = c->ndevices, .sysctls = c->sysctls,
		.nsysctls = c->nsysctls, .unseen = 1,
		.marked = c->marked };
	char *text = read_file(text_path), why[FWSTATE_WHY] = "no file",
	    *elements = elements_path ? read_file(elements_path) : strdup("");
	int rc = -ENOENT;

	r.text = text;
	r.elements = elements;
	if (text && elements)
		rc = fwstate_apply(c->state, &r, why, sizeof(why));
	tell("apply", rc, why);
	free(text);
	free(elements);
}

static void
update(struct ctl *c, const char *path)
{
	char *elements = read_file(path), why[FWSTATE_WHY] = "no file";
	int rc = elements ? fwstate_update(c->state, elements, why,
	    sizeof(why)) : -ENOENT;

	tell("update", rc, why);
	free(elements);
}

static void
check(struct ctl *c)
{
	char why[FWSTATE_WHY];
	int rc = fwstate_check(c->state, why, sizeof(why));

	if (rc == 0)
		puts("same");
	else
		printf("differs %s\n", why);
}

static void
set_devices(struct ctl *c, char *first, char *second)
{
	char *names[] = { first, second };
	size_t i;

	c->ndevices = 0;
	for (i = 0; i < 2; i++)
		if (names[i])
			snprintf(c->devices[c->ndevices++], NETPLAN_IFNAME,
			    "%s", names[i]);
}

static void
obey(struct ctl *c, char *line)
{
	char *what = strtok(line, " \n"), *one = strtok(NULL, " \n"),
	    *two = strtok(NULL, " \n"), why[FWSTATE_WHY];

	if (what == NULL)
		return;
	if (strcmp(what, "apply") == 0 && one)
		apply(c, one, two);
	else if (strcmp(what, "update") == 0 && one)
		update(c, one);
	else if (strcmp(what, "check") == 0)
		check(c);
	else if (strcmp(what, "undo") == 0)
		tell("undo", fwstate_undo(c->state, c->tables, c->ntables,
		    why, sizeof(why)), why);
	else if (strcmp(what, "devices") == 0)
		set_devices(c, one, two);
	else if (strcmp(what, "quit") == 0)
		c->over = 1;
	else
		puts("what?");
}

/* --- words --- */

static int
add_table(struct ctl *c, char *word)
{
	static const struct { const char *name; uint8_t family; } names[] = {
		{ "inet", NFPROTO_INET }, { "netdev", NFPROTO_NETDEV },
		{ "ip", NFPROTO_IPV4 }, { "arp", NFPROTO_ARP },
		{ "bridge", NFPROTO_BRIDGE }
	};
	char *colon = strchr(word, ':');
	size_t i;

	if (colon == NULL || c->ntables == FWSTATE_TABLES_MAX)
		return -EINVAL;
	*colon = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, word) == 0) {
			c->tables[c->ntables].family = names[i].family;
			snprintf(c->tables[c->ntables++].name, NFTLIST_NAME,
			    "%s", colon + 1);
			return 0;
		}
	return -EINVAL;
}

static int
add_sysctl(struct ctl *c, const char *path, const char *value)
{
	struct fwsysctl *s = realloc(c->sysctls,
	    (c->nsysctls + 1) * sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	c->sysctls = s;
	s += c->nsysctls++;
	snprintf(s->path, sizeof(s->path), "%s", path);
	snprintf(s->value, sizeof(s->value), "%s", value);
	return 0;
}

static int
add_standard(struct ctl *c)
{
	struct fwsysctl_link links[FWSTATE_DEVICES_MAX];
	struct fwsysctl_conf conf = { .rp_filter = 1, .links = links,
		.nlinks = c->ndevices, .timestamps = FWSYSCTL_LEAVE };
	size_t i;

	for (i = 0; i < c->ndevices; i++) {
		memcpy(links[i].name, c->devices[i], NETPLAN_IFNAME);
		links[i].rp_filter = 1;
		links[i].accept_ra = 0;
	}
	return fwsysctl_make(&c->sysctls, &c->nsysctls, &conf);
}

static int
read_word(struct ctl *c, char *w)
{
	char *value;

	if (strncmp(w, "table=", 6) == 0)
		return add_table(c, w + 6);
	if (strcmp(w, "standard") == 0)
		return add_standard(c);
	if (strcmp(w, "marked") == 0) {
		c->marked = 1;
		return 0;
	}
	if (strncmp(w, "device=", 7) == 0 &&
	    c->ndevices < FWSTATE_DEVICES_MAX) {
		snprintf(c->devices[c->ndevices++], NETPLAN_IFNAME, "%s",
		    w + 7);
		return 0;
	}
	if (strncmp(w, "sysctl=", 7) != 0 ||
	    (value = strrchr(w + 7, '=')) == NULL)
		return -EINVAL;
	*value++ = '\0';
	return add_sysctl(c, w + 7, value);
}

static int
patience(const struct ctl *c)
{
	int64_t due = fwstate_due(c->state), left = due - clock_ms();

	return due == INT64_MAX ? -1 : left < 0 ? 0 : (int)left;
}

static void
live(struct ctl *c)
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fwstate_watch_fd(c->state), .events = POLLIN } };
	char line[512];

	while (!c->over && poll(p, 2, patience(c)) >= 0) {
		if (p[0].revents && fgets(line, sizeof(line), stdin) == NULL)
			break;
		if (p[0].revents)
			obey(c, line);
		else
			fwstate_follow(c->state, clock_ms());
	}
}

int
main(int argc, char **argv)
{
	struct ctl c = { .state = NULL };
	char why[FWSTATE_WHY];
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);	/* for poll() */
	for (i = 2; i < argc; i++)
		if (read_word(&c, argv[i]) < 0)
			return 2;
	if (argc < 3)
		return 2;
	if (fwstate_open(&c.state, argv[1], &ops, &c, why, sizeof(why)) < 0) {
		printf("failed open %s\n", why);
		return 1;
	}
	printf("ready %d\n", (int)getpid());
	live(&c);
	fwstate_close(c.state);
	free(c.sysctls);
	return 0;
}
