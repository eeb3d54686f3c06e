/* daemon/conf_tun.h - the options of the TUN
 *
 *	TunDevice NAME [flags, as of a TransPort]
 *	TunAddress ADDRESS/BITS [ADDRESS/BITS], one of each family
 *	TunClients [INTERFACE ...] [local]
 */
#ifndef DAEMON_CONF_TUN_H
#define DAEMON_CONF_TUN_H

#include <stddef.h>
#include <stdio.h>

struct conf_note;
struct conf_tun_clients;

/* The name of an interface, but lo; @out holds CONF_IFNAME. */
int	conf_read_ifname(char *out, const char *, size_t len,
	    struct conf_note *);

int	conf_read_tun_device(void *, const char *, struct conf_note *);
int	conf_read_tun_address(void *, const char *, struct conf_note *);
int	conf_read_tun_clients(void *, const char *, struct conf_note *);
void	conf_print_tun_device(FILE *, const void *);
void	conf_print_tun_address(FILE *, const void *);
void	conf_print_tun_clients(FILE *, const void *);

int	conf_tun_has(const struct conf_tun_clients *, const char *name);

#endif
