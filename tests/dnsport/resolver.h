/* tests/dnsport/resolver.h - resolvers at the other end of streams, by hand
 *
 * fake_connect() gives a stream; what is written to it is cut into questions,
 * which the test answers.  Nothing happens but by the test's calls.
 */
#ifndef TESTS_DNSPORT_RESOLVER_H
#define TESTS_DNSPORT_RESOLVER_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/wire.h"
#include "dnsport/record.h"

enum { FAKES_MAX = 512, FAKE_BYTES = 1 << 17 };

struct fake {
	struct endpoint	 ep;		/* first: cast back */
	struct addr	 resolver;
	struct dns_from	 from;
	int		 dead;		/* killed, or told gone */
	int		 killed;
	int		 block;		/* takes nothing */
	size_t		 credit;
	uint8_t		 got[FAKE_BYTES];
	size_t		 len, read;
};

static struct {
	struct fake	*f[FAKES_MAX];
	unsigned	 n;
	int		 rc;		/* of the next connect() */
	unsigned	 refused;
} fakes;

static size_t
fake_send(struct endpoint *e, const void *p, size_t len)
{
	struct fake *f = (struct fake *)e;

	ck_assert(!f->dead);
	if (f->block)
		return 0;
	ck_assert_uint_le(f->len + len, sizeof(f->got));
	memcpy(f->got + f->len, p, len);
	f->len += len;
	return len;
}

static void
fake_grant(struct endpoint *e, size_t n)
{
	struct fake *f = (struct fake *)e;

	ck_assert(!f->dead);
	f->credit += n;
}

static void
fake_fin(struct endpoint *e)
{
	(void)e;
}

static void
fake_kill(struct endpoint *e, int why)
{
	struct fake *f = (struct fake *)e;

	(void)why;
	ck_assert(!f->dead);
	f->dead = f->killed = 1;
}

static const struct endpoint_ops fake_ops = { .send = fake_send,
	.grant = fake_grant, .fin = fake_fin, .kill = fake_kill };

static inline int
fake_connect(void *arg, const struct dns_from *from, const struct addr *a,
    struct endpoint **out)
{
	struct fake *f;

	(void)arg;
	if (fakes.rc < 0) {
		fakes.refused++;
		return fakes.rc;
	}
	ck_assert_uint_lt(fakes.n, FAKES_MAX);
	f = calloc(1, sizeof(*f));
	f->ep.ops = &fake_ops;
	f->resolver = *a;
	f->from = *from;
	fakes.f[fakes.n++] = f;
	*out = &f->ep;
	return 0;
}

static inline void
fakes_free(void)
{
	while (fakes.n)
		free(fakes.f[--fakes.n]);
	memset(&fakes, 0, sizeof(fakes));
}

/* As much as there is credit for, as a stream does. */
static inline void
fake_say(struct fake *f, const void *p, size_t len)
{
	ck_assert(!f->dead);
	ck_assert_uint_le(len, f->credit);
	f->credit -= len;
	f->ep.user->data(f->ep.arg, p, len);
}

static inline void
fake_gone(struct fake *f, int why)
{
	ck_assert(!f->dead);
	f->dead = 1;
	f->ep.user->gone(f->ep.arg, why);
}

/* The next question that was written, without its length; NULL: none. */
static inline const uint8_t *
fake_next(struct fake *f, size_t *len)
{
	const uint8_t *p = f->got + f->read;

	if (f->len - f->read < 2 || f->len - f->read < 2u + wire_get16(p))
		return NULL;
	*len = wire_get16(p);
	f->read += 2 + *len;
	return p + 2;
}

/* An answer to @question: its header and question, with @flags, and @n bytes of
 * records behind it. */
static inline void
fake_answer(struct fake *f, const uint8_t *question, uint16_t flags,
    uint16_t count, const void *records, size_t n)
{
	uint8_t buf[2 + 65535];
	size_t end = 12;

	while (question[end])
		end += 1u + question[end];
	end += 5;
	memcpy(buf + 2, question, end);
	wire_set16(buf + 4, flags);
	wire_set16(buf + 6, 1);
	wire_set16(buf + 8, count);
	wire_set16(buf + 10, 0);
	wire_set16(buf + 12, 0);
	if (n)
		memcpy(buf + 2 + end, records, n);
	wire_set16(buf, (uint16_t)(end + n));
	fake_say(f, buf, 2 + end + n);
}

#endif
