/* daemon/conf_load.c - from files and command line to struct conf
 *
 * Theory of operation
 *	lines (conf_text) -> texts by option (conf_values) -> fields (conf_type,
 *	by the table) -> what depends on several options (here).  Each step
 *	either holds or writes one error that names the place; a struct conf
 *	leaves this file only when all held.
 *
 *	Options that are not built go the same way, into a field that is thrown
 *	away: so a wrong value is an error whether or not it would have had an
 *	effect, and "1 hour" is known to be the default "60 minutes".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "daemon/conf_check.h"
#include "daemon/conf_made.h"
#include "daemon/conf_pack.h"
#include "daemon/conf_port.h"
#include "daemon/conf_text.h"
#include "daemon/conf_util.h"
#include "daemon/conf_values.h"

#ifndef SYSCONF_DIR
#define SYSCONF_DIR "/etc/onion-transparent"
#endif

static int
no_memory(struct conf_err *err)
{
	return conf_fail(err, -ENOMEM, "no memory for the configuration");
}

static char *
printed(enum conf_kind kind, const void *field)
{
	char *text = NULL;
	size_t size, i, n = conf_type_count(kind, field);
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		conf_type_print(kind, f, field, i);
		fputc('\n', f);
	}
	fclose(f);
	return text;
}

/* Does @field hold what the text @def means? */
static int
is_same(const struct conf_opt *o, const void *field, const char *def)
{
	struct conf_note note = { .why = "" };
	union conf_field other;
	char *a, *b = NULL;
	int same;

	memset(&other, 0, sizeof(other));
	if (*def && conf_type(o->kind)->read(&other, def, &note) < 0)
		return 0;
	a = printed(o->kind, field);
	b = printed(o->kind, &other);
	same = a && b && strcmp(a, b) == 0;
	free(a);
	free(b);
	conf_type_free(o->kind, &other);
	return same;
}

/* Does the value ask for nothing that we don't do anyway? */
static int
asks_nothing(const struct conf_opt *o, const struct conf_given *g,
    const void *field, int testing)
{
	size_t i;

	if (o->kind == CONF_K_OTHER_PORTS) {
		for (i = 0; i < g->n; i++)
			if (!conf_port_is_off(g->value[i].text))
				return 0;
		return 1;
	}
	return is_same(o, field, conf_option_default(o, testing)) ||
	    (o->ok && is_same(o, field, o->ok));
}

static int
speak_up(const struct conf_opt *o, const struct conf_value *v,
    struct conf_strings *w, struct conf_err *err)
{
	const char *sep = o->note ? "; " : "", *note = o->note ? o->note : "";
	int rc = 0;

	switch (o->role) {
	case CONF_R_BUILT:
		break;
	case CONF_R_UNSAFE:
		return conf_fail(err, -EOPNOTSUPP, "%s%s is not built yet, and "
		    "to go on without it is not safe: %s", v->where, o->name,
		    o->note);
	case CONF_R_LATER:
		rc = conf_warn(w, v->where, "%s is not built yet and has no "
		    "effect%s%s", o->name, sep, note);
		break;
	case CONF_R_RELAY:
		rc = conf_warn(w, v->where, "%s is for relays, authorities or "
		    "onion services, and this is a client: it has no effect",
		    o->name);
		break;
	case CONF_R_OBSOLETE:
		rc = conf_warn(w, v->where, "%s is obsolete and has no effect",
		    o->name);
		break;
	}
	return rc < 0 ? no_memory(err) : 0;
}

static int
check_testing(const struct conf_opt *o, const struct conf_given *g,
    const void *field, int testing, struct conf_err *err)
{
	if (!(o->flags & CONF_F_TESTING) || testing || g->n == 0 ||
	    is_same(o, field, conf_option_default(o, 0)))
		return 0;
	return conf_fail(err, -EINVAL, "%s%s may only be changed together "
	    "with TestingTorNetwork 1", g->value[0].where, o->name);
}

static int
load_option(struct conf *c, size_t i, struct conf_err *err)
{
	const struct conf_opt *o = &conf_options[i];
	const struct conf_given *g = &c->values->given[i];
	union conf_field scratch;
	void *field = &scratch;
	int rc;

	memset(&scratch, 0, sizeof(scratch));
	if (o->field != CONF_NO_FIELD)
		field = (char *)c + o->field;
	rc = conf_read_given(o, g, c->values->testing, field, &c->warnings,
	    err);
	if (rc == 0)
		rc = check_testing(o, g, field, c->values->testing, err);
	if (rc == 0 && g->n && !(o->role != CONF_R_OBSOLETE &&
	    asks_nothing(o, g, field, c->values->testing)))
		rc = speak_up(o, &g->value[g->n - 1], &c->warnings, err);
	if (o->field == CONF_NO_FIELD)
		conf_type_free(o->kind, &scratch);
	return rc;
}

static int
find_testing(struct conf_values *v, struct conf_err *err)
{
	const struct conf_opt *o = conf_option_find("TestingTorNetwork", NULL);
	struct conf_strings ignored = { .n = 0 };
	int rc = conf_read_given(o, &v->given[o - conf_options], 0,
	    &v->testing, &ignored, err);

	conf_strings_free(&ignored);
	return rc;
}

int
conf_load_values(struct conf *c, struct conf_err *err)
{
	size_t i;
	int rc;

	if ((rc = find_testing(c->values, err)) < 0)
		return rc;
	for (i = 0; i < c->values->n; i++)
		if ((rc = load_option(c, i, err)) < 0)
			return rc;
	return conf_check(c, err);
}

static int
add_source(struct conf *c, struct conf_lines *lines, struct conf_err *err)
{
	size_t i;
	int rc = conf_values_add(c->values, lines, &c->warnings, err);

	for (i = 0; i < lines->files.n && rc == 0; i++)
		if (conf_strings_add(&c->files, lines->files.item[i],
		    strlen(lines->files.item[i])) < 0)
			rc = no_memory(err);
	conf_lines_free(lines);
	return rc;
}

/* The defaults file; without an option, one that is not there is empty. */
static int
source_defaults(struct conf *c, const struct conf_args *args,
    struct conf_err *err)
{
	struct conf_lines lines = { .no_files = args->no_files };
	const char *path = args->defaults_file;
	int rc;

	if (args->text)
		return 0;
	rc = conf_text_file(&lines, path ? path : SYSCONF_DIR "/torrc-defaults",
	    path == NULL || args->missing_ok, err);
	if (rc < 0) {
		conf_lines_free(&lines);
		return rc;
	}
	return add_source(c, &lines, err);
}

static int
read_home_torrc(struct conf_lines *lines, struct conf_err *err)
{
	char *path = conf_path("~/.onion-transparent.torrc", NULL);
	int rc;

	if (path == NULL)
		return no_memory(err);
	rc = conf_text_file(lines, path, 1, err);
	free(path);
	return rc;
}

static int
source_file(struct conf *c, const struct conf_args *args, struct conf_err *err)
{
	struct conf_lines lines = { .no_files = args->no_files };
	int rc;

	if (args->text)
		rc = conf_text_read(&lines, args->file ? args->file : "torrc",
		    args->text, args->text_len, err);
	else if (args->file)
		rc = conf_text_file(&lines, args->file, args->missing_ok, err);
	else {
		rc = conf_text_file(&lines, SYSCONF_DIR "/torrc", 1, err);
		if (rc == 0 && lines.files.n == 0 && getenv("HOME"))
			rc = read_home_torrc(&lines, err);
	}
	if (rc < 0) {
		conf_lines_free(&lines);
		return rc;
	}
	return add_source(c, &lines, err);
}

static int
source_command_line(struct conf *c, const struct conf_args *args,
    struct conf_err *err)
{
	struct conf_lines lines = { .no_files = 1 };
	char *copy, *value;
	size_t i;
	int rc = 0;

	for (i = 0; i < args->option.n && rc == 0; i++) {
		if ((copy = strdup(args->option.item[i])) == NULL) {
			rc = no_memory(err);
			break;
		}
		if ((value = strchr(copy, ' ')) != NULL)
			*value++ = '\0';
		rc = conf_text_arg(&lines, copy, value ? value : "", err);
		free(copy);
	}
	if (rc < 0) {
		conf_lines_free(&lines);
		return rc;
	}
	return add_source(c, &lines, err);
}

int
conf_load(struct conf **out, const struct conf_args *args,
    struct conf_err *err)
{
	struct conf *c = calloc(1, sizeof(*c));
	int rc;

	memset(err, 0, sizeof(*err));
	if (c == NULL || conf_values_new(&c->values) < 0) {
		free(c);
		return no_memory(err);
	}
	(void)conf_base();
	if ((rc = source_defaults(c, args, err)) < 0 ||
	    (rc = source_file(c, args, err)) < 0 ||
	    (rc = source_command_line(c, args, err)) < 0 ||
	    (rc = conf_load_values(c, err)) < 0) {
		conf_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void
conf_free(struct conf *c)
{
	const struct conf_opt *o;

	if (c == NULL)
		return;
	for (o = conf_options; o->name; o++)
		if (o->field != CONF_NO_FIELD)
			conf_type_free(o->kind, (char *)c + o->field);
	free(c->authorities);
	free(c->fallbacks);
	free(c->reachable_or);
	conf_strings_free(&c->warnings);
	conf_strings_free(&c->files);
	conf_values_free(c->values);
	free(c);
}

/* What was given for an option that has no field of its own. */
static char *
printed_given(const struct conf_opt *o, const struct conf *c)
{
	struct conf_strings dropped = { .n = 0 };
	union conf_field field;
	struct conf_err err;
	char *text = NULL;

	memset(&field, 0, sizeof(field));
	if (conf_read_given(o, &c->values->given[o - conf_options],
	    c->values->testing, &field, &dropped, &err) == 0)
		text = printed(o->kind, &field);
	conf_type_free(o->kind, &field);
	conf_strings_free(&dropped);
	return text;
}

static char *
printed_option(const struct conf_opt *o, const struct conf *c)
{
	return o->field == CONF_NO_FIELD ? printed_given(o, c) :
	    printed(o->kind, (const char *)c + o->field);
}

static int
same_option(const struct conf_opt *o, const struct conf *a,
    const struct conf *b)
{
	char *x = printed_option(o, a), *y = printed_option(o, b);
	int same = x && y && strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

int
conf_can_reload(const struct conf *old, const struct conf *new,
    struct conf_err *err)
{
	const struct conf_opt *o;

	for (o = conf_options; o->name; o++)
		if ((o->flags & CONF_F_RESTART) && !same_option(o, old, new))
			return conf_fail(err, -EBUSY, "%s%s cannot change "
			    "while the program runs; restart it",
			    conf_where(new, o->name, 0), o->name);
	return 0;
}
