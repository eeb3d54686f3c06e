/* policy/tcxgate.c - what leaves an interface bears a mark
 *
 * Headers from before Linux 6.6 do not know of tcx, hence the numbers and
 * structures of our own: they are the kernel's interface, and stay.
 */
#include "policy/tcxgate.h"

#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/fwplan.h"
#include "policy/grow.h"
#include "policy/ifindex.h"

enum { TCX_EGRESS = 47, BEFORE = 1 << 3, NEXT = -1, DROP = 2 };

/* struct bpf_attr's, as far as they are needed */
struct create {
	uint32_t	 program, index, type, flags;
	uint32_t	 relative, none;
	uint64_t	 revision;
};

struct query {
	uint32_t	 index, type, flags, attach_flags;
	uint64_t	 programs;
	uint32_t	 count, none;
	uint64_t	 program_flags, links, link_flags, revision;
};

struct get_fd {
	uint32_t	 id, next, flags;
};

struct get_info {
	uint32_t	 fd, len;
	uint64_t	 info;
};

struct program_info {
	uint32_t	 type, id;
	uint64_t	 tag;
};

struct link_info {
	uint32_t	 type, id, program, none;
	uint32_t	 index, attach_type;	/* index 0: it is detached */
};

static int
call(int what, void *attr, unsigned len)
{
	long rc = syscall(SYS_bpf, what, attr, len);

	return rc < 0 ? -errno : (int)rc;
}

static uint64_t
pointer(const void *p)
{
	return (uintptr_t)p;
}

void
tcxgate_init(struct tcxgate *h)
{
	memset(h, 0, sizeof(*h));
}

void
tcxgate_free(struct tcxgate *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		close(h->links[i].fd);
	free(h->links);
	tcxgate_init(h);
}

/* --- the program --- */

static int
info(int fd, void *out, unsigned len)
{
	struct get_info g = { .fd = (uint32_t)fd, .len = len,
		.info = pointer(out) };

	memset(out, 0, len);
	return call(BPF_OBJ_GET_INFO_BY_FD, &g, sizeof(g));
}

#define LOAD(reg, from, field)	{ .code = BPF_LDX | BPF_MEM | BPF_W,	\
	.dst_reg = (reg), .src_reg = (from),				\
	.off = (short)offsetof(struct __sk_buff, field) }
#define ALU(op, reg, n)	{ .code = BPF_ALU | (op) | BPF_K,		\
	.dst_reg = (reg), .imm = (int)(n) }
#define SET(reg, n)	{ .code = BPF_ALU64 | BPF_MOV | BPF_K,		\
	.dst_reg = (reg), .imm = (n) }
#define IF_NOT(reg, n, skip)	{ .code = BPF_JMP | BPF_JNE | BPF_K,	\
	.dst_reg = (reg), .imm = (int)(n), .off = (skip) }
#define RETURN		{ .code = BPF_JMP | BPF_EXIT }

/* A descriptor; no program may be twice at the same interface, but one with the
 * same text may. */
static int
load(struct tcxgate *h)
{
	static const struct bpf_insn text[] = {
		LOAD(BPF_REG_2, BPF_REG_1, mark),
		ALU(BPF_AND, BPF_REG_2, FWPLAN_OUT_MASK),
		SET(BPF_REG_0, NEXT),
		IF_NOT(BPF_REG_2, FWPLAN_OUT_MARK, 1),
		RETURN,
		SET(BPF_REG_0, DROP),
		RETURN,
	};
	union bpf_attr a;
	struct program_info i;
	int fd, rc;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	a.insns = pointer(text);
	a.insn_cnt = sizeof(text) / sizeof(text[0]);
	a.license = pointer("");
	snprintf(a.prog_name, sizeof(a.prog_name), "ot_gate");
	if ((fd = call(BPF_PROG_LOAD, &a, sizeof(a))) < 0)
		return fd;
	if ((rc = info(fd, &i, sizeof(i))) < 0) {
		close(fd);
		return rc;
	}
	h->tag = i.tag;
	return fd;
}

/* --- at an interface --- */

/* The first that runs there: 1 with both, 0: there is none, or -errno. */
static int
first_of(unsigned index, uint32_t *program, uint32_t *link)
{
	struct query q = { .index = index, .type = TCX_EGRESS, .count = 1,
		.programs = pointer(program), .links = pointer(link) };
	int rc;

	*program = *link = 0;
	rc = call(BPF_PROG_QUERY, &q, sizeof(q));
	if (rc == -ENOSPC)		/* there are more */
		return 1;
	if (rc == -ENOENT)
		return 0;
	return rc < 0 ? rc : q.count > 0;
}

/* Also one that an earlier process of ours attached. */
static int
is_same(const struct tcxgate *h, uint32_t program)
{
	struct get_fd g = { .id = program };
	struct program_info i;
	int fd = call(BPF_PROG_GET_FD_BY_ID, &g, sizeof(g)), rc;

	if (fd < 0)
		return 0;
	rc = info(fd, &i, sizeof(i));
	close(fd);
	return rc == 0 && i.tag == h->tag;
}

static int
is_attached(const struct tcxgate_link *l)
{
	struct link_info i;

	return info(l->fd, &i, sizeof(i)) == 0 && i.index == l->index;
}

static void
drop(struct tcxgate *h, struct tcxgate_link *l)
{
	close(l->fd);
	*l = h->links[--h->n];
	h->changes++;
}

static struct tcxgate_link *
find(struct tcxgate *h, unsigned index)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->links[i].index == index)
			return &h->links[i];
	return NULL;
}

/* Its descriptor. */
static int
attach_first(struct tcxgate *h, unsigned index)
{
	struct create c = { .index = index, .type = TCX_EGRESS,
		.flags = BEFORE };
	int program = load(h), fd;

	if (program < 0)
		return program;
	c.program = (uint32_t)program;
	fd = call(BPF_LINK_CREATE, &c, sizeof(c));
	close(program);
	return fd;
}

/* In the place of the one before, which goes after. */
static int
attach(struct tcxgate *h, unsigned index)
{
	struct tcxgate_link *l = find(h, index);
	struct link_info i;
	int fd = attach_first(h, index), rc;

	if (fd < 0)
		return fd;
	if ((rc = info(fd, &i, sizeof(i))) == 0 && l == NULL &&
	    (l = grow(&h->links, &h->n, sizeof(*l))) == NULL)
		rc = -ENOMEM;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	if (l->index == index)
		close(l->fd);
	*l = (struct tcxgate_link){ fd, index, i.id };
	h->known = 1;
	h->changes++;
	return 0;
}

static int
put_one(struct tcxgate *h, const char *name, unsigned index)
{
	struct tcxgate_link *l = find(h, index);
	uint32_t program, link;
	int rc;

	if (l && (rc = first_of(index, &program, &link)) < 0)
		return rc;
	if (l && (link == l->id || (is_attached(l) && is_same(h, program))))
		return 0;
	if ((rc = attach(h, index)) == 0 && l)
		snprintf(h->mended, sizeof(h->mended), "%s", name);
	return rc;
}

/* --- all of them --- */

static int
is_refused(int rc)
{
	return rc == -EPERM || rc == -EACCES;
}

static int
is_lack(int rc)
{
	return is_refused(rc) || rc == -ENOSYS || rc == -EINVAL ||
	    rc == -EOPNOTSUPP;
}

static int
explain_lack(int rc, char *why, size_t max)
{
	if (!is_refused(rc))
		snprintf(why, max, "this kernel has no tcx; Linux 6.6 has");
	else
		snprintf(why, max, "bpf(2): %s; CAP_NET_ADMIN and CAP_BPF are "
		    "needed, and bpf in the unit's SystemCallFilter",
		    strerror(-rc));
	return 1;
}

static int
explain(int rc, const char *name, char *why, size_t max)
{
	snprintf(why, max, "no program can be put, or looked for, at interface "
	    "%s (tcx) that drops what others lead there past the rules: %s",
	    name, strerror(-rc));
	return rc;
}

/* Where one could ever be attached, there is such a thing. */
static int
fail(struct tcxgate *h, int rc, const char *name, char *why, size_t max)
{
	if (h->known || !is_lack(rc))
		return explain(rc, name, why, max);
	h->missing = 1;
	h->refused = is_refused(rc);
	return explain_lack(rc, why, max);
}

static void
drop_gone(struct tcxgate *h)
{
	char name[IF_NAMESIZE];
	size_t i;

	for (i = h->n; i-- > 0; )
		if (if_indextoname(h->links[i].index, name) == NULL &&
		    !is_attached(&h->links[i]))
			drop(h, &h->links[i]);
}

static int
put_at(struct tcxgate *h, const char *name, char *why, size_t max)
{
	unsigned index;
	int rc = ifindex_of(name, &index);

	if (rc < 0 && rc != -ENODEV)
		return explain(rc, name, why, max);
	if (rc < 0 || (rc = put_one(h, name, index)) == 0 || rc == -ENODEV)
		return 0;
	return fail(h, rc, name, why, max);
}

int
tcxgate_put(struct tcxgate *h, const char (*devices)[NETPLAN_IFNAME],
    size_t n, char *why, size_t max)
{
	int rc, first = 0;
	size_t i;

	h->mended[0] = '\0';
	if (h->missing)
		return 1;
	drop_gone(h);
	for (i = 0; i < n && !h->missing; i++) {
		rc = put_at(h, devices[i], why, first ? 0 : max);
		first = first ? first : rc;
	}
	return first;
}

void
tcxgate_keep(struct tcxgate *h, const char (*devices)[NETPLAN_IFNAME],
    size_t n)
{
	uint32_t fd;
	size_t i;

	for (i = h->n; i-- > 0; ) {
		if (ifindex_may_be(h->links[i].index, devices, n))
			continue;
		fd = (uint32_t)h->links[i].fd;
		(void)call(BPF_LINK_DETACH, &fd, sizeof(fd));
		drop(h, &h->links[i]);
	}
}

/* --- by whomever --- */

/* 1: it has it; 0; or -errno. */
static int
has_ours(const struct tcxgate *h, unsigned index)
{
	uint32_t program, link;
	int rc = first_of(index, &program, &link);

	return rc > 0 ? is_same(h, program) : rc;
}

int
tcxgate_look(const char (*devices)[NETPLAN_IFNAME], size_t n, char *why,
    size_t max)
{
	struct tcxgate h;
	unsigned index;
	int rc = 0, fd;
	size_t i;

	tcxgate_init(&h);
	for (i = 0; i < n && rc == 0; i++) {
		if ((rc = ifindex_of(devices[i], &index)) < 0) {
			rc = rc == -ENODEV ? 0 : explain(rc, devices[i], why,
			    max);
			continue;
		}
		fd = rc = load(&h);
		if (fd >= 0) {
			close(fd);
			rc = has_ours(&h, index);
		}
		if (is_lack(rc) || rc == -ENODEV)
			rc = 1;
		if (rc == 0)
			snprintf(why, max, "interface %s lacks the program "
			    "(tcx) that drops what others lead there past "
			    "the rules", devices[i]);
		rc = rc < 0 ? explain(rc, devices[i], why, max) : !rc;
	}
	tcxgate_free(&h);
	return rc;
}
