/* daemon/conf_pack.c - a configuration for a process that can't read files
 *
 * Theory of operation
 *	Texts that end with a NUL, one after another: the name of an option, how
 *	many values it has, and place, column and text of each; an empty name
 *	ends the options.  Then how many warnings, and those; and how many users
 *	of FlowRules, and of each its name and number.  The first text that is
 *	missing, or no number, is the end of it.
 */
#include "daemon/conf_pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_flow.h"
#include "daemon/conf_util.h"
#include "daemon/conf_values.h"
#include "policy/rule.h"

/* --- packing --- */

static void
put(FILE *f, const char *text)
{
	fwrite(text, 1, strlen(text) + 1, f);
}

static void
put_number(FILE *f, size_t n)
{
	fprintf(f, "%zu", n);
	putc('\0', f);
}

static void
put_option(FILE *f, const char *name, const struct conf_given *g)
{
	size_t i;

	put(f, name);
	put_number(f, g->n);
	for (i = 0; i < g->n; i++) {
		put(f, g->value[i].where);
		put_number(f, g->value[i].column);
		put(f, g->value[i].text);
	}
}

/* Names of users are looked up in files. */
static void
put_users(FILE *f, const struct conf *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->nflow_rules; i++)
		n += c->flow_rules[i].user[0] != '\0';
	put_number(f, n);
	for (i = 0; i < c->nflow_rules; i++) {
		if (c->flow_rules[i].user[0] == '\0')
			continue;
		put(f, c->flow_rules[i].user);
		fprintf(f, "%lu", (unsigned long)c->flow_rules[i].uid);
		putc('\0', f);
	}
}

int
conf_pack(const struct conf *c, char **out, size_t *len)
{
	FILE *f = open_memstream(out, len);
	int failed;
	size_t i;

	if (f == NULL)
		return -ENOMEM;
	for (i = 0; i < c->values->n; i++)
		if (c->values->given[i].n)
			put_option(f, conf_options[i].name,
			    &c->values->given[i]);
	put(f, "");
	put_number(f, c->warnings.n);
	for (i = 0; i < c->warnings.n; i++)
		put(f, c->warnings.item[i]);
	put_users(f, c);
	failed = ferror(f);
	if (fclose(f) != 0 || failed || *len > CONF_PACK_MAX) {
		free(*out);
		return *len > CONF_PACK_MAX ? -EFBIG : -ENOMEM;
	}
	return 0;
}

/* --- unpacking --- */

struct reader {
	const char	*at, *end;
	int		 failed;
};

static const char *
take(struct reader *r)
{
	const char *text = r->at, *nul = NULL;

	if (!r->failed && r->at < r->end)
		nul = memchr(r->at, '\0', (size_t)(r->end - r->at));
	if (nul == NULL) {
		r->failed = 1;
		return "";
	}
	r->at = nul + 1;
	return text;
}

/* No more of anything than there are bytes. */
static size_t
take_number(struct reader *r)
{
	const char *text = take(r);
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno ||
	    n > CONF_PACK_MAX)
		r->failed = 1;
	return r->failed ? 0 : n;
}

static int
take_value(struct reader *r, struct conf_given *g)
{
	const char *where = take(r);
	size_t column = take_number(r);
	const char *text = take(r);
	struct conf_value *v;

	if (r->failed)
		return -EPROTO;
	if ((v = conf_array_add(g, sizeof(*v))) == NULL)
		return -ENOMEM;
	v->where = strdup(where);
	v->column = column;
	v->text = strdup(text);
	return v->where && v->text ? 0 : -ENOMEM;
}

static int
take_options(struct reader *r, struct conf_values *v)
{
	const struct conf_opt *o;
	const char *name;
	size_t i, n;
	int rc = 0;

	while (rc == 0 && *(name = take(r))) {
		n = take_number(r);
		o = conf_option_find(name, NULL);
		if (r->failed || o == NULL || v->given[o - conf_options].n)
			return -EPROTO;
		for (i = 0; i < n && rc == 0; i++)
			rc = take_value(r, &v->given[o - conf_options]);
	}
	return rc;
}

static int
take_warnings(struct reader *r, struct conf_strings *w)
{
	size_t i, n = take_number(r);
	const char *text;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		text = take(r);
		rc = r->failed ? -EPROTO :
		    conf_strings_add(w, text, strlen(text));
	}
	return rc == 0 && r->failed ? -EPROTO : rc;
}

static int
take_users(struct reader *r)
{
	size_t i, n = take_number(r);
	const char *name, *uid;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		name = take(r);
		uid = take(r);
		rc = r->failed ? -EPROTO :
		    conf_flow_know(name, (uint32_t)strtoul(uid, NULL, 10));
	}
	return rc == 0 && (r->failed || r->at != r->end) ? -EPROTO : rc;
}

/* Loading finds its warnings once more: those that came are all. */
static int
load(struct conf *c, struct reader *r, struct conf_strings *w,
    struct conf_err *err)
{
	int rc;

	if ((rc = take_options(r, c->values)) < 0 ||
	    (rc = take_warnings(r, w)) < 0 ||
	    (rc = take_users(r)) < 0)
		return conf_fail(err, rc, "the configuration did not come "
		    "through: %s", strerror(-rc));
	if ((rc = conf_load_values(c, err)) < 0)
		return rc;
	conf_strings_free(&c->warnings);
	c->warnings = *w;
	memset(w, 0, sizeof(*w));
	return 0;
}

int
conf_unpack(struct conf **out, const char *text, size_t len,
    struct conf_err *err)
{
	struct reader r = { .at = text, .end = text + len };
	struct conf_strings w = { .n = 0 };
	struct conf *c = calloc(1, sizeof(*c));
	int rc;

	memset(err, 0, sizeof(*err));
	if (c == NULL || conf_values_new(&c->values) < 0) {
		free(c);
		return conf_fail(err, -ENOMEM, "no memory for the "
		    "configuration");
	}
	rc = load(c, &r, &w, err);
	conf_flow_forget();
	conf_strings_free(&w);
	if (rc < 0)
		conf_free(c);
	else
		*out = c;
	return rc;
}
