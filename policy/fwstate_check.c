/* policy/fwstate_check.c - is what is in force what was planned? */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "policy/fwstate_int.h"
#include "policy/nftsock.h"

enum { TRIES = 8 };		/* while others change theirs */

/* What was changed meanwhile, but is what was planned all the same, is that:
 * the changes were elsewhere. */
static int
compare(struct fwstate *s, const struct fwstate_plan *p, int *mixed)
{
	struct nftnormal have;
	struct nftlist list;
	int rc = nftsock_list(s->ask, p->tables, p->ntables, &list);

	if (rc < 0)
		return fwstate_fail(s, rc, "the kernel's rules cannot be read");
	*mixed = rc;
	if ((rc = nftnormal_make(&have, &list)) == 0) {
		rc = nftnormal_differ(&p->want, &have, s->why, s->max);
		nftnormal_free(&have);
	} else {
		rc = *mixed ? 1 : fwstate_fail(s, rc, "the kernel tells of "
		    "rules that are none");
		snprintf(s->why, s->max, "the kernel's rules change all the "
		    "time");
	}
	nftlist_free(&list);
	return rc;
}

int
fwstate_check_rules(struct fwstate *s, const struct fwstate_plan *p)
{
	uint32_t generation = 0;
	int rc = 0, mixed = 1, i;

	for (i = 0; i < TRIES && mixed; i++) {
		if ((rc = nftsock_generation(s->ask, &generation)) < 0)
			return fwstate_fail(s, rc,
			    "the kernel's rules cannot be read");
		if ((rc = compare(s, p, &mixed)) <= 0)
			break;
	}
	if (rc == 0)
		s->verified = generation;
	return rc;
}

/* A kernel that binds chains to names (Linux 6.16) goes on to tell of a chain
 * whose interface is no more, or has another name now. */
static int
check_devices(struct fwstate *s, const struct fwstate_plan *p)
{
	size_t i;

	for (i = 0; i < p->ndevices; i++) {
		if (if_nametoindex(p->devices[i]) != 0)
			continue;
		if (errno != ENODEV && errno != ENXIO)
			return fwstate_fail(s, -errno, "interfaces cannot be "
			    "looked up");
		snprintf(s->why, s->max, "interface %s, which the rules name, "
		    "is gone", p->devices[i]);
		return 1;
	}
	return 0;
}

int
fwstate_lacks_device(const struct fwstate_plan *p)
{
	size_t i;

	for (i = 0; i < p->ndevices; i++)
		if (if_nametoindex(p->devices[i]) == 0)
			return 1;
	return 0;
}

int
fwstate_check_all(struct fwstate *s, const struct fwstate_plan *p)
{
	int rc;

	if ((rc = fwstate_check_rules(s, p)) != 0 ||
	    (rc = check_devices(s, p)) != 0 ||
	    (rc = fwstate_check_sysctls(s, p)) != 0)
		return rc;
	return fwhold_check(s);
}
