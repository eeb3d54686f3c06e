/* daemon/conf_scalar.h - values that are one number, word or short list
 *
 * read and print functions of conf_type's table.
 */
#ifndef DAEMON_CONF_SCALAR_H
#define DAEMON_CONF_SCALAR_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct conf_note;

int	conf_read_bool(void *, const char *, struct conf_note *);
int	conf_read_autobool(void *, const char *, struct conf_note *);
int	conf_read_int(void *, const char *, struct conf_note *);
int	conf_read_posint(void *, const char *, struct conf_note *);
int	conf_read_uint64(void *, const char *, struct conf_note *);
int	conf_read_seconds(void *, const char *, struct conf_note *);
int	conf_read_msec(void *, const char *, struct conf_note *);
int	conf_read_size(void *, const char *, struct conf_note *);
int	conf_read_delay(void *, const char *, struct conf_note *);
int	conf_read_double(void *, const char *, struct conf_note *);
int	conf_read_string(void *, const char *, struct conf_note *);
int	conf_read_words(void *, const char *, struct conf_note *);
int	conf_read_numbers(void *, const char *, struct conf_note *);
int	conf_read_scrub(void *, const char *, struct conf_note *);
int	conf_read_trans_type(void *, const char *, struct conf_note *);
int	conf_read_ux(void *, const char *, struct conf_note *);
int	conf_read_line(void *, const char *, struct conf_note *);
int	conf_read_addr(void *, const char *, struct conf_note *);

void	conf_print_autobool(FILE *, const void *);
void	conf_print_int(FILE *, const void *);
void	conf_print_int64(FILE *, const void *);
void	conf_print_uint64(FILE *, const void *);
void	conf_print_double(FILE *, const void *);
void	conf_print_string(FILE *, const void *);
void	conf_print_words(FILE *, const void *);
void	conf_print_numbers(FILE *, const void *);
void	conf_print_scrub(FILE *, const void *);
void	conf_print_trans_type(FILE *, const void *);
void	conf_print_ux(FILE *, const void *);
void	conf_print_addr(FILE *, const void *);

void	conf_free_string(void *);
void	conf_free_words(void *);
void	conf_free_numbers(void *);

#endif
