/* onion/link/cell.h - the cells of a channel (tor-spec 3)
 *
 * Link protocol 4 and 5: a circuit id of 4 bytes, a command, and a body of 509
 * bytes, or, for variable-length cells, a length of 2 bytes and that many.
 * Only the first cell of a connection, VERSIONS, has a circuit id of 2 bytes.
 */
#ifndef ONION_LINK_CELL_H
#define ONION_LINK_CELL_H

#include <stddef.h>
#include <stdint.h>

enum {
	CELL_BODY = 509, CELL_HEAD = 5, CELL_LEN = CELL_HEAD + CELL_BODY,
	CELL_VAR_HEAD = 7, CELL_VAR_BODY_MAX = 16384,
	CELL_RECORD = 31	/* cells in one TLS record of 16 KiB */
};

enum cell_cmd {
	CELL_PADDING = 0, CELL_RELAY = 3, CELL_DESTROY = 4,
	CELL_CREATE_FAST = 5, CELL_CREATED_FAST = 6, CELL_VERSIONS = 7,
	CELL_NETINFO = 8, CELL_RELAY_EARLY = 9, CELL_CREATE2 = 10,
	CELL_CREATED2 = 11, CELL_PADDING_NEGOTIATE = 12,
	CELL_VPADDING = 128, CELL_CERTS = 129, CELL_AUTH_CHALLENGE = 130
};

struct cell {			/* borrowed view of one cell in a buffer */
	uint32_t	 circ_id;
	uint8_t		 cmd;
	uint8_t		*body;
	size_t		 len;	/* CELL_BODY for fixed cells */
};

int	 cell_is_var(uint8_t cmd);
/* The cell at the front of @p: its whole length; 0: more bytes are needed;
 * -EMSGSIZE: longer than we take.  @wide: circuit ids have 4 bytes. */
int	 cell_parse(struct cell *, uint8_t *p, size_t len, int wide);
/* Writes a fixed cell's head at @p and zeroes its body, which is returned. */
uint8_t	*cell_begin(uint8_t p[CELL_LEN], uint32_t circ_id, uint8_t cmd);
const char *cell_name(uint8_t cmd);

#endif
