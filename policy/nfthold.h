/* policy/nfthold.h - a copy of what lets packets out, in tables with an owner
 *
 * `nft flush ruleset`, said by anybody, takes all tables but those that are
 * owned by a socket which is still open.  So the part of our rules that decides
 * what leaves is there twice: in our tables, and as a copy in tables of ours
 * with that flag.  Whatever leaves must be let out by both, so that with the
 * first gone nothing more leaves than before.
 *
 * Copied are the base chains of type filter at the hooks by which packets leave
 * (forward, output, postrouting, egress), all chains that are none, sets,
 * elements and objects; a copied chain comes after its original, by one.  NAT
 * is not copied, nor flow tables: what needs them
 * does not get out without them.
 */
#ifndef POLICY_NFTHOLD_H
#define POLICY_NFTHOLD_H

#include <stddef.h>

#include "policy/nftlist.h"

struct nftbatch;

#define NFTHOLD_PREFIX	"ot_hold_"

/* The name of the copy of the @nth table: ot_hold_<instance>_<nth>. */
void	nfthold_name(char out[NFTLIST_NAME], const char *instance, size_t nth);
/* Is it the name of such a copy, by whomever it was made? */
int	nfthold_is(const char *name);

/* Adds what makes the copy of @table, as @list has it, under the name @as.
 * 0: there is nothing in it that decides what leaves; 1 otherwise. */
int	nfthold_copy(struct nftbatch *, const struct nftlist *list,
	    const struct nftlist_table *table, const char *as);
/* A table with an owner and nothing in it. */
void	nfthold_empty(struct nftbatch *, uint8_t family, const char *as);
void	nfthold_delete(struct nftbatch *, uint8_t family, const char *as);

#endif
