/* onion/dir/params.c - numbers by name
 *
 * One block: the entries, sorted by name for bisection, then their names.
 */
#include "onion/dir/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/dir/netdoc.h"

struct param {
	uint32_t	name;		/* where it begins in the text */
	uint32_t	len;
	int32_t		value;
};

struct params {
	size_t		size;		/* of this block */
	size_t		n;
	const char	*text;		/* within the block */
	struct param	p[];
};

static int
compare_name(const char *a, size_t alen, const char *b, size_t blen)
{
	int rc = memcmp(a, b, alen < blen ? alen : blen);

	return rc != 0 ? rc : (alen > blen) - (alen < blen);
}

static int
compare(const void *va, const void *vb, void *text)
{
	const struct param *a = va, *b = vb;

	return compare_name((char *)text + a->name, a->len,
	    (char *)text + b->name, b->len);
}

static int
parse_one(struct param *p, struct slice arg, const char *line)
{
	const char *eq = memchr(arg.p, '=', arg.len);
	struct slice value;

	if (eq == NULL || eq == arg.p)
		return -EBADMSG;
	p->name = (uint32_t)(arg.p - line);
	p->len = (uint32_t)(eq - arg.p);
	value.p = eq + 1;
	value.len = arg.len - p->len - 1;
	return netdoc_i32(&p->value, value);
}

static size_t
count_args(const char *line, size_t len)
{
	struct slice rest = { line, len }, arg;
	size_t n = 0;

	while (netdoc_arg(&rest, &arg))
		n++;
	return n;
}

static int
fill(struct params *ps, const char *line, size_t len)
{
	struct slice rest = { line, len }, arg;
	size_t i;

	for (i = 0; netdoc_arg(&rest, &arg); i++)
		if (parse_one(&ps->p[i], arg, line) < 0)
			return -EBADMSG;
	if (len > 0)
		memcpy((char *)ps->text, line, len);
	qsort_r(ps->p, ps->n, sizeof(ps->p[0]), compare, (void *)ps->text);
	for (i = 1; i < ps->n; i++)
		if (compare(&ps->p[i - 1], &ps->p[i], (void *)ps->text) == 0)
			return -EBADMSG;
	return 0;
}

int
params_parse(struct params **out, const char *line, size_t len)
{
	size_t n = count_args(line, len), size;
	struct params *ps;
	int rc;

	if (n > PARAMS_MAX || len > PARAMS_TEXT_MAX)
		return -EBADMSG;
	size = sizeof(*ps) + n * sizeof(ps->p[0]) + len;
	if ((ps = calloc(1, size)) == NULL)
		return -ENOMEM;
	ps->size = size;
	ps->n = n;
	ps->text = (char *)&ps->p[n];
	if ((rc = fill(ps, line, len)) < 0) {
		free(ps);
		return rc;
	}
	*out = ps;
	return 0;
}

int
params_copy(struct params **out, const struct params *ps)
{
	struct params *copy = NULL;

	if (ps != NULL) {
		if ((copy = malloc(ps->size)) == NULL)
			return -ENOMEM;
		memcpy(copy, ps, ps->size);
		copy->text = (char *)&copy->p[copy->n];
	}
	*out = copy;
	return 0;
}

void
params_free(struct params *ps)
{
	free(ps);
}

size_t
params_count(const struct params *ps)
{
	return ps == NULL ? 0 : ps->n;
}

static const struct param *
find(const struct params *ps, const char *name)
{
	size_t lo = 0, hi = ps->n, len = strlen(name);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct param *p = &ps->p[mid];
		int rc = compare_name(name, len, ps->text + p->name, p->len);

		if (rc == 0)
			return p;
		if (rc < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

int32_t
params_get(const struct params *ps, const char *name, int32_t def,
    int32_t min, int32_t max)
{
	const struct param *p;

	if (ps == NULL || (p = find(ps, name)) == NULL)
		return def;
	if (p->value < min)
		return min;
	return p->value > max ? max : p->value;
}
