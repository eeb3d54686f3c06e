/* policy/fwstate_unseen.c - ways out that no rule sees
 *
 * AF_XDP sockets: each queue of the devices is taken (policy/xskhold.h).
 *
 * What others lead to the devices: a program of ours drops what did not pass
 * the rules (policy/tcxgate.h).  Where the kernel has no such thing, and to be
 * told of it anyway, there is what follows.
 *
 * tc's mirred: what a filter at one interface's ingress or egress (clsact) leads
 * to another interface, the netdev egress hook of that one does not see.  Such a
 * filter is deleted as soon as the kernel tells of it.  One of a qdisc is left
 * alone: what that leads to a device, its rules see.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/fwstate_int.h"
#include "policy/netlink.h"

/* --- mirred --- */

static int
is_device(const struct fwstate_plan *p, int index)
{
	size_t i;

	for (i = 0; i < p->ndevices; i++)
		if (index > 0 && (int)if_nametoindex(p->devices[i]) == index)
			return 1;
	return 0;
}

/* 0: to a block, which any interface may be in. */
static int
leads_out(const struct fwstate_plan *p, int to)
{
	return to == 0 || is_device(p, to);
}

/* Does any of them?  Most machines have none. */
static int
any_leads_out(struct fwstate *s, const struct fwstate_plan *p)
{
	int *to, rc, found = 0;
	size_t n, i;

	if ((rc = netlink_mirred(s->net, &to, &n)) < 0)
		return rc;
	for (i = 0; i < n; i++)
		found |= leads_out(p, to[i]);
	free(to);
	return found;
}

typedef int on_filter(struct fwstate *, const struct netlink_filter *,
    const char *from, void *arg);

/* What leaves one device for another, rules have seen. */
static int
each_of_link(struct fwstate *s, const struct fwstate_plan *p,
    const struct netplan_link *l, on_filter *each, void *arg)
{
	struct netlink_filter *f;
	enum netlink_side side;
	int rc = 0;
	size_t n, i;

	for (side = NETLINK_INGRESS; side <= NETLINK_EGRESS; side++) {
		if (side == NETLINK_EGRESS && is_device(p, l->index))
			break;
		if ((rc = netlink_filters(s->net, l->index, side, &f, &n)) < 0)
			return rc == -ENODEV || rc == -ENXIO ? 0 : rc;
		for (i = 0; i < n && rc == 0; i++)
			if (leads_out(p, f[i].to))
				rc = each(s, &f[i], l->name, arg);
		free(f);
	}
	return rc;
}

static int
each_that_leads_out(struct fwstate *s, const struct fwstate_plan *p,
    on_filter *each, void *arg)
{
	struct netplan_link *l;
	size_t n, i;
	int rc;

	if ((rc = any_leads_out(s, p)) <= 0 ||
	    (rc = netlink_links(s->net, &l, &n)) < 0)
		return rc;
	for (i = 0; i < n && rc == 0; i++)
		rc = each_of_link(s, p, &l[i], each, arg);
	free(l);
	return rc;
}

static const char *
where(const struct netlink_filter *f, char name[IF_NAMESIZE])
{
	return f->to > 0 && if_indextoname((unsigned)f->to, name) ? name :
	    "others";
}

static int
cut(struct fwstate *s, const struct netlink_filter *f, const char *from,
    void *arg)
{
	char name[IF_NAMESIZE];
	int rc = netlink_filter_delete(s->net, f);

	(void)arg;
	if (rc == -ENOENT)		/* gone meanwhile */
		return 0;
	if (rc < 0)
		return fwstate_fail(s, rc, "a filter of tc's leads packets "
		    "from %s to %s, past the rules (mirred), and cannot be "
		    "deleted", from, where(f, name));
	s->said[0] = '\0';		/* each time counts */
	fwstate_say(s, "a filter of tc's led packets from %s to %s, past the "
	    "rules (mirred): it was deleted", from, where(f, name));
	return 0;
}

int
fwstate_cut_mirred(struct fwstate *s, const struct fwstate_plan *p)
{
	int rc = 0;

	s->why[0] = '\0';
	if (p->unseen)
		rc = each_that_leads_out(s, p, cut, NULL);
	return rc < 0 && s->why[0] == '\0' ? fwstate_fail(s, rc,
	    "filters of tc's cannot be looked at") : rc;
}

/* --- the program at the egress --- */

/* Once. */
static void
tell_lack(struct fwstate *s, const char *why)
{
	char text[FWSTATE_WHY];

	if (s->has_said)
		return;
	s->has_said = 1;
	snprintf(text, sizeof(text), "what others lead to an uplink past the "
	    "rules (tc's mirred, BPF) cannot be dropped here (%.200s): a "
	    "filter with mirred is deleted a moment after it was made, a BPF "
	    "program is not", why);
	if (s->gate.refused)
		fwstate_say(s, "%s", text);
	else
		s->ops->noted(s->arg, text);
}

static int
put_gate(struct fwstate *s, const struct fwstate_plan *p)
{
	char why[FWSTATE_WHY];
	int rc;

	if (!p->unseen || !p->marked)
		return 0;
	rc = tcxgate_put(&s->gate, (const char (*)[NETPLAN_IFNAME])p->devices,
	    p->ndevices, why, sizeof(why));
	if (rc < 0)
		snprintf(s->why, s->max, "%s", why);
	if (rc > 0)
		tell_lack(s, why);
	if (s->gate.mended[0]) {
		s->said[0] = '\0';	/* each time counts */
		fwstate_say(s, "somebody took away the program at interface "
		    "%s (tcx) that drops what others lead there past the "
		    "rules, or came before it: it was put back",
		    s->gate.mended);
	}
	return rc < 0 ? rc : 0;
}

void
fwstate_keep_queues(struct fwstate *s, const struct fwstate_plan *p)
{
	xskhold_keep(&s->queues, (const char (*)[NETPLAN_IFNAME])p->devices,
	    p->unseen ? p->ndevices : 0);
}

void
fwstate_begin_gate(struct fwstate *s, const struct fwstate_plan *p)
{
	tcxgate_keep(&s->gate, (const char (*)[NETPLAN_IFNAME])p->devices,
	    p->unseen && p->marked ? p->ndevices : 0);
	(void)put_gate(s, p);
}

/* --- all of it --- */

/* Where one fails the others are closed all the same: @next is told only if all
 * before went well. */
static int
keep_first(const struct fwstate *s, int rc, int next, char first[FWSTATE_WHY])
{
	if (rc != 0 || next == 0)
		return rc;
	snprintf(first, FWSTATE_WHY, "%s", s->why);
	return next;
}

int
fwstate_close_unseen(struct fwstate *s, const struct fwstate_plan *p,
    int before, int64_t patience_ms)
{
	char first[FWSTATE_WHY];
	int rc = before;

	if (!p->unseen)
		return rc;
	snprintf(first, sizeof(first), "%s", s->why);
	rc = keep_first(s, rc, put_gate(s, p), first);
	rc = keep_first(s, rc, fwstate_cut_mirred(s, p), first);
	rc = keep_first(s, rc, xskhold_take(&s->queues,
	    (const char (*)[NETPLAN_IFNAME])p->devices, p->ndevices,
	    patience_ms, s->why, s->max), first);
	if (rc != 0)
		snprintf(s->why, s->max, "%s", first);
	return rc;
}

/* --- only looked at --- */

struct looked {
	fwstate_tell	*tell;
	void		*arg;
	int		 n;
};

static int
tell(struct fwstate *s, const struct netlink_filter *f, const char *from,
    void *arg)
{
	struct looked *k = arg;
	char text[FWSTATE_WHY], name[IF_NAMESIZE];

	(void)s;
	snprintf(text, sizeof(text), "a filter of tc's leads packets from %s "
	    "to %s, past the rules (mirred)", from, where(f, name));
	k->tell(k->arg, text);
	k->n++;
	return 0;
}

int
fwstate_look_unseen(struct fwstate *s, const struct fwstate_plan *p,
    fwstate_tell *told, void *arg)
{
	struct looked k = { .tell = told, .arg = arg };
	int rc;

	if (!p->unseen)
		return 0;
	if ((rc = netlink_open(&s->net)) == 0) {
		rc = each_that_leads_out(s, p, tell, &k);
		netlink_close(s->net);
		s->net = NULL;
	}
	if (rc < 0)
		return fwstate_fail(s, rc, "filters of tc's cannot be looked "
		    "at");
	rc = xskhold_look((const char (*)[NETPLAN_IFNAME])p->devices,
	    p->ndevices, s->why, s->max);
	if (rc > 0) {
		told(arg, s->why);
		k.n++;
	}
	if (rc < 0 || !p->marked)
		return rc < 0 ? rc : k.n;
	rc = tcxgate_look((const char (*)[NETPLAN_IFNAME])p->devices,
	    p->ndevices, s->why, s->max);
	if (rc > 0) {
		told(arg, s->why);
		k.n++;
	}
	return rc < 0 ? rc : k.n;
}
