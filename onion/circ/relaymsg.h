/* onion/circ/relaymsg.h - the messages inside relay cells (tor-spec 6.1)
 *
 * The format of tor1 hops: the 509 bytes of a RELAY or RELAY_EARLY cell are
 *
 *	command 1 | recognized 2 | stream id 2 | digest 4 | length 2 | data 498
 *
 * What hopcrypt owns, recognized and the digest, is left alone here.  Views
 * borrow the body that they were parsed from; builders write the data of a
 * message (up to RELAY_DATA_MAX bytes) and give its length.  What follows the
 * fields of a message is ignored, except in DATA, where there is no such thing.
 */
#ifndef ONION_CIRC_RELAYMSG_H
#define ONION_CIRC_RELAYMSG_H

#include <stddef.h>
#include <stdint.h>

struct addr;

enum {
	RELAY_BODY	= 509,
	RELAY_HEAD	= 11,
	RELAY_DATA_MAX	= 498,
	RELAY_TAG	= 20,	/* quoted by SENDME */
	/* Zeros between a message and its padding (proposal 340 may use them),
	 * and how many random bytes make a cell unpredictable (289). */
	RELAY_PAD_GAP	= 4,
	RELAY_PAD_RANDOM = 16,
	RELAY_HOST_MAX	= 255
};

enum relay_cmd {
	RELAY_NONE		= 0,
	RELAY_BEGIN		= 1,
	RELAY_DATA		= 2,
	RELAY_END		= 3,
	RELAY_CONNECTED		= 4,
	RELAY_SENDME		= 5,
	RELAY_TRUNCATED		= 9,
	RELAY_DROP		= 10,
	RELAY_RESOLVE		= 11,
	RELAY_RESOLVED		= 12,
	RELAY_BEGIN_DIR		= 13,
	RELAY_EXTEND2		= 14,
	RELAY_EXTENDED2		= 15,
	RELAY_CONFLUX_LINK	= 19,	/* see conflux.h */
	RELAY_CONFLUX_LINKED	= 20,
	RELAY_CONFLUX_LINKED_ACK = 21,
	RELAY_CONFLUX_SWITCH	= 22,
	RELAY_ESTABLISH_RENDEZVOUS = 33,	/* rend-spec-v3 3, 4 */
	RELAY_INTRODUCE1	= 34,
	RELAY_RENDEZVOUS2	= 37,
	RELAY_RENDEZVOUS_ESTABLISHED = 39,
	RELAY_INTRODUCE_ACK	= 40,
	RELAY_PADDING_NEGOTIATE	= 41,	/* see circpad.h */
	RELAY_PADDING_NEGOTIATED = 42,
	RELAY_XOFF		= 43,
	RELAY_XON		= 44
};

enum relay_end {		/* reasons of END, tor-spec 6.3 */
	END_NONE		= 0,
	END_MISC		= 1,
	END_RESOLVEFAILED	= 2,
	END_CONNECTREFUSED	= 3,
	END_EXITPOLICY		= 4,
	END_DESTROY		= 5,
	END_DONE		= 6,
	END_TIMEOUT		= 7,
	END_NOROUTE		= 8,
	END_HIBERNATING		= 9,
	END_INTERNAL		= 10,
	END_RESOURCELIMIT	= 11,
	END_CONNRESET		= 12,
	END_TORPROTOCOL		= 13,
	END_NOTDIRECTORY	= 14
};

struct relaymsg {		/* borrowed view */
	uint8_t		 cmd;
	uint16_t	 stream;
	uint16_t	 len;
	const uint8_t	*data;
};

/* 0, or -EMSGSIZE: the length is more than the cell holds. */
int	relaymsg_parse(struct relaymsg *, const uint8_t body[RELAY_BODY]);
/* The head, for data of @len bytes that stand or will stand behind it; and
 * the padding behind those. */
void	relaymsg_head(uint8_t body[RELAY_BODY], uint8_t cmd, uint16_t stream,
	    size_t len);
void	relaymsg_pad(uint8_t body[RELAY_BODY], size_t len);
const char *relaymsg_name(uint8_t cmd);

/* BEGIN: "host:port" in lower case, IPv6 in brackets, flags only if there are
 * any.  -EINVAL: no host name or address that could be meant.  To an onion
 * service it is ":port", and nothing else (rend-spec-v3 5). */
int	relaymsg_put_begin_service(uint8_t data[RELAY_DATA_MAX],
	    uint16_t port);
int	relaymsg_put_begin(uint8_t data[RELAY_DATA_MAX], const char *host,
	    uint16_t port, uint32_t flags);
int	relaymsg_put_resolve(uint8_t data[RELAY_DATA_MAX], const char *name);
size_t	relaymsg_put_end(uint8_t data[RELAY_DATA_MAX], enum relay_end);
size_t	relaymsg_put_sendme(uint8_t data[RELAY_DATA_MAX],
	    const uint8_t tag[RELAY_TAG]);		/* version 1 */
size_t	relaymsg_put_xoff(uint8_t data[RELAY_DATA_MAX]);
size_t	relaymsg_put_xon(uint8_t data[RELAY_DATA_MAX], uint32_t kbps);

/* All: 0 or -EPROTO. @addr has family 0 where none was told. */
int	relaymsg_get_connected(const struct relaymsg *, struct addr *,
	    uint32_t *ttl_s);
int	relaymsg_get_end(const struct relaymsg *, uint8_t *reason,
	    struct addr *);
/* @version 0 has no tag. */
int	relaymsg_get_sendme(const struct relaymsg *, uint8_t *version,
	    const uint8_t **tag);
int	relaymsg_get_xoff(const struct relaymsg *);
int	relaymsg_get_xon(const struct relaymsg *, uint32_t *kbps);

/* What an END means to an endpoint's holder; @was_open: CONNECTED had come.
 * 0 only for DONE on an open stream. */
int	relaymsg_end_errno(uint8_t reason, int was_open);

#endif
