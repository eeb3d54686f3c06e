/* daemon/conf_firewall.h - the options of the firewall
 *
 *	Uplink INTERFACE ...
 *	TransClients [INTERFACE ...] [local]
 *	FirewallAllow in|out INTERFACE tcp|udp|ping|eapol|vrrp [NETWORK] [PORTS]
 *
 * PORTS is N or N-M, and more with commas; each is an allowance of its own.
 */
#ifndef DAEMON_CONF_FIREWALL_H
#define DAEMON_CONF_FIREWALL_H

#include <stdio.h>

struct conf_note;

int	conf_read_links(void *, const char *, struct conf_note *);
int	conf_read_allow(void *array, const char *, struct conf_note *);
void	conf_print_links(FILE *, const void *);
void	conf_print_allow(FILE *, const void *item);

#endif
