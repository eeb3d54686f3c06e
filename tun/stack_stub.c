/* tun/stack_stub.c - nothing, until tun/stack.c is there
 *
 * Takes packets and drops them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tun/stack.h"

struct stack {
	struct stack_totals totals;
};

int
stack_new(struct stack **out, const struct stack_conf *c)
{
	(void)c;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void
stack_free(struct stack *s)
{
	free(s);
}

void
stack_input(struct stack *s, const struct pkt_in *p)
{
	(void)p;
	s->totals.packets_in++;
}

void
stack_send(struct stack *s, const struct addr *from, const struct addr *client,
    const void *data, size_t len)
{
	(void)s;
	(void)from;
	(void)client;
	(void)data;
	(void)len;
}

void
stack_totals(const struct stack *s, struct stack_totals *t)
{
	*t = s->totals;
}
