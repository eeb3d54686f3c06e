/* daemon/conf_dir.h - DirAuthority, FallbackDir and Bridge lines */
#ifndef DAEMON_CONF_DIR_H
#define DAEMON_CONF_DIR_H

#include <stdio.h>

struct conf_note;

int	conf_read_authority(void *array, const char *, struct conf_note *);
void	conf_print_authority(FILE *, const void *item);
int	conf_read_fallback(void *array, const char *, struct conf_note *);
void	conf_print_fallback(FILE *, const void *item);
int	conf_read_bridge(void *array, const char *, struct conf_note *);
void	conf_print_bridge(FILE *, const void *item);
void	conf_free_bridge(void *item);

#endif
