/* daemon/conf_names.h - what is said of names: MapAddress, virtual networks */
#ifndef DAEMON_CONF_NAMES_H
#define DAEMON_CONF_NAMES_H

#include <stdio.h>

struct addr_net;
struct conf_note;

int	conf_read_suffixes(void *field, const char *, struct conf_note *);
int	conf_read_net4(void *field, const char *, struct conf_note *);
int	conf_read_net6(void *field, const char *, struct conf_note *);
void	conf_print_net(FILE *, const void *field);
int	conf_read_map_address(void *array, const char *, struct conf_note *);
/* Is there an address that is in both? */
int	conf_nets_overlap(const struct addr_net *, const struct addr_net *);

#endif
