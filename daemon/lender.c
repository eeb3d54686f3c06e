/* daemon/lender.c - what the parent makes of what the engine says */
#include "daemon/lender.h"

#include <errno.h>
#include <string.h>

#include "daemon/conf_util.h"
#include "daemon/lend.h"
#include "daemon/procmsg.h"

void
lender_round(struct lender *l)
{
	l->heard = 0;
	conf_strings_free(&l->asked);
}

void
lender_free(struct lender *l)
{
	conf_strings_free(&l->asked);
	conf_strings_free(&l->made);
}

static int
is_among(const struct conf_strings *s, const char *text)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->item[i], text) == 0)
			return 1;
	return 0;
}

static int
remember(struct conf_strings *s, const char *text)
{
	return is_among(s, text) ? 0 : conf_strings_add(s, text, strlen(text));
}

/* A Unix socket is had once in a round: to find out whether somebody is there
 * can take time, and it could be the engine itself that hangs. */
static int
may_lend(struct lender *l, const struct lend_row *r)
{
	if (r->kind == BORROW_NONE)
		return -EPERM;
	if (r->kind != BORROW_UNIX)
		return 0;
	if (r->path == NULL || is_among(&l->asked, r->path))
		return -EPERM;
	return remember(&l->asked, r->path);
}

/* How many descriptors, or -errno. */
static int
lend(struct lender *l, const struct conf *c, int32_t row, int *fd)
{
	struct lend_row r;
	int rc;

	if (c == NULL || row < 0 || !lend_row(c, (size_t)row, &r))
		return -EPERM;
	if ((rc = may_lend(l, &r)) < 0 ||
	    (rc = l->open(c, (size_t)row, fd)) < 0)
		return rc;
	if (r.kind == BORROW_TUN)
		l->tun = 1;
	if (r.kind == BORROW_UNIX)
		(void)remember(&l->made, r.path);
	return (int)borrow_count(r.kind);
}

static enum lender_verdict
answer_with(struct lender *l, const struct conf *c, int32_t row,
    struct procmsg *answer)
{
	int fd[BORROW_FDS_MAX], n = lend(l, c, row, fd), i;

	memset(answer, 0, sizeof(*answer));
	answer->type = n < 0 ? PROCMSG_FAILED : PROCMSG_LENT;
	answer->value = n < 0 ? n : 0;
	for (i = 0; i < n; i++)
		answer->fds[answer->nfds++] = fd[i];
	return LENDER_ANSWER;
}

static enum lender_verdict
kill_it(struct lender *l, const char *why)
{
	l->why = why;
	return LENDER_KILL;
}

enum lender_verdict
lender_hear(struct lender *l, int rc, struct procmsg *m, const struct conf *c,
    const struct conf *fresh, struct procmsg *answer)
{
	if (rc < 0)
		return kill_it(l, "says what is no message");
	if (m->nfds) {
		procmsg_close(m);
		return kill_it(l, "gives what nobody asked for");
	}
	if (++l->heard > LENDER_HEARD_MAX)
		return kill_it(l, "asks for too much");
	switch (m->type) {
	case PROCMSG_LEND:
		return answer_with(l, c, m->value, answer);
	case PROCMSG_LEND_NEW:
		return answer_with(l, fresh, m->value, answer);
	case PROCMSG_UP:
		if (!l->up) {
			l->up = 1;
			return LENDER_UP;
		}
		/* fallthrough */
	default:
		return kill_it(l, "says what it has no business to");
	}
}
