/* policy/fwstate_hold.c - the copies that survive a flush, and their process
 *
 * Theory of operation
 *	The owner of the copies is a socket, which we and a process of its own
 *	have open.  A new copy is made before the new rules are in force, and
 *	the old one goes after: meanwhile a packet has to be let out by all of
 *	them, which is less than either.
 *
 *	  make 2 -> load rules -> drop 1		taken
 *	  make 2 -> (rules refused) -> drop 2		as it was
 *
 *	Nobody but the owner can change a copy, so it is only counted: what is
 *	bound to an interface goes with that.
 *
 *	The process has the sockets that keep AF_XDP from uplinks, too
 *	(policy/xskhold.h), and what keeps a program at their egress
 *	(policy/tcxgate.h).  It can be given none later: when there are others,
 *	another one is started, and then the old one is ended.
 *
 *	What an earlier one of us left is ended when our own copy is there; its
 *	process is known by its name, which is made of the directory's, and the
 *	directory is locked.  Those sockets we have from it, so that there is no
 *	moment in which nobody has them.
 */
#include <errno.h>
#include <netinet/in.h>	/* before linux/, which has the same */
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/hash.h"
#include "policy/fwstate_int.h"
#include "policy/nftbatch.h"
#include "policy/nfthold.h"
#include "policy/nftsock.h"

enum {
	START_MS = 500,		/* from one start to the next */
	FAILED_MS = 10000
};

static void
process_name(const struct fwhold *h, char out[HOLDER_NAME + 1])
{
	snprintf(out, HOLDER_NAME + 1, "ot-hold-%.7s", h->id);
}

void
fwhold_init(struct fwhold *h, const char *directory)
{
	static const struct hash_key none;
	uint32_t r = 0;

	memset(h, 0, sizeof(*h));
	h->fd = -1;
	h->holder.fd = -1;
	snprintf(h->id, sizeof(h->id), "%07x", (unsigned)(hash_keyed(&none,
	    directory, strlen(directory)) & 0xfffffff));
	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		r = (uint32_t)getpid();
	snprintf(h->instance, sizeof(h->instance), "%s_%08x", h->id, r);
}

static void
inherit(void *arg, int fd)
{
	xskhold_inherit(arg, fd);
}

void
fwhold_inherit(struct fwstate *s)
{
	char name[HOLDER_NAME + 1];

	process_name(&s->hold, name);
	holder_inherit(name, inherit, &s->queues);
}

static void
delete(struct fwstate *s, const struct fwhold *h)
{
	struct nftbatch b;
	size_t i;
	int rc;

	if (h->n == 0)
		return;
	nftbatch_begin(&b);
	for (i = 0; i < h->n; i++)
		nfthold_delete(&b, h->tables[i].family, h->tables[i].name);
	nftbatch_end(&b);
	rc = nftsock_batch(s->hold.fd, &b);
	nftbatch_free(&b);
	if (rc < 0 && rc != -ENOENT)
		fwstate_say(s, "an old copy of the rules (table %s) cannot be "
		    "deleted: %s", h->tables[0].name, strerror(-rc));
}

static int
make_tables(struct fwhold *h, const struct fwstate_plan *p)
{
	struct nftbatch b;
	size_t i;
	int rc;

	h->n = 0;
	nftbatch_begin(&b);
	for (i = 0; i < p->ntables; i++) {
		nfthold_name(h->tables[h->n].name, h->instance, h->next++);
		h->tables[h->n].family = p->tables[i].family;
		h->n += (size_t)nfthold_copy(&b, &p->list, &p->tables[i],
		    h->tables[h->n].name);
	}
	nftbatch_end(&b);
	rc = h->n ? nftsock_batch(h->fd, &b) : b.err;
	nftbatch_free(&b);
	h->needless = h->n == 0;
	if (rc < 0)
		h->n = 0;	/* none of them is there */
	return rc;
}

/* An empty table with an owner, and away with it. */
static int
owner_is_known(struct fwhold *h)
{
	char name[NFTLIST_NAME];
	struct nftbatch b;
	int rc;

	nfthold_name(name, h->instance, h->next++);
	nftbatch_begin(&b);
	nfthold_empty(&b, NFPROTO_INET, name);
	nftbatch_end(&b);
	rc = nftsock_batch(h->fd, &b);
	nftbatch_free(&b);
	if (rc < 0)
		return 0;
	nftbatch_begin(&b);
	nfthold_delete(&b, NFPROTO_INET, name);
	nftbatch_end(&b);
	(void)nftsock_batch(h->fd, &b);
	nftbatch_free(&b);
	return 1;
}

/* How many things are in them that do not come and go; -errno */
static long
count_things(struct fwstate *s)
{
	struct nftlist list;
	long n = 0;
	size_t i;
	int rc = nftsock_list(s->ask, s->hold.tables, s->hold.n, &list);

	if (rc < 0)
		return rc;
	for (i = 0; i < list.n; i++)
		n += list.items[i].kind != NFTLIST_ELEMENT;
	nftlist_free(&list);
	return n;
}

/* Without a copy the rules have to do alone, and that is said. */
static int
go_without(struct fwstate *s, int rc)
{
	s->hold.missing = 1;
	fwstate_say(s, owner_is_known(&s->hold) ? "a copy of the rules that "
	    "survives a flush cannot be made (%s): when another program "
	    "flushes all rules, packets may leave until they are back" :
	    "this kernel has no tables with an owner (%s; Linux 5.12 has): "
	    "when another program flushes all rules, packets may leave until "
	    "they are back", strerror(-rc));
	return 0;
}

int
fwhold_make(struct fwstate *s, const struct fwstate_plan *p,
    struct fwhold *old)
{
	struct fwhold *h = &s->hold;
	int rc;

	*old = *h;
	if (h->missing)
		return 0;
	if (h->fd < 0 && (h->fd = nftsock_open()) < 0) {
		rc = h->fd;
		h->fd = -1;
		return fwstate_fail(s, rc, "a netlink socket");
	}
	if ((rc = make_tables(h, p)) == 0) {
		h->things = count_things(s);
		h->stale = 0;
		return 0;
	}
	if (old->n == 0)
		return go_without(s, rc);
	fwhold_back(s, old);
	h->stale = 1;
	return fwstate_fail(s, rc, "a copy of the rules cannot be made");
}

void
fwhold_drop(struct fwstate *s, const struct fwhold *old)
{
	delete(s, old);
}

void
fwhold_back(struct fwstate *s, const struct fwhold *old)
{
	struct fwhold new = s->hold;

	if (s->hold.missing)
		return;
	s->hold.n = old->n;
	memcpy(s->hold.tables, old->tables, sizeof(s->hold.tables));
	s->hold.needless = old->needless;
	s->hold.things = old->things;
	delete(s, &new);
}

int
fwhold_check(struct fwstate *s)
{
	long n;

	if (s->hold.missing || s->hold.needless)
		return 0;
	if ((n = count_things(s)) < 0)
		return fwstate_fail(s, (int)n, "the kernel's rules cannot be "
		    "read");
	if (n == s->hold.things && !s->hold.stale)
		return 0;
	snprintf(s->why, s->max, "the copy of the rules (table %s) is not "
	    "whole", s->hold.tables[0].name);
	return 1;
}

static void
end_others(struct fwstate *s, const char *name)
{
	char table[NFTLIST_NAME] = "";

	(void)holder_stop_others(name, &s->hold.holder);
	if (nftsock_other_hold(s->ask, s->hold.instance, table,
	    sizeof(table)) <= 0)
		return;
	if (strncmp(table + strlen(NFTHOLD_PREFIX), s->hold.id,
	    strlen(s->hold.id)) == 0)
		fwstate_say(s, "an earlier daemon's copy of its rules is "
		    "still in force (table %s): what it closes stays closed "
		    "until the process %s is ended", table, name);
	else
		fwstate_say(s, "another daemon keeps rules in force here "
		    "(table %s): what it closes stays closed", table);
}

static int
is_wanted(const struct fwstate *s)
{
	const struct fwhold *h = &s->hold;

	return (!h->missing && !h->needless && h->n > 0) ||
	    s->queues.n > 0 || s->gate.n > 0;
}

static unsigned
count_changes(const struct fwstate *s)
{
	return s->queues.changes + s->gate.changes;
}

int
fwhold_lacks(const struct fwstate *s)
{
	return s->hold.changes != count_changes(s);
}

static int
start_holder(struct fwstate *s, const char *name)
{
	int *fds = calloc(s->queues.n + s->gate.n + 1, sizeof(*fds)), rc;
	size_t i, n = 0;

	if (fds == NULL)
		return -ENOMEM;
	for (i = 0; i < s->queues.n; i++)
		fds[n++] = s->queues.queues[i].fd;
	for (i = 0; i < s->gate.n; i++)
		fds[n++] = s->gate.links[i].fd;
	if (s->hold.fd >= 0)
		fds[n++] = s->hold.fd;
	rc = holder_start(&s->hold.holder, name, fds, n);
	free(fds);
	if (rc == 0)
		s->hold.changes = count_changes(s);
	return rc;
}

static void
start_process(struct fwstate *s, int64_t now)
{
	struct fwhold *h = &s->hold;
	char name[HOLDER_NAME + 1];
	int rc;

	process_name(h, name);
	if ((rc = start_holder(s, name)) < 0) {
		h->start = now + FAILED_MS;
		fwstate_say(s, "the process that keeps a copy of the rules "
		    "cannot be started: %s; it is there as long as this one",
		    strerror(-rc));
		return;
	}
	h->start = now + START_MS;
	if (h->ended)
		fwstate_say(s, "the process that keeps a copy of the rules "
		    "was ended by somebody, and was started again");
	h->ended = 0;
	end_others(s, name);
	fwstate_watch_holder(s);
}

/* There is none, or it lacks what was taken since. */
static int
is_due(const struct fwstate *s)
{
	return is_wanted(s) && (s->hold.holder.pid <= 0 || fwhold_lacks(s));
}

/* One that is gone is no more to be watched, also when it is too early for the
 * next. */
void
fwhold_start(struct fwstate *s, int64_t now)
{
	struct fwhold *h = &s->hold;
	struct holder old;

	if (h->holder.pid > 0 && holder_is_gone(&h->holder)) {
		holder_stop(&h->holder);
		h->ended = 1;
	}
	if (!is_due(s) || now < h->start)
		return;
	old = h->holder;
	start_process(s, now);
	if (h->holder.pid <= 0)
		h->holder = old;
	else if (old.pid > 0)
		holder_stop(&old);
}

void
fwhold_start_now(struct fwstate *s, int64_t now)
{
	s->hold.start = 0;
	fwhold_start(s, now);
}

int64_t
fwhold_due(const struct fwstate *s)
{
	return is_due(s) ? s->hold.start : INT64_MAX;
}

void
fwhold_leave(struct fwhold *h)
{
	holder_leave(&h->holder);
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

void
fwhold_end(struct fwhold *h)
{
	char name[HOLDER_NAME + 1];

	process_name(h, name);
	holder_stop(&h->holder);
	(void)holder_stop_others(name, &h->holder);
	fwhold_leave(h);
	h->n = 0;
}
