/* dnsport/glance.h - a look at a resolver's message before it is parsed */
#ifndef DNSPORT_GLANCE_H
#define DNSPORT_GLANCE_H

#include <stddef.h>
#include <stdint.h>

/* Can it be parsed at a cost that has to do with its length?  Else it is none
 * that a server would send. */
int	glance_is_cheap(const uint8_t *msg, size_t len);

#endif
