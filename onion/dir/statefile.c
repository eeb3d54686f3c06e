/* onion/dir/statefile.c - the file `state`, as tor writes it
 *
 * Theory of operation
 *	Load: each sound line goes to the owner of its key, or is kept as text
 *	for the next save.  A line is a word, one blank, and the rest; blank
 *	lines and comments say nothing.  Bytes that are no text, a word that is
 *	none, or a last line without its end are damage.  So is a file without
 *	LastWritten, which all have, and ours have last: it was cut.
 *
 *	Save: comments, every owner's lines, the kept ones, LastWritten.  The
 *	first change since the last save starts the clock; one that matters more
 *	may only bring the time forward.  Which guards there are matters most:
 *	they are written before they are met, since who could make us die at the
 *	first meeting, before that, could have us choose new ones until one is
 *	its own.
 */
#include "onion/dir/statefile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "onion/dir/netdoc.h"
#include "onion/dir/store.h"

enum {
	SOON_MS = 1000,			/* after the last save */
	LATE_MS = 10 * 60 * 1000,
	LINE_MAX_LEN = 8192,
	KEY_MAX_LEN = 64
};

struct owner {
	const struct statefile_owner	*ops;
	void				*arg;
};

struct statefile {
	struct loop		*loop;
	struct store		*store;
	struct owner		 owners[STATEFILE_OWNERS_MAX];
	size_t			 nowners;
	struct buf		 kept;		/* lines of nobody */
	struct buf		*out;		/* inside save() */
	int			 overflow;
	int			 saw_end;
	int			 dirty;
	int64_t			 saved;		/* or tried to */
	struct loop_timer	 timer;
};

/* --- reading --- */

static int
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

static int
is_text(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f)
			return 0;
	return 1;
}

/* 1: a line with key and value, both copied to @text; 0: says nothing; -1. */
static int
split(char text[LINE_MAX_LEN], const char *s, size_t len, const char **value)
{
	size_t k = 0;

	while (len && (s[len - 1] == '\r' || s[len - 1] == ' '))
		len--;
	if (len == 0 || s[0] == '#')
		return 0;
	if (len >= LINE_MAX_LEN || !is_text(s, len))
		return -1;
	while (k < len && is_key_char(s[k]))
		k++;
	if (k == 0 || k > KEY_MAX_LEN || (k < len && s[k] != ' '))
		return -1;
	memcpy(text, s, len);
	text[len] = text[k] = '\0';
	*value = text + (k < len ? k + 1 : k);
	return 1;
}

size_t
statefile_parse(const char *s, size_t len, void (*line)(void *, const char *,
    const char *), void *arg)
{
	const char *end = s + len, *nl, *value;
	char text[LINE_MAX_LEN];
	size_t bad = 0;
	int rc;

	for (; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL) {	/* torn off: what is missing? */
			bad++;
			break;
		}
		rc = split(text, s, (size_t)(nl - s), &value);
		if (rc < 0)
			bad++;
		else if (rc > 0)
			line(arg, text, value);
	}
	return bad;
}

static const struct owner *
owner_of(const struct statefile *f, const char *key)
{
	const char *const *k;
	size_t i;

	for (i = 0; i < f->nowners; i++)
		for (k = f->owners[i].ops->keys; *k; k++)
			if (strcasecmp(*k, key) == 0)
				return &f->owners[i];
	return NULL;
}

static void
keep(struct buf *b, const char *key, const char *value)
{
	size_t k = strlen(key), v = strlen(value);
	uint8_t *p;

	if ((p = buf_reserve(b, k + v + 2)) == NULL)
		return;
	memcpy(p, key, k);
	p[k] = ' ';
	memcpy(p + k + 1, value, v);
	p[k + 1 + v] = '\n';
	buf_commit(b, k + v + 2);
}

static void
load_line(void *arg, const char *key, const char *value)
{
	struct statefile *f = arg;
	const struct owner *o = owner_of(f, key);
	char show[80];

	if (strcasecmp(key, "LastWritten") == 0)
		f->saw_end = 1;
	else if (o == NULL)
		keep(&f->kept, key, value);
	else if (o->ops->line(o->arg, key, value) < 0)
		log_warn(LD_GENERAL, "A line \"%s %s\" in the state file makes "
		    "no sense; it is dropped.", key,
		    log_text(show, sizeof(show), value, strlen(value)));
}

/* Our own name for it, so that it is never overwritten before it was seen. */
static void
put_aside(struct statefile *f, const char *why)
{
	log_warn(LD_GENERAL, "The state file is damaged (%s). It is kept as "
	    "\"state.corrupt\"; what can be read of it is used. Guards may "
	    "have been lost: if this was not an accident of the disk, find out "
	    "who wrote to the data directory.", why);
	store_rename(f->store, "state", "state.corrupt");
}

int
statefile_load(struct statefile *f)
{
	uint8_t *text;
	size_t len, bad;
	int rc;

	if (f->store == NULL)
		return 0;
	rc = store_read(f->store, "state", STATEFILE_MAX, &text, &len);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0) {
		put_aside(f, strerror(-rc));
		return rc;
	}
	f->saw_end = 0;
	bad = statefile_parse((const char *)text, len, load_line, f);
	free(text);
	if (bad == 0 && f->saw_end)
		return 0;
	put_aside(f, bad ? "there is something in it that is no line" :
	    "its end is missing");
	statefile_dirty(f, 1);
	return -EBADMSG;
}

/* --- writing --- */

static void __attribute__((format(printf, 3, 0)))
put_line(struct statefile *f, const char *key, const char *fmt, va_list ap)
{
	char value[LINE_MAX_LEN];
	int n = vsnprintf(value, sizeof(value), fmt, ap);
	size_t before;

	if (n < 0 || (size_t)n + strlen(key) + 2 > sizeof(value) ||
	    !is_text(value, (size_t)n)) {
		log_warn(LD_GENERAL, "A line \"%s\" is unfit for the state "
		    "file; left out.", key);
		return;
	}
	before = f->out->len;
	keep(f->out, key, value);
	if (f->out->len == before)
		f->overflow = 1;
}

void
statefile_put(struct statefile *f, const char *key, const char *fmt, ...)
{
	va_list ap;

	if (f->out == NULL)
		return;
	va_start(ap, fmt);
	put_line(f, key, fmt, ap);
	va_end(ap);
}

static int
compose(struct statefile *f, struct buf *b)
{
	static const char head[] =
	    "# State of onion-transparent, in the format of tor's state file.\n"
	    "# Times are in UTC.  There is no need to edit this file.\n\n";
	char now[20];
	size_t i;

	f->out = b;
	f->overflow = buf_add(b, head, sizeof(head) - 1) < 0;
	netdoc_time_text(now, f->loop->wall);
	for (i = 0; i < f->nowners; i++)
		f->owners[i].ops->save(f->owners[i].arg, f);
	if (buf_add(b, buf_head(&f->kept), f->kept.len) < 0)
		f->overflow = 1;
	statefile_put(f, "LastWritten", "%s", now);
	f->out = NULL;
	return f->overflow ? -ENOBUFS : 0;
}

int
statefile_flush(struct statefile *f)
{
	struct store_part part;
	struct buf b;
	int rc;

	loop_timer_clear(f->loop, &f->timer);
	if (!f->dirty || f->store == NULL)
		return 0;
	buf_init(&b, STATEFILE_MAX);
	if ((rc = compose(f, &b)) < 0)
		log_warn(LD_GENERAL, "The state is too large to be written.");
	else {
		part.p = buf_head(&b);
		part.len = b.len;
		rc = store_write(f->store, "state", &part, 1);
	}
	buf_free(&b);
	f->saved = f->loop->now;
	f->dirty = rc < 0;
	if (rc < 0)
		loop_timer_in(f->loop, &f->timer, LATE_MS);
	return rc;
}

static void
on_timer(void *arg)
{
	statefile_flush(arg);
}

void
statefile_dirty(struct statefile *f, int soon)
{
	int64_t now = f->loop->now, at = now + LATE_MS;

	if (soon)
		at = f->saved + SOON_MS > now ? f->saved + SOON_MS : now;
	if (f->store == NULL || (f->dirty && f->timer.armed &&
	    f->timer.at <= at))
		return;
	f->dirty = 1;
	loop_timer_set(f->loop, &f->timer, at);
}

/* --- life --- */

int
statefile_new(struct statefile **out, struct loop *loop, struct store *store)
{
	struct statefile *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -ENOMEM;
	f->loop = loop;
	f->store = store;
	buf_init(&f->kept, STATEFILE_MAX / 2);
	f->saved = loop->now - SOON_MS;
	loop_timer_init(&f->timer, on_timer, f);
	*out = f;
	return 0;
}

void
statefile_free(struct statefile *f)
{
	if (f == NULL)
		return;
	loop_timer_clear(f->loop, &f->timer);
	buf_free(&f->kept);
	free(f);
}

int
statefile_own(struct statefile *f, const struct statefile_owner *ops,
    void *arg)
{
	const char *const *k;

	for (k = ops->keys; *k; k++)
		if (owner_of(f, *k))
			return -EEXIST;
	if (f->nowners == STATEFILE_OWNERS_MAX)
		return -ENOSPC;
	f->owners[f->nowners].ops = ops;
	f->owners[f->nowners++].arg = arg;
	return 0;
}
