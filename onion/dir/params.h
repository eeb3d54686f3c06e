/* onion/dir/params.h - numbers by name: network parameters, bandwidth weights
 *
 * The `params` and `bandwidth-weights` lines of a consensus (dir-spec 3.4.1).
 * Immutable once parsed; whoever asked for it frees it.
 */
#ifndef ONION_DIR_PARAMS_H
#define ONION_DIR_PARAMS_H

#include <stddef.h>
#include <stdint.h>

enum { PARAMS_MAX = 512, PARAMS_TEXT_MAX = 64 * 1024 };

struct params;

/* @line is what follows the keyword: "name=value name=value".  -EBADMSG for a
 * value that is no int32, or a name that is empty or comes twice. */
int	params_parse(struct params **, const char *line, size_t len);
int	params_copy(struct params **, const struct params *);	/* NULL: NULL */
void	params_free(struct params *);

/* @def where it is missing or @params is NULL; else the value, forced into
 * [@min, @max]. */
int32_t	params_get(const struct params *, const char *name, int32_t def,
	    int32_t min, int32_t max);
size_t	params_count(const struct params *);

#endif
