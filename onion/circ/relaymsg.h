/* onion/circ/relaymsg.h - the messages inside relay cells (tor-spec 6.1)
 *
 * The 509 bytes of a RELAY or RELAY_EARLY cell, by the encryption of the hop
 * that they are for or from: of tor1 (RELAY_V0)
 *
 *	command 1 | recognized 2 | stream id 2 | digest 4 | length 2 | data 498
 *
 * and of CGO (RELAY_V1; proposal 359)
 *
 *	tag 16 | command 1 | length 2 | stream id 2 | data 488
 *
 * where the stream id, and only it, is left out of messages that are for no
 * stream by their nature: they have 490.
 *
 * What hopcrypt owns, recognized, digest and tag, is left alone here.  Views
 * borrow the body that they were parsed from; builders write the data of a
 * message (up to RELAY_DATA_MAX bytes, and no more than relaymsg_max() can be
 * sent) and give its length.  What follows the fields of a message is ignored,
 * except in DATA, where there is no such thing.
 */
#ifndef ONION_CIRC_RELAYMSG_H
#define ONION_CIRC_RELAYMSG_H

#include <stddef.h>
#include <stdint.h>

struct addr;

enum {
	RELAY_BODY	= 509,
	RELAY_DATA_MAX	= 498,	/* of V0, which has the most room */
	RELAY_TAG	= 20,	/* quoted by SENDME, V0's ... */
	RELAY_TAG_V1	= 16,	/* ... and V1's */
	/* Zeros between a message and its padding (proposal 340 may use them),
	 * and how many random bytes make a cell unpredictable (289). */
	RELAY_PAD_GAP	= 4,
	RELAY_PAD_RANDOM = 16,
	RELAY_HOST_MAX	= 255
};

enum relay_format { RELAY_V0, RELAY_V1 };

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

/* Where the data of a message begins in a body, and how much there may be. */
size_t	relaymsg_at(enum relay_format, uint8_t cmd);
size_t	relaymsg_max(enum relay_format, uint8_t cmd);
size_t	relaymsg_tag(enum relay_format);	/* bytes of its SENDMEs' tags */

/* 0; -EMSGSIZE: the length is more than the cell holds; -EPROTO: in V1, where
 * the command says what follows it, it is not known. */
int	relaymsg_parse(struct relaymsg *, enum relay_format,
	    const uint8_t body[RELAY_BODY]);
/* The head, for data of @len bytes that stand or will stand behind it; and
 * the padding behind those.  @stream is 0 for what is for no stream. */
void	relaymsg_head(enum relay_format, uint8_t body[RELAY_BODY], uint8_t cmd,
	    uint16_t stream, size_t len);
void	relaymsg_pad(enum relay_format, uint8_t body[RELAY_BODY], uint8_t cmd,
	    size_t len);
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
	    enum relay_format, const uint8_t *tag);	/* version 1 */
size_t	relaymsg_put_xoff(uint8_t data[RELAY_DATA_MAX]);
size_t	relaymsg_put_xon(uint8_t data[RELAY_DATA_MAX], uint32_t kbps);

/* All: 0 or -EPROTO. @addr has family 0 where none was told. */
int	relaymsg_get_connected(const struct relaymsg *, struct addr *,
	    uint32_t *ttl_s);
int	relaymsg_get_end(const struct relaymsg *, uint8_t *reason,
	    struct addr *);
/* @version 0 has no tag; 1 has one as long as the format's. */
int	relaymsg_get_sendme(const struct relaymsg *, enum relay_format,
	    uint8_t *version, const uint8_t **tag);
int	relaymsg_get_xoff(const struct relaymsg *);
int	relaymsg_get_xon(const struct relaymsg *, uint32_t *kbps);

/* What an END means to an endpoint's holder; @was_open: CONNECTED had come.
 * 0 only for DONE on an open stream. */
int	relaymsg_end_errno(uint8_t reason, int was_open);

#endif
