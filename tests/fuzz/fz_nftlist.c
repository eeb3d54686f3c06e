/* tests/fuzz/fz_nftlist.c - what the kernel, or who takes its place, tells of
 * rules, and what nft says
 *
 * Whatever it is: a list differs from itself in nothing, differences are one
 * printable sentence, and a copy names no table but its own.
 */
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netlink/msg.h>
#include <string.h>

#include "policy/nftbatch.h"
#include "policy/nftevent.h"
#include "policy/nfthold.h"
#include "policy/nftlist.h"
#include "policy/nftrun.h"
#include "tests/fuzz/fuzz.h"

enum { WHY = 256 };

static const struct nftlist_table ours[] = {
	{ NFPROTO_INET, "ot" }, { NFPROTO_NETDEV, "ot_out" }
};

static void
check_sentence(const char *s)
{
	size_t i;

	must(strlen(s) > 0 && strlen(s) < WHY);
	for (i = 0; s[i]; i++)
		must(s[i] >= ' ' && s[i] < 0x7f);
}

/* The first half of the messages, then all of them. */
static void
read_all(const uint8_t *data, size_t len, struct nftlist *l, size_t most)
{
	struct nftevent e = { .touched = 0 };
	const struct nlmsghdr *h = (const void *)data;
	int left = (int)len;
	size_t n = 0;

	for (; n < most && nlmsg_ok(h, left); n++) {
		(void)nftlist_read(l, h, ours, 2);
		nftevent_read(&e, h, ours, 2);
		h = nlmsg_next((struct nlmsghdr *)(uintptr_t)h, &left);
	}
	must(memchr(e.comm, '\0', sizeof(e.comm)) != NULL);
}

static void
check_copy(const struct nftlist *l)
{
	static const struct nftlist_table as = { NFPROTO_INET, "ot_hold_1_0" };
	struct nftlist copy = { .n = 0 };
	const struct nlmsghdr *h;
	struct nftbatch b;
	int left;
	size_t i;

	nftbatch_begin(&b);
	if (nfthold_copy(&b, l, &ours[0], as.name) > 0 && b.err == 0) {
		nftbatch_end(&b);
		left = (int)b.len;
		for (h = (const void *)b.bytes; nlmsg_ok(h, left);
		    h = nlmsg_next((struct nlmsghdr *)(uintptr_t)h, &left))
			must(nftlist_read(&copy, h, &as, 1) == 0);
		must(left == 0 && copy.n == b.n);
		must(copy.items[0].kind == NFTLIST_TABLE &&
		    nftlist_flags(&copy.items[0]) == NFT_TABLE_F_OWNER);
		for (i = 1; i < copy.n; i++)
			must(copy.items[i].kind != NFTLIST_TABLE &&
			    copy.items[i].kind != NFTLIST_FLOWTABLE);
	}
	nftbatch_free(&b);
	nftlist_free(&copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nftlist half = { .n = 0 }, whole = { .n = 0 };
	struct nftnormal a, b;
	char why[WHY] = "";
	uint8_t *copy = malloc(len + 1);	/* aligned */

	must(copy != NULL);
	memcpy(copy, data, len);
	copy[len] = 0;
	nftrun_explain((const char *)copy, len, why, sizeof(why));
	check_sentence(why);
	read_all(copy, len, &half, 4);
	read_all(copy, len, &whole, 1000);
	if (nftnormal_make(&a, &half) == 0) {
		must(nftnormal_differ(&a, &a, why, sizeof(why)) == 0);
		if (nftnormal_make(&b, &whole) == 0) {
			if (nftnormal_differ(&b, &a, why, sizeof(why)))
				check_sentence(why);
			if (nftnormal_differ(&a, &b, why, sizeof(why)))
				check_sentence(why);
			nftnormal_free(&b);
		}
		nftnormal_free(&a);
	}
	check_copy(&whole);
	nftlist_free(&half);
	nftlist_free(&whole);
	free(copy);
	return 0;
}
