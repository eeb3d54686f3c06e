/* policy/fwstate_sysctl.c - the sysctls of a plan: remembered, set, checked,
 * put back
 *
 * The kernel changes some of them when it is told to forward, so both ways are
 * gone twice: what one write changed behind us, the next one mends.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "policy/fwstate_int.h"
#include "policy/sysctl.h"

enum { PASSES = 2 };

static int
load_record(struct fwstate *s)
{
	int rc;

	if (s->has_record)
		return 0;
	rc = netrecord_load(&s->record, s->path);
	if (rc < 0 && rc != -ENOENT)
		return fwstate_fail(s, rc, "%s, which tells what to put back",
		    s->path);
	s->has_record = 1;
	return 0;
}

/* Interfaces come and go; what is gone has nothing that could be put back. */
static int
add_record(struct netrecord *r, const char *path, const char *value)
{
	int rc = netrecord_add(r, path, value);

	if (rc == -ENOSPC && netrecord_forget(r, sysctl_exists) > 0)
		rc = netrecord_add(r, path, value);
	return rc;
}

/* Before the first of them is changed. */
int
fwstate_remember(struct fwstate *s, const struct fwstate_plan *p)
{
	char now[NETPLAN_VALUE];
	const char *path;
	int rc, changed = 0;
	size_t i;

	if ((rc = load_record(s)) < 0)
		return rc;
	for (i = 0; i < p->nsysctls; i++) {
		path = p->sysctls[i].path;
		if (netrecord_find(&s->record, path) ||
		    sysctl_read(path, now, sizeof(now)) < 0)
			continue;
		if ((rc = add_record(&s->record, path, now)) < 0)
			return fwstate_fail(s, rc, "/proc/sys/%s", path);
		changed = 1;
	}
	if (!changed)
		return 0;
	rc = netrecord_save(&s->record, s->path);
	return rc < 0 ? fwstate_fail(s, rc, "%s", s->path) : 0;
}

int
fwstate_set_sysctls(struct fwstate *s, const struct fwstate_plan *p)
{
	const struct fwsysctl *c;
	size_t i, pass;
	int rc;

	for (pass = 0; pass < PASSES; pass++)
		for (i = 0; i < p->nsysctls; i++) {
			c = &p->sysctls[i];
			rc = sysctl_write(c->path, c->value);
			if (rc < 0 && rc != -ENOENT)
				return fwstate_fail(s, rc, "/proc/sys/%s "
				    "cannot be set to %s", c->path, c->value);
		}
	return 0;
}

int
fwstate_check_sysctls(struct fwstate *s, const struct fwstate_plan *p)
{
	const struct fwsysctl *c;
	char now[NETPLAN_VALUE];
	size_t i;
	int rc;

	for (i = 0; i < p->nsysctls; i++) {
		c = &p->sysctls[i];
		rc = sysctl_read(c->path, now, sizeof(now));
		if (rc == -ENOENT || (rc == 0 && strcmp(now, c->value) == 0))
			continue;
		if (rc < 0 && rc != -EMSGSIZE)
			return fwstate_fail(s, rc, "/proc/sys/%s cannot be "
			    "read", c->path);
		snprintf(s->why, s->max, "/proc/sys/%s is %s and has to be %s",
		    c->path, rc < 0 ? "something else" : now, c->value);
		return 1;
	}
	return 0;
}

int
fwstate_restore_sysctls(struct fwstate *s)
{
	const struct netrecord_old *o;
	int rc = load_record(s), err = 0;
	size_t i, pass;

	for (pass = 0; rc == 0 && pass < PASSES; pass++)
		for (i = s->record.n; i > 0; i--) {
			o = &s->record.old[i - 1];
			rc = sysctl_write(o->path, o->value);
			if (rc < 0 && rc != -ENOENT)
				err = fwstate_fail(s, rc, "/proc/sys/%s "
				    "cannot be put back to %s", o->path,
				    o->value);
			rc = 0;
		}
	if (rc < 0 || err < 0)
		return rc < 0 ? rc : err;
	netrecord_free(&s->record);
	s->has_record = 0;
	if (unlink(s->path) < 0 && errno != ENOENT)
		return fwstate_fail(s, -errno, "%s", s->path);
	return 0;
}
