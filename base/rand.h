/* base/rand.h - randomness: a userspace ChaCha20 generator seeded by the kernel
 *
 * rand_init() must be called once, before anything else here; it ends the
 * program where no entropy can be had, since nothing that we do is safe
 * without.  All results are unpredictable and uniform.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

void		rand_init(void);
void		rand_bytes(void *, size_t len);
uint32_t	rand_u32(void);
uint64_t	rand_u64(void);
uint64_t	rand_below(uint64_t n);		/* [0, n); 0 where n is 0 */
int64_t		rand_range(int64_t lo, int64_t hi);	/* [lo, hi] */
double		rand_unit(void);		/* [0, 1) */
void		rand_shuffle(void *base, size_t n, size_t size);

#endif
