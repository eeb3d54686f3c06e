/* daemon/conf_dump.c - a configuration as torrc again, and lists of options
 *
 * Texts and paths are written as they were given, everything else in the one
 * form that its kind prints, so that reading the dump gives an equal
 * configuration and an equal dump.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_made.h"
#include "daemon/conf_util.h"
#include "daemon/conf_values.h"

static void
dump_texts(FILE *f, const struct conf_opt *o, const struct conf_given *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		fprintf(f, "%s%s", o->name, *g->value[i].text ? " " : "");
		conf_quote(f, g->value[i].text);
		fputc('\n', f);
	}
}

/* Reads the given texts anew: the fields may have been settled since. */
static void
dump_option(FILE *f, const struct conf_opt *o, const struct conf_given *g,
    int testing)
{
	struct conf_strings ignored = { .n = 0 };
	union conf_field field;
	char *text = NULL;
	struct conf_err err;
	size_t size, i;
	FILE *m;

	memset(&field, 0, sizeof(field));
	if (conf_read_given(o, g, testing, &field, &ignored, &err) == 0)
		for (i = 0; i < conf_type_count(o->kind, &field); i++) {
			if ((m = open_memstream(&text, &size)) == NULL)
				break;
			conf_type_print(o->kind, m, &field, i);
			fclose(m);
			fprintf(f, "%s%s%s\n", o->name, *text ? " " : "", text);
			free(text);
		}
	conf_type_free(o->kind, &field);
	conf_strings_free(&ignored);
}

static int
is_text(enum conf_kind kind)
{
	return kind == CONF_K_STRING || kind == CONF_K_PATH ||
	    kind == CONF_K_LINES || kind == CONF_K_OTHER_PORTS;
}

static char *
dumped(const struct conf_opt *o, const struct conf_given *g, int testing)
{
	char *text = NULL;
	size_t size;
	FILE *m = open_memstream(&text, &size);

	if (m == NULL)
		return NULL;
	if (is_text(o->kind) && g->n)
		dump_texts(m, o, g);
	else
		dump_option(m, o, g, testing);
	fclose(m);
	return text;
}

void
conf_dump(const struct conf *c, enum conf_dump how, FILE *f)
{
	static const struct conf_given none;
	const struct conf_given *g;
	char *text, *def;
	size_t i;

	for (i = 0; i < c->values->n && how != CONF_DUMP_NONE; i++) {
		g = &c->values->given[i];
		if (g->n == 0 && (how == CONF_DUMP_SHORT ||
		    conf_options[i].role == CONF_R_OBSOLETE))
			continue;
		text = dumped(&conf_options[i], g, c->values->testing);
		def = dumped(&conf_options[i], &none, c->values->testing);
		if (text && def && (how == CONF_DUMP_FULL ||
		    strcmp(text, def) != 0))
			fputs(text, f);
		free(text);
		free(def);
	}
}

void
conf_list_options(FILE *f, int deprecated)
{
	const struct conf_opt *o;

	for (o = conf_options; o->name; o++)
		if ((o->role == CONF_R_OBSOLETE) == (deprecated != 0))
			fprintf(f, "%s\n", o->name);
}
