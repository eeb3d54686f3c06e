/* daemon/conf_dns.h - DNSUpstream: whom to ask what exits can't be asked */
#ifndef DAEMON_CONF_DNS_H
#define DAEMON_CONF_DNS_H

#include <stdio.h>

struct conf_note;

int	conf_read_resolver(void *array, const char *, struct conf_note *);
void	conf_print_resolver(FILE *, const void *);

#endif
