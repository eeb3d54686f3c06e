/* onion/dir/inflate.c - undoing compression while a document comes in
 *
 * Theory of operation
 *	The first two bytes decide: a gzip magic, a zlib header (whose check
 *	bits must hold, which plain text never does by its first letters: see
 *	is_zlib()), or else it is the document itself.  Output grows in one
 *	block that is handed over at the end, so nothing is copied twice.
 *
 *	    SNIFF -> PLAIN
 *	          -> STREAM -> BETWEEN -> STREAM ...	end is good in PLAIN,
 *							BETWEEN, and SNIFF
 * Limits
 *	The caller's ceiling, for what goes out and, with some slack, for what
 *	comes in (streams of nothing could go on for ever); INFLATE_BOMB_RATIO
 *	over what came in altogether.
 */
#include "onion/dir/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	FIRST = 16 * 1024,
	SLACK = 64 * 1024,	/* what stored blocks and headers add at most */
	WINDOW = 15, GZIP_WINDOW = 15 + 16
};

enum phase { FAILED, SNIFF, PLAIN, STREAM, BETWEEN };

struct inflate {
	enum phase	 phase;
	int		 err;
	uint8_t		*out;
	size_t		 len, cap, max;
	uint64_t	 fed;		/* bytes given to us so far */
	uint64_t	 in;		/* compressed bytes so far */
	uint8_t		 peek[2];
	size_t		 npeek;
	z_stream	 z;
	int		 have_z;
};

int
inflate_new(struct inflate **out, size_t max)
{
	struct inflate *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -ENOMEM;
	f->phase = SNIFF;
	f->max = max;
	*out = f;
	return 0;
}

void
inflate_free(struct inflate *f)
{
	if (f == NULL)
		return;
	if (f->have_z)
		inflateEnd(&f->z);
	free(f->out);
	free(f);
}

size_t
inflate_size(const struct inflate *f)
{
	return f->len;
}

static int
fail(struct inflate *f, int err)
{
	f->phase = FAILED;
	f->err = err;
	return err;
}

/* Room for one byte more than what may come, for the NUL. */
static int
grow(struct inflate *f, size_t want)
{
	size_t cap = f->cap ? f->cap : FIRST;
	uint8_t *p;

	if (want <= f->cap)
		return 0;
	while (cap < want)
		cap *= 2;
	if (cap > f->max + 1)
		cap = f->max + 1;
	if ((p = realloc(f->out, cap)) == NULL)
		return -ENOMEM;
	f->out = p;
	f->cap = cap;
	return 0;
}

static int
add_plain(struct inflate *f, const uint8_t *p, size_t len)
{
	if (len > f->max - f->len)
		return fail(f, -EMSGSIZE);
	if (grow(f, f->len + len + 1) < 0)
		return fail(f, -ENOMEM);
	if (len)
		memcpy(f->out + f->len, p, len);
	f->len += len;
	return 0;
}

static int
begin_stream(struct inflate *f, int window)
{
	memset(&f->z, 0, sizeof(f->z));
	if (inflateInit2(&f->z, window) != Z_OK)
		return fail(f, -ENOMEM);
	f->have_z = 1;
	f->phase = STREAM;
	return 0;
}

static int
is_bomb(const struct inflate *f)
{
	return f->len > INFLATE_BOMB_GRACE &&
	    f->len / INFLATE_BOMB_RATIO > f->in;
}

/* One call of zlib; the input moves on. */
static int
step(struct inflate *f)
{
	size_t room, before;
	int rc;

	/* One byte over the ceiling may be asked for, to see it exceeded. */
	if (f->len + 1 >= f->cap && f->cap <= f->max &&
	    grow(f, f->cap ? f->cap * 2 : FIRST) < 0)
		return fail(f, -ENOMEM);
	room = f->cap - f->len;
	f->z.next_out = f->out + f->len;
	f->z.avail_out = (uInt)room;
	before = f->z.avail_in;
	rc = inflate(&f->z, Z_NO_FLUSH);
	f->len += room - f->z.avail_out;
	f->in += before - f->z.avail_in;
	if (f->len > f->max)
		return fail(f, -EMSGSIZE);
	if (is_bomb(f))
		return fail(f, -E2BIG);
	if (rc == Z_STREAM_END) {
		inflateEnd(&f->z);
		f->have_z = 0;
		f->phase = BETWEEN;
		return 0;
	}
	if (rc == Z_MEM_ERROR)
		return fail(f, -ENOMEM);
	if (rc == Z_BUF_ERROR)	/* no progress: wants more input */
		return f->z.avail_in ? fail(f, -EBADMSG) : 0;
	return rc == Z_OK ? 0 : fail(f, -EBADMSG);
}

static int
run_stream(struct inflate *f, const uint8_t **p, size_t *len)
{
	uInt chunk = *len > 1U << 20 ? 1U << 20 : (uInt)*len;
	size_t before;
	int rc;

	f->z.next_in = (Bytef *)(uintptr_t)*p;
	f->z.avail_in = chunk;
	do {
		before = f->len;
		if ((rc = step(f)) < 0)
			return rc;
	} while (f->phase == STREAM && (f->z.avail_in || f->len != before));
	*p += chunk - f->z.avail_in;
	*len -= chunk - f->z.avail_in;
	return 0;
}

/* RFC 1950: method 8, window up to 32k, check bits; with a preset dictionary
 * we could do nothing. */
static int
is_zlib(const uint8_t *b)
{
	return (b[0] & 0x0f) == 8 && b[0] >> 4 <= 7 && !(b[1] & 0x20) &&
	    (b[0] << 8 | b[1]) % 31 == 0;
}

/* Two bytes are there: what begins?  Between streams it can only be another
 * one. */
static int
sniff(struct inflate *f)
{
	int between = f->phase == BETWEEN, rc;
	uint8_t two[2] = { f->peek[0], f->peek[1] };
	const uint8_t *p = two;
	size_t len = sizeof(two);

	f->npeek = 0;
	if (two[0] == 0x1f && two[1] == 0x8b)
		rc = begin_stream(f, GZIP_WINDOW);
	else if (is_zlib(two))
		rc = begin_stream(f, WINDOW);
	else if (between)
		return fail(f, -EBADMSG);
	else {
		f->phase = PLAIN;
		return add_plain(f, p, len);
	}
	return rc < 0 ? rc : run_stream(f, &p, &len);
}

int
inflate_feed(struct inflate *f, const void *data, size_t len)
{
	const uint8_t *p = data;
	int rc = 0;

	f->fed += len;
	if (f->phase != FAILED && f->fed > (uint64_t)f->max + SLACK)
		return fail(f, -EMSGSIZE);
	while (rc == 0 && len) {
		switch (f->phase) {
		case FAILED:
			return f->err;
		case SNIFF:
		case BETWEEN:
			f->peek[f->npeek++] = *p++;
			len--;
			if (f->npeek == 2)
				rc = sniff(f);
			break;
		case PLAIN:
			rc = add_plain(f, p, len);
			len = 0;
			break;
		case STREAM:
			rc = run_stream(f, &p, &len);
			break;
		}
	}
	return rc;
}

int
inflate_finish(struct inflate *f, uint8_t **out, size_t *len)
{
	int rc;

	if (f->phase == FAILED)
		return f->err;
	if (f->phase == STREAM)
		return fail(f, -EPIPE);
	if (f->phase == BETWEEN && f->npeek)
		return fail(f, -EBADMSG);
	if ((rc = add_plain(f, f->peek, f->npeek)) < 0)
		return rc;
	f->out[f->len] = '\0';
	*out = f->out;
	*len = f->len;
	f->out = NULL;
	f->len = f->cap = 0;
	f->phase = FAILED;
	f->err = -EINVAL;
	return 0;
}
