/* onion/hs/hsdesc.h - descriptors of onion services (rend-spec-v3 2.4, 2.5)
 *
 * Three layers: signed, encrypted for those who know the address, and within it
 * for those who are authorized.  hsdesc_open() checks and opens them all.
 */
#ifndef ONION_HS_HSDESC_H
#define ONION_HS_HSDESC_H

#include <stddef.h>
#include <stdint.h>

#include "onion/hs/blind.h"
#include "onion/link/relayid.h"

enum {
	HSDESC_TEXT_MAX = 50 * 1000,	/* bytes, as fetched */
	HSDESC_INTROS_MAX = 20
};

struct hsdesc_intro {		/* an introduction point */
	struct hopinfo	relay;		/* link specifiers, its ntor key; no
					 * nickname and no caps */
	uint8_t		auth[32];	/* Ed25519, by which the relay knows the
					 * service */
	uint8_t		enc[32];	/* Curve25519, for hs-ntor */
};

struct hsdesc_pow {
	uint8_t		has;
	uint8_t		seed[32];
	uint32_t	effort;		/* suggested */
	int64_t		expires;	/* s since 1970 */
};

struct hsdesc {
	uint64_t	revision;
	int64_t		lifetime_s;
	int64_t		cert_expires;	/* of the signing key; s since 1970 */
	uint8_t		single;		/* single-onion-service */
	uint8_t		flow_control;	/* 1: congestion control is offered */
	uint8_t		sendme_inc;
	uint8_t		wants_auth;	/* intro-auth-required was there */
	struct hsdesc_pow pow;
	size_t		nintros;
	struct hsdesc_intro intro[HSDESC_INTROS_MAX];
};

/* @auth: the client's x25519 secret key for this service, or NULL.
 * 0 and a descriptor that its caller frees with free(), or
 * -WHY_HS_INVALID, -WHY_HS_AUTH_MISSING, -WHY_HS_AUTH_WRONG, -ENOMEM.
 * An introduction point that makes no sense is left out; none is no error. */
int	hsdesc_open(struct hsdesc **, const char *text, size_t len,
	    const struct blind *, const uint8_t auth[32], int64_t now);

#endif
