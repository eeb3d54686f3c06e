/* onion/circ/extendmsg.h - EXTEND2, EXTENDED2, CREATE2, CREATED2
 *
 * The messages that carry a handshake (tor-spec 5.1, 5.1.2).  EXTEND2 names
 * the relay by link specifiers: IPv4 [00], RSA [02] and, if wanted, Ed25519
 * [03], in this order; never IPv6, which would tell us from other clients.
 */
#ifndef ONION_CIRC_EXTENDMSG_H
#define ONION_CIRC_EXTENDMSG_H

#include <stddef.h>
#include <stdint.h>

#include "onion/circ/relaymsg.h"

struct hopinfo;

/* The length; -EADDRNOTAVAIL: it has no IPv4 address; -EMSGSIZE. */
int	extendmsg_put_extend2(uint8_t data[RELAY_DATA_MAX],
	    const struct hopinfo *, int with_ed, uint16_t htype,
	    const uint8_t *hdata, size_t hlen);
int	extendmsg_put_create2(uint8_t body[RELAY_BODY], uint16_t htype,
	    const uint8_t *hdata, size_t hlen);

/* HDATA within EXTENDED2, or the body of CREATED2; 0 or -EPROTO. */
int	extendmsg_get_reply(const uint8_t *p, size_t len,
	    const uint8_t **hdata, size_t *hlen);

#endif
