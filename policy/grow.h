/* policy/grow.h - lists that grow one by one
 *
 *	if ((r = grow(&p->rules, &p->nrules, sizeof(*r))) == NULL)
 *		return -ENOMEM;
 */
#ifndef POLICY_GROW_H
#define POLICY_GROW_H

#include <stddef.h>

/* @array: the address of a pointer to items of that size, from malloc or NULL.
 * One more, zeroed, or NULL: then the list is as it was. */
void	*grow(void *array, size_t *n, size_t item);

#endif
