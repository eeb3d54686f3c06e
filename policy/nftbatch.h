/* policy/nftbatch.h - messages for the kernel, which takes all or none
 *
 * Bytes only; nftsock_batch() sends them.  What fails is kept in @err: the
 * caller looks once, at the end.
 */
#ifndef POLICY_NFTBATCH_H
#define POLICY_NFTBATCH_H

#include <stddef.h>
#include <stdint.h>

enum { NFTBATCH_MAX = 32 << 20 };

struct nftbatch {
	uint8_t	*bytes;
	size_t	 len, room;
	size_t	 message;	/* where the one begins that is written */
	unsigned n;		/* messages, without begin and end */
	int	 err;
};

void	nftbatch_begin(struct nftbatch *);
void	nftbatch_end(struct nftbatch *);
void	nftbatch_free(struct nftbatch *);

/* @type: NFT_MSG_*; @flags: NLM_F_* beside those of every request */
void	nftbatch_message(struct nftbatch *, unsigned type, unsigned flags,
	    uint8_t family);
void	nftbatch_put(struct nftbatch *, unsigned type, const void *, size_t);
void	nftbatch_text(struct nftbatch *, unsigned type, const char *);
void	nftbatch_u32(struct nftbatch *, unsigned type, uint32_t);
/* What is put between these is in an attribute of @type. */
size_t	nftbatch_nest(struct nftbatch *, unsigned type);
void	nftbatch_unnest(struct nftbatch *, size_t);

#endif
