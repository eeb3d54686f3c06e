/* base/rand.c - randomness: a userspace ChaCha20 generator seeded by the kernel
 *
 * libsodium's internal generator asks for the process id at each use, which is
 * a system call; every short relay cell is padded with random bytes.  So small
 * amounts are drawn from @stock, which is filled now and then; what was given
 * out is wiped from it.
 *
 * A process made by fork() would go on with the same stream as its parent;
 * the handler that rand_init() leaves behind empties the stock and seeds anew.
 */
#include "base/rand.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <sodium/randombytes_internal_random.h>

/* seccomp: getrandom */

enum { STOCK = 8192, SMALL = 512 };

static int forks_handled;
static uint8_t stock[STOCK];
static size_t left;		/* bytes of the stock not given out */

static void
start_anew(void)
{
	left = 0;
	randombytes_stir();
}

void
rand_init(void)
{
	randombytes_set_implementation(&randombytes_internal_implementation);
	if (sodium_init() < 0)
		abort();
	start_anew();
	if (!forks_handled && pthread_atfork(NULL, NULL, start_anew) != 0)
		abort();
	forks_handled = 1;
}

void
rand_bytes(void *p, size_t len)
{
	if (len > SMALL) {
		randombytes_buf(p, len);
		return;
	}
	if (left < len) {
		randombytes_buf(stock, sizeof(stock));
		left = sizeof(stock);
	}
	left -= len;
	memcpy(p, stock + left, len);
	sodium_memzero(stock + left, len);
}

uint32_t
rand_u32(void)
{
	uint32_t v;

	rand_bytes(&v, sizeof(v));
	return v;
}

uint64_t
rand_u64(void)
{
	uint64_t v;

	rand_bytes(&v, sizeof(v));
	return v;
}

uint64_t
rand_below(uint64_t n)
{
	uint64_t v, floor;

	if (n < 2)
		return 0;
	floor = (0 - n) % n;		/* 2^64 mod n: what would bias */
	do
		v = rand_u64();
	while (v < floor);
	return v % n;
}

int64_t
rand_range(int64_t lo, int64_t hi)
{
	uint64_t span = (uint64_t)hi - (uint64_t)lo;

	if (hi <= lo)
		return lo;
	return (int64_t)((uint64_t)lo +
	    (span == UINT64_MAX ? rand_u64() : rand_below(span + 1)));
}

double
rand_unit(void)
{
	return (double)(rand_u64() >> 11) / 9007199254740992.0; /* 2^53 */
}

void
rand_shuffle(void *base, size_t n, size_t size)
{
	unsigned char tmp[256], *b = base;
	size_t i, j;

	if (size > sizeof(tmp))
		abort();
	for (i = n; i > 1; i--) {
		j = (size_t)rand_below(i);
		memcpy(tmp, b + (i - 1) * size, size);
		memmove(b + (i - 1) * size, b + j * size, size);
		memcpy(b + j * size, tmp, size);
	}
}
