/* onion/link/chanshake.c - what the handshake's cells must say
 *
 * One function for each action of chan_fsm.c that belongs to the handshake.
 * Each gives CHAN_WHY_NONE, or why the channel has to die.
 *
 * TLS itself proves nothing (any certificate is taken); CERTS ties an Ed25519
 * and an RSA identity to the hash of the certificate that TLS showed, and those
 * must be the ones that were wanted.
 */
#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "onion/crypto/cert.h"
#include "onion/link/chan_int.h"
#include "onion/link/hello.h"

enum chan_why
chanshake_versions(struct chan *c)
{
	uint8_t *p = link_reserve(c->wire, HELLO_VERSIONS_LEN);

	if (p == NULL)
		return CHAN_WHY_LOST;
	hello_versions_build(p);
	link_commit(c->wire, HELLO_VERSIONS_LEN);
	c->versions_at = c->set->conf.loop->now;
	return CHAN_WHY_NONE;
}

enum chan_why
chanshake_keep_version(struct chan *c, const struct cell *cell)
{
	int version = hello_versions_pick(cell->body, cell->len);

	if (version < 0)
		return CHAN_WHY_PROTOCOL;
	c->version = (uint8_t)version;
	return CHAN_WHY_NONE;
}

static enum chan_why
check_identity(struct chan *c, const struct certs_result *got)
{
	if (!secret_is_zero(c->wanted.id.rsa, sizeof(got->rsa)) &&
	    memcmp(c->wanted.id.rsa, got->rsa, sizeof(got->rsa)) != 0) {
		chan_odd(c, "its RSA identity is not the expected one");
		return CHAN_WHY_IDENTITY;
	}
	if (c->wanted.id.has_ed &&
	    memcmp(c->wanted.id.ed, got->ed, sizeof(got->ed)) != 0) {
		chan_odd(c, "its Ed25519 identity is not the expected one");
		return CHAN_WHY_IDENTITY;
	}
	memcpy(c->id.rsa, got->rsa, sizeof(c->id.rsa));
	memcpy(c->id.ed, got->ed, sizeof(c->id.ed));
	c->id.has_ed = 1;
	return CHAN_WHY_NONE;
}

enum chan_why
chanshake_certs(struct chan *c, const struct cell *cell)
{
	struct cert_blob certs[CERT_BLOBS_MAX];
	struct certs_result got;
	enum chan_why why;
	uint8_t *body;
	int n, rc;

	if (cell->circ_id != 0)
		return CHAN_WHY_PROTOCOL;
	if ((n = cert_split(certs, cell->body, cell->len)) < 0)
		return CHAN_WHY_PROTOCOL;
	rc = cert_check_link(certs, (size_t)n, c->tls_sha256,
	    c->set->conf.loop->wall, &got);
	if (rc == -ESTALE)
		chan_odd(c, "its certificates are not valid now; "
		    "either it or our clock is wrong");
	if (rc < 0) {
		chan_log(c, LL_INFO, "CERTS: %s", strerror(-rc));
		return rc == -EEXIST ? CHAN_WHY_PROTOCOL : CHAN_WHY_IDENTITY;
	}
	if ((why = check_identity(c, &got)) != CHAN_WHY_NONE)
		return why;
	if ((body = chan_own_cell(c, CELL_NETINFO)) == NULL)
		return CHAN_WHY_LOST;
	hello_netinfo_build(body, &c->peer);
	return CHAN_WHY_NONE;
}

enum chan_why
chanshake_challenge(const struct cell *cell)
{
	if (cell->circ_id != 0 ||
	    hello_challenge_check(cell->body, cell->len) < 0)
		return CHAN_WHY_PROTOCOL;
	return CHAN_WHY_NONE;
}

enum chan_why
chanshake_netinfo(struct chan *c, const struct cell *cell)
{
	const struct loop *loop = c->set->conf.loop;
	struct hello_netinfo ni;

	if (hello_netinfo_parse(&ni, cell->body, cell->len) < 0)
		return CHAN_WHY_PROTOCOL;
	if (ni.time != 0 && loop->now - c->versions_at < CHAN_SKEW_MS) {
		c->skew = (int64_t)ni.time - loop->wall;
		c->has_skew = 1;
	}
	return CHAN_WHY_NONE;
}
