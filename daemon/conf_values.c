/* daemon/conf_values.c - what was said for each option, as text */
#include "daemon/conf_values.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/conf_text.h"
#include "daemon/conf_util.h"

int
conf_values_new(struct conf_values **out)
{
	struct conf_values *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return -ENOMEM;
	while (conf_options[v->n].name)
		v->n++;
	if ((v->given = calloc(v->n, sizeof(*v->given))) == NULL) {
		free(v);
		return -ENOMEM;
	}
	*out = v;
	return 0;
}

static void
clear(struct conf_given *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		free(g->value[i].text);
		free(g->value[i].where);
	}
	free(g->value);
	g->value = NULL;
	g->n = 0;
}

void
conf_values_free(struct conf_values *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->n; i++)
		clear(&v->given[i]);
	free(v->given);
	free(v);
}

int
conf_warn(struct conf_strings *warnings, const char *where, const char *fmt,
    ...)
{
	char text[1024];
	va_list ap;
	size_t n;

	if (warnings->n >= CONF_WARNINGS_MAX)
		return 0;
	if (warnings->n == CONF_WARNINGS_MAX - 1)
		snprintf(text, sizeof(text), "more warnings are not shown");
	else {
		snprintf(text, sizeof(text), "%.500s", where);
		n = strlen(text);
		va_start(ap, fmt);
		vsnprintf(text + n, sizeof(text) - n, fmt, ap);
		va_end(ap);
	}
	return conf_strings_add(warnings, text, strlen(text));
}

static int
add_value(struct conf_given *g, const struct conf_line *l, const char *where)
{
	struct conf_value *v;

	/* values of an option are an array as conf_array_add() wants it */
	if ((v = conf_array_add(g, sizeof(*v))) == NULL)
		return -ENOMEM;
	v->text = strdup(l->value);
	v->where = strdup(where);
	v->column = l->column;
	return v->text && v->where ? 0 : -ENOMEM;
}

static int
unknown(const struct conf_line *l, const char *where, const char *near,
    struct conf_err *err)
{
	char shown[64];

	conf_shown(shown, sizeof(shown), l->name, strlen(l->name));
	if (near)
		return conf_fail(err, -EINVAL, "%sthere is no option '%s'; "
		    "did you mean %s?", where, shown, near);
	return conf_fail(err, -EINVAL, "%sthere is no option '%s'", where,
	    shown);
}

/* An option that stands once: the last one counts. */
static int
set_single(struct conf_given *g, const struct conf_opt *o,
    const struct conf_line *l, const char *where, struct conf_strings *w)
{
	if (g->seen && l->how != CONF_HOW_CLEAR && conf_warn(w, where,
	    "%s stands here a second time; the last one counts", o->name) < 0)
		return -ENOMEM;
	clear(g);
	if (l->how == CONF_HOW_CLEAR)
		return 0;
	return add_value(g, l, where);
}

static int
set_many(struct conf_given *g, const struct conf_opt *o,
    const struct conf_line *l, const char *where, struct conf_strings *w)
{
	if (l->how == CONF_HOW_CLEAR) {
		clear(g);
		return 0;
	}
	if (*l->value == '\0')
		return conf_warn(w, where, "%s has no value and is passed over",
		    o->name);
	if (l->how == CONF_HOW_SET && g->inherited)
		clear(g);
	g->inherited = 0;
	return add_value(g, l, where);
}

static int
set_line(struct conf_values *v, const struct conf_line *l, const char *where,
    struct conf_strings *w, struct conf_err *err)
{
	const char *near = NULL;
	const struct conf_opt *o = conf_option_find(l->name, &near);
	struct conf_given *g;
	int rc;

	if (o == NULL)
		return unknown(l, where, near, err);
	if (strncasecmp(o->name, l->name, strlen(l->name)) != 0 ||
	    strlen(o->name) != strlen(l->name))
		if (conf_warn(w, where, "'%s' is taken for %s", l->name,
		    o->name) < 0)
			goto no_memory;
	g = &v->given[o - conf_options];
	rc = conf_type_many(o->kind) ? set_many(g, o, l, where, w) :
	    set_single(g, o, l, where, w);
	g->seen = 1;
	if (rc == 0)
		return 0;
no_memory:
	return conf_fail(err, -ENOMEM, "no memory for the configuration");
}

int
conf_values_add(struct conf_values *v, const struct conf_lines *lines,
    struct conf_strings *warnings, struct conf_err *err)
{
	char where[600];
	size_t i;
	int rc;

	for (i = 0; i < v->n; i++) {
		v->given[i].inherited = v->given[i].n != 0;
		v->given[i].seen = 0;
	}
	for (i = 0; i < lines->n; i++) {
		conf_line_where(lines, &lines->line[i], where, sizeof(where));
		if ((rc = set_line(v, &lines->line[i], where, warnings,
		    err)) < 0)
			return rc;
	}
	return 0;
}

const struct conf_given *
conf_values_of(const struct conf_values *v, const char *name)
{
	const struct conf_opt *o = conf_option_find(name, NULL);

	return &v->given[o - conf_options];
}

/* Ports of "TransPort" are followed by those of "__TransPort", if there is
 * such an option (conf_made.c puts them together). */
const char *
conf_where(const struct conf *c, const char *option, size_t i)
{
	const struct conf_given *g = conf_values_of(c->values, option);
	char more[64];

	if (i < g->n)
		return g->value[i].where;
	snprintf(more, sizeof(more), "__%s", option);
	if (conf_option_find(more, NULL))
		return conf_where(c, more, i - g->n);
	return "";
}

int
conf_bad_word(const char *option, const struct conf_value *v,
    const struct conf_note *note, struct conf_err *err)
{
	int where = (int)strlen(v->where) - 2;		/* without ": " */
	char shown[80];

	if (v->column)
		return conf_fail(err, -EINVAL, "%.*s:%zu: %s: %s", where,
		    v->where, v->column + note->column - 1, option, note->why);
	conf_shown(shown, sizeof(shown), v->text, strlen(v->text));
	return conf_fail(err, -EINVAL, "%s%s '%s', column %zu: %s", v->where,
	    option, shown, note->column, note->why);
}
