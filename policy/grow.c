/* policy/grow.c - lists that grow one by one */
#include "policy/grow.h"

#include <stdlib.h>
#include <string.h>

void *
grow(void *array, size_t *n, size_t item)
{
	void *list;
	char *p;

	memcpy(&list, array, sizeof(list));
	if ((p = reallocarray(list, *n + 1, item)) == NULL)
		return NULL;
	list = p;
	memcpy(array, &list, sizeof(list));
	p += (*n)++ * item;
	memset(p, 0, item);
	return p;
}
