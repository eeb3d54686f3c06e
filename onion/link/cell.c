/* onion/link/cell.c - the cells of a channel (tor-spec 3) */
#include "onion/link/cell.h"

#include <errno.h>
#include <string.h>

#include "base/wire.h"

int
cell_is_var(uint8_t cmd)
{
	return cmd == CELL_VERSIONS || cmd >= 128;
}

int
cell_parse(struct cell *c, uint8_t *p, size_t len, int wide)
{
	size_t idlen = wide ? 4 : 2, head = idlen + 1, body;
	int var;

	if (len < head)
		return 0;
	var = cell_is_var(p[idlen]);
	if (var) {
		head += 2;
		if (len < head)
			return 0;
		body = wire_get16(p + idlen + 1);
		if (body > CELL_VAR_BODY_MAX)
			return -EMSGSIZE;
	} else
		body = CELL_BODY;
	if (len - head < body)
		return 0;
	c->circ_id = wide ? wire_get32(p) : wire_get16(p);
	c->cmd = p[idlen];
	c->body = p + head;
	c->len = body;
	return (int)(head + body);
}

uint8_t *
cell_begin(uint8_t p[CELL_LEN], uint32_t circ_id, uint8_t cmd)
{
	wire_set32(p, circ_id);
	p[4] = cmd;
	memset(p + CELL_HEAD, 0, CELL_BODY);
	return p + CELL_HEAD;
}

const char *
cell_name(uint8_t cmd)
{
	switch (cmd) {
	case CELL_PADDING:		return "PADDING";
	case CELL_RELAY:		return "RELAY";
	case CELL_DESTROY:		return "DESTROY";
	case CELL_CREATE_FAST:		return "CREATE_FAST";
	case CELL_CREATED_FAST:		return "CREATED_FAST";
	case CELL_VERSIONS:		return "VERSIONS";
	case CELL_NETINFO:		return "NETINFO";
	case CELL_RELAY_EARLY:		return "RELAY_EARLY";
	case CELL_CREATE2:		return "CREATE2";
	case CELL_CREATED2:		return "CREATED2";
	case CELL_PADDING_NEGOTIATE:	return "PADDING_NEGOTIATE";
	case CELL_VPADDING:		return "VPADDING";
	case CELL_CERTS:		return "CERTS";
	case CELL_AUTH_CHALLENGE:	return "AUTH_CHALLENGE";
	default:			return "unknown";
	}
}
