/* policy/fwstate_look.c - a plan compared with what is in force, by whomever
 *
 * For a process that keeps nothing: it takes no lock and changes nothing, and
 * what another one has put into sets is not looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/fwstate_int.h"
#include "policy/nftsock.h"

enum { TRIES = 8 };		/* while others change theirs */

struct look {
	struct fwstate	 state;
	struct fwstate_plan plan;
	fwstate_tell	*tell;
	void		*arg;
	unsigned	 differences;
};

static int
is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return 1;
	return 0;
}

static void
drop_elements(struct nftlist *l, const char *const *sets)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->items[i].kind == NFTLIST_ELEMENT &&
		    is_one_of(l->items[i].name, sets))
			l->items[i].kind = NFTLIST_NONE;
}

/* One list that nobody changed meanwhile. */
static int
read_kernel(struct look *k, struct nftlist *out)
{
	int i, rc = 0;

	for (i = 0; i < TRIES; i++) {
		rc = nftsock_list(k->state.ask, k->plan.tables,
		    k->plan.ntables, out);
		if (rc <= 0)
			break;
		nftlist_free(out);
	}
	return rc > 0 ? fwstate_fail(&k->state, -EAGAIN, "the kernel's rules "
	    "change all the time") : rc < 0 ? fwstate_fail(&k->state, rc,
	    "the kernel's rules cannot be read") : 0;
}

static int
look_at_rules(struct look *k, const char *const *filled)
{
	struct nftnormal want, have;
	struct nftlist list;
	int rc = read_kernel(k, &list);

	if (rc < 0)
		return rc;
	drop_elements(&list, filled);
	drop_elements(&k->plan.list, filled);
	if ((rc = nftnormal_make(&want, &k->plan.list)) == 0) {
		if ((rc = nftnormal_make(&have, &list)) == 0) {
			k->differences += nftnormal_differences(&want, &have,
			    k->tell, k->arg);
			nftnormal_free(&have);
		}
		nftnormal_free(&want);
	}
	nftlist_free(&list);
	return rc < 0 ? fwstate_fail(&k->state, rc, "the kernel tells of "
	    "rules that are none") : 0;
}

static int
look_at_sysctls(struct look *k)
{
	struct fwstate_plan one = { .nsysctls = 1 };
	size_t i;
	int rc;

	for (i = 0; i < k->plan.nsysctls; i++) {
		one.sysctls = &k->plan.sysctls[i];
		if ((rc = fwstate_check_sysctls(&k->state, &one)) < 0)
			return rc;
		if (rc == 0)
			continue;
		k->tell(k->arg, k->state.why);
		k->differences++;
	}
	return 0;
}

int
fwstate_look(const struct fwstate_rules *r, const char *const *filled,
    fwstate_tell *tell, void *arg, char *why, size_t max)
{
	struct look k = { .state = { .ask = nftsock_open(), .why = why,
		.max = max }, .tell = tell, .arg = arg };
	int rc;

	why[0] = '\0';
	if (k.state.ask < 0)
		return fwstate_fail(&k.state, k.state.ask, "netlink");
	if ((rc = fwstate_try(&k.state, &k.plan, r)) == 0 &&
	    (rc = look_at_rules(&k, filled)) == 0 &&
	    (rc = look_at_sysctls(&k)) == 0)
		rc = fwstate_look_unseen(&k.state, &k.plan, tell, arg);
	if (rc > 0)
		k.differences += (unsigned)rc;
	fwstate_plan_free(&k.plan);
	close(k.state.ask);
	return rc < 0 ? rc : k.differences > 0;
}

int
fwstate_is_there(const struct nftlist_table *tables, size_t n)
{
	struct nftlist list;
	int fd = nftsock_open(), rc;

	if (fd < 0)
		return fd;
	if ((rc = nftsock_list(fd, tables, n, &list)) >= 0) {
		rc = list.n > 0;
		nftlist_free(&list);
	}
	close(fd);
	return rc;
}
