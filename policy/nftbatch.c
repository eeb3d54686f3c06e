/* policy/nftbatch.c - messages for the kernel, which takes all or none */
#include "policy/nftbatch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 4096 };

/* Zeroed, and aligned at its end; NULL: there is none. */
static void *
add(struct nftbatch *b, size_t len)
{
	size_t all = NLMSG_ALIGN(len), room = b->room ? b->room : ROOM_FIRST;
	uint8_t *p;

	if (b->err < 0)
		return NULL;
	if (len > NFTBATCH_MAX || b->len + all > NFTBATCH_MAX) {
		b->err = -E2BIG;
		return NULL;
	}
	while (room < b->len + all)
		room *= 2;
	if (room != b->room) {
		if ((p = realloc(b->bytes, room)) == NULL) {
			b->err = -ENOMEM;
			return NULL;
		}
		b->bytes = p;
		b->room = room;
	}
	p = b->bytes + b->len;
	memset(p, 0, all);
	b->len += all;
	return p;
}

static void
close_message(struct nftbatch *b)
{
	uint32_t len = (uint32_t)(b->len - b->message);

	if (b->err == 0 && b->len > b->message)
		memcpy(b->bytes + b->message, &len, sizeof(len));
}

static void
open_message(struct nftbatch *b, unsigned type, unsigned flags,
    uint8_t family, uint16_t res_id)
{
	struct nlmsghdr h = { .nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) };
	struct nfgenmsg g = { .nfgen_family = family,
		.version = NFNETLINK_V0, .res_id = htons(res_id) };
	uint8_t *p;

	close_message(b);
	b->message = b->len;
	h.nlmsg_seq = b->n;
	if ((p = add(b, sizeof(h) + sizeof(g))) == NULL)
		return;
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), &g, sizeof(g));
}

void
nftbatch_begin(struct nftbatch *b)
{
	memset(b, 0, sizeof(*b));
	open_message(b, NFNL_MSG_BATCH_BEGIN, 0, 0, NFNL_SUBSYS_NFTABLES);
}

/* Whether it was taken is told once, in answer to the last message. */
void
nftbatch_end(struct nftbatch *b)
{
	const uint16_t flags = NLM_F_REQUEST | NLM_F_ACK;
	struct nlmsghdr h;

	if (b->err == 0 && b->n) {
		memcpy(&h, b->bytes + b->message, sizeof(h));
		h.nlmsg_flags |= flags;
		memcpy(b->bytes + b->message, &h, sizeof(h));
	}
	open_message(b, NFNL_MSG_BATCH_END, 0, 0, NFNL_SUBSYS_NFTABLES);
	close_message(b);
}

void
nftbatch_free(struct nftbatch *b)
{
	free(b->bytes);
	memset(b, 0, sizeof(*b));
}

void
nftbatch_message(struct nftbatch *b, unsigned type, unsigned flags,
    uint8_t family)
{
	b->n++;
	open_message(b, (NFNL_SUBSYS_NFTABLES << 8) | type, flags, family, 0);
}

static void
put_head(uint8_t *at, unsigned type, size_t len)
{
	struct nlattr a = { .nla_type = (uint16_t)type,
		.nla_len = (uint16_t)len };

	memcpy(at, &a, sizeof(a));
}

void
nftbatch_put(struct nftbatch *b, unsigned type, const void *data, size_t len)
{
	uint8_t *p;

	if (len > UINT16_MAX - NLA_HDRLEN) {
		b->err = b->err ? b->err : -EMSGSIZE;
		return;
	}
	if ((p = add(b, NLA_HDRLEN + len)) == NULL)
		return;
	put_head(p, type, NLA_HDRLEN + len);
	if (len)
		memcpy(p + NLA_HDRLEN, data, len);
}

void
nftbatch_text(struct nftbatch *b, unsigned type, const char *s)
{
	nftbatch_put(b, type, s, strlen(s) + 1);
}

void
nftbatch_u32(struct nftbatch *b, unsigned type, uint32_t v)
{
	v = htonl(v);
	nftbatch_put(b, type, &v, sizeof(v));
}

size_t
nftbatch_nest(struct nftbatch *b, unsigned type)
{
	size_t at = b->len;

	nftbatch_put(b, NLA_F_NESTED | type, NULL, 0);
	return at;
}

void
nftbatch_unnest(struct nftbatch *b, size_t at)
{
	uint16_t len = (uint16_t)(b->len - at);

	if (b->err < 0)
		return;
	if (b->len - at > UINT16_MAX) {
		b->err = -EMSGSIZE;
		return;
	}
	memcpy(b->bytes + at, &len, sizeof(len));	/* nla_len */
}
