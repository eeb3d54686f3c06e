/* onion/dir/consverify.c - who signed a consensus
 *
 * The count goes over the authorities that we trust, not over the signatures:
 * however often an authority signed, or was said to have, it is one.
 */
#include "onion/dir/consensus.h"

#include <errno.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/authcert.h"

enum vote { VOTE_NONE, VOTE_BAD, VOTE_MISSING, VOTE_GOOD };	/* ascending */

static void
want_cert(struct consensus_tally *t, const struct consensus_sig *s)
{
	size_t i;

	for (i = 0; i < t->nmissing; i++)
		if (memcmp(t->missing[i].id, s->id, 20) == 0 &&
		    memcmp(t->missing[i].sk, s->sk, 20) == 0)
			return;
	memcpy(t->missing[t->nmissing].id, s->id, 20);
	memcpy(t->missing[t->nmissing].sk, s->sk, 20);
	t->nmissing++;
}

static enum vote
check_sig(const struct consensus *c, const struct consensus_sig *s,
    const struct authcert_set *set, int64_t now, struct consensus_tally *t)
{
	const struct authcert *cert = authcert_set_find(set, s->id, s->sk);

	if (cert == NULL || cert->expires <= now) {
		want_cert(t, s);
		return VOTE_MISSING;
	}
	return crypt_rsa_verify(cert->key, s->bytes, s->len, c->sha256,
	    sizeof(c->sha256)) == 0 ? VOTE_GOOD : VOTE_BAD;
}

/* The best that authority @id can show for this consensus. */
static enum vote
vote_of(const struct consensus *c, const uint8_t id[20],
    const struct authcert_set *set, int64_t now, struct consensus_tally *t)
{
	enum vote best = VOTE_NONE, one;
	size_t i;

	for (i = 0; i < c->nsigs && best != VOTE_GOOD; i++) {
		if (memcmp(c->sigs[i].id, id, 20) != 0)
			continue;
		one = check_sig(c, &c->sigs[i], set, now, t);
		if (one > best)
			best = one;
	}
	return best;
}

int
consensus_verify(const struct consensus *c, const struct authcert_set *set,
    int64_t now, struct consensus_tally *t)
{
	size_t i, maybe = 0;

	memset(t, 0, sizeof(*t));
	t->trusted = authcert_set_trusted(set);
	t->needed = t->trusted / 2 + 1;
	for (i = 0; i < c->nsigs; i++)
		t->unknown += !authcert_set_trusts(set, c->sigs[i].id);
	for (i = 0; i < t->trusted; i++)
		switch (vote_of(c, authcert_set_id(set, i), set, now, t)) {
		case VOTE_GOOD:
			t->good++;
			break;
		case VOTE_MISSING:
			maybe++;
			break;
		case VOTE_BAD:
			t->bad++;
			break;
		case VOTE_NONE:
			break;
		}
	if (t->good >= t->needed)
		return 0;
	return t->good + maybe >= t->needed ? -EAGAIN : -EBADMSG;
}
