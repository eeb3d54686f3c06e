/* base/wire.h - bounded cursors over bytes from and to the network
 *
 * struct wire reads.  It never leaves its buffer: the first short read latches
 * @err, everything after it is a no-op that yields 0 or NULL, so a parser
 * checks once, at the end.  struct pack writes the same way: the first write
 * that does not fit latches @err and nothing after it is written.  Both borrow
 * their buffer.  All integers on the wire are big-endian; this is the only
 * byte-order code of the project.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct wire {
	const uint8_t	*at;	/* next byte */
	const uint8_t	*end;	/* one past the last byte */
	int		 err;	/* 0, or -EMSGSIZE once it ran short */
};

void		 wire_init(struct wire *, const void *buf, size_t len);
size_t		 wire_left(const struct wire *);
uint8_t		 wire_u8(struct wire *);
uint16_t	 wire_u16(struct wire *);
uint32_t	 wire_u32(struct wire *);
uint64_t	 wire_u64(struct wire *);
const uint8_t	*wire_take(struct wire *, size_t len);	/* NULL if short */
void		 wire_copy(struct wire *, void *out, size_t len);
void		 wire_sub(struct wire *, struct wire *out, size_t len);
int		 wire_done(const struct wire *);	/* 0 iff all read;
						 * -EMSGSIZE short,
						 * -EPROTO trailing */

struct pack {
	uint8_t	*base;
	uint8_t	*at;
	uint8_t	*end;
	int	 err;		/* 0, or -ENOBUFS once it ran over */
};

void	 pack_init(struct pack *, void *buf, size_t len);
void	 pack_u8(struct pack *, uint8_t);
void	 pack_u16(struct pack *, uint16_t);
void	 pack_u32(struct pack *, uint32_t);
void	 pack_u64(struct pack *, uint64_t);
void	 pack_put(struct pack *, const void *, size_t len);
size_t	 pack_len(const struct pack *);

uint16_t wire_get16(const uint8_t *);
uint32_t wire_get32(const uint8_t *);
void	 wire_set16(uint8_t *, uint16_t);
void	 wire_set32(uint8_t *, uint32_t);

#endif
