/* daemon/conf_scalar.c - values that are one number, word or short list */
#include "daemon/conf_scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_util.h"

struct unit {
	const char	*name;
	uint64_t	 factor;
};

static const struct unit time_units[] = {
	{ "", 1 }, { "second", 1 }, { "seconds", 1 },
	{ "minute", 60 }, { "minutes", 60 },
	{ "hour", 3600 }, { "hours", 3600 },
	{ "day", 86400 }, { "days", 86400 },
	{ "week", 604800 }, { "weeks", 604800 },
	{ "month", 2629728 }, { "months", 2629728 },	/* 30.437 days */
	{ NULL, 0 }
};

static const struct unit msec_units[] = {
	{ "", 1 }, { "msec", 1 }, { "millisecond", 1 }, { "milliseconds", 1 },
	{ "second", 1000 }, { "seconds", 1000 },
	{ "minute", 60000 }, { "minutes", 60000 },
	{ "hour", 3600000 }, { "hours", 3600000 },
	{ "day", 86400000 }, { "days", 86400000 },
	{ "week", 604800000 }, { "weeks", 604800000 },
	{ NULL, 0 }
};

/* Powers of two; bits are eighths of bytes. */
#define SIZES(prefix, name, shift)					\
	{ prefix "b", UINT64_C(1) << (shift) },				\
	{ prefix "byte", UINT64_C(1) << (shift) },			\
	{ prefix "bytes", UINT64_C(1) << (shift) },			\
	{ name "byte", UINT64_C(1) << (shift) },			\
	{ name "bytes", UINT64_C(1) << (shift) },			\
	{ prefix "bit", UINT64_C(1) << ((shift) - 3) },			\
	{ prefix "bits", UINT64_C(1) << ((shift) - 3) },		\
	{ name "bit", UINT64_C(1) << ((shift) - 3) },			\
	{ name "bits", UINT64_C(1) << ((shift) - 3) }

static const struct unit size_units[] = {
	{ "", 1 }, { "b", 1 }, { "byte", 1 }, { "bytes", 1 },
	{ "m", 1 << 20 },
	SIZES("k", "kilo", 10), SIZES("m", "mega", 20),
	SIZES("g", "giga", 30), SIZES("t", "tera", 40),
	{ NULL, 0 }
};

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "12" or "1.5", no sign.  The integer part and what follows; -ERANGE. */
static int
read_decimal(const char **s, uint64_t *whole, double *fraction)
{
	const char *p = *s;
	double scale = 1;
	uint64_t v = 0;

	*fraction = 0;
	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	if (*p == '.')
		for (p++; is_digit(*p); p++)
			*fraction += (*p - '0') * (scale /= 10);
	*s = p;
	*whole = v;
	return 0;
}

static int
read_units(uint64_t *out, const char *s, const struct unit *units,
    uint64_t max, struct conf_note *note)
{
	uint64_t whole = 0, part;
	double fraction;
	int rc = read_decimal(&s, &whole, &fraction);

	if (rc == -EINVAL)
		return conf_wrong(note, "it begins with no number");
	while (*s == ' ' || *s == '\t')
		s++;
	for (; rc == 0 && units->name; units++)
		if (conf_is(s, strlen(s), units->name))
			break;
	if (rc == 0 && units->name == NULL)
		return conf_wrong(note, "there is no unit '%.40s'", s);
	if (rc == -ERANGE || whole > max / units->factor)
		return conf_wrong(note, "it is too large");
	part = (uint64_t)(fraction * (double)units->factor);
	if (whole * units->factor > max - part)
		return conf_wrong(note, "it is too large");
	*out = whole * units->factor + part;
	return 0;
}

static int
read_number(int64_t *out, const char *s, int64_t min, int64_t max,
    struct conf_note *note)
{
	char *end;
	long long v;

	if (!is_digit(*s) && !(*s == '-' && is_digit(s[1])))
		return conf_wrong(note, "it is no number");
	errno = 0;
	v = strtoll(s, &end, 10);
	if (*end)
		return conf_wrong(note, "it is no number");
	if (errno || v < min || v > max)
		return conf_wrong(note, "it must be from %" PRId64 " to %"
		    PRId64, min, max);
	*out = v;
	return 0;
}

static int
read_named(int *out, const char *s, const char *const *names, int first,
    struct conf_note *note)
{
	int i;

	for (i = 0; names[i]; i++)
		if (conf_is(s, strlen(s), names[i])) {
			*out = first + i;
			return 0;
		}
	return conf_wrong(note, "%s", "");
}

int
conf_read_bool(void *field, const char *s, struct conf_note *note)
{
	static const char *const names[] = { "0", "1", NULL };

	return read_named(field, s, names, 0, note);
}

int
conf_read_autobool(void *field, const char *s, struct conf_note *note)
{
	static const char *const names[] = { "auto", "0", "1", NULL };

	return read_named(field, s, names, CONF_AUTO, note);
}

int
conf_read_int(void *field, const char *s, struct conf_note *note)
{
	int64_t v = 0;

	if (read_number(&v, s, INT_MIN, INT_MAX, note) < 0)
		return -EINVAL;
	*(int *)field = (int)v;
	return 0;
}

int
conf_read_posint(void *field, const char *s, struct conf_note *note)
{
	int64_t v = 0;

	if (read_number(&v, s, 0, INT_MAX, note) < 0)
		return -EINVAL;
	*(int *)field = (int)v;
	return 0;
}

int
conf_read_uint64(void *field, const char *s, struct conf_note *note)
{
	static const struct unit none[] = { { "", 1 }, { NULL, 0 } };

	if (strchr(s, '.'))
		return conf_wrong(note, "it is no whole number");
	return read_units(field, s, none, UINT64_MAX, note);
}

int
conf_read_seconds(void *field, const char *s, struct conf_note *note)
{
	uint64_t v;

	if (read_units(&v, s, time_units, INT_MAX, note) < 0)
		return -EINVAL;
	*(int64_t *)field = (int64_t)v;
	return 0;
}

int
conf_read_msec(void *field, const char *s, struct conf_note *note)
{
	uint64_t v;

	if (read_units(&v, s, msec_units, INT_MAX, note) < 0)
		return -EINVAL;
	*(int64_t *)field = (int64_t)v;
	return 0;
}

int
conf_read_size(void *field, const char *s, struct conf_note *note)
{
	return read_units(field, s, size_units, UINT64_MAX, note);
}

int
conf_read_delay(void *field, const char *s, struct conf_note *note)
{
	int64_t first = 0, v;
	const char *item;
	char text[64];
	size_t len, n;

	for (n = 0; (item = conf_item(&s, &len)) != NULL; n++) {
		if (len >= sizeof(text))
			return conf_wrong(note, "an item is too long");
		memcpy(text, item, len);
		text[len] = '\0';
		if (conf_read_seconds(&v, text, note) < 0)
			return -EINVAL;
		if (n == 0)
			first = v;
	}
	if (n == 0)
		return conf_wrong(note, "it is empty");
	if (n > 1)
		conf_odd(note, "only the first of these delays is used");
	*(int64_t *)field = first;
	return 0;
}

int
conf_read_double(void *field, const char *s, struct conf_note *note)
{
	size_t ok = strspn(s, "+-.0123456789eE");
	char *end;
	double v;

	errno = 0;
	v = strtod(s, &end);
	if (end == s || s[ok] || *end)	/* not what strtod() adds: inf, 0x */
		return conf_wrong(note, "it is no number");
	if (errno || v > 1e15 || v < -1e15)
		return conf_wrong(note, "it is too large or too small");
	*(double *)field = v;
	return 0;
}

int
conf_read_string(void *field, const char *s, struct conf_note *note)
{
	char *copy = NULL;

	(void)note;
	if (*s && (copy = strdup(s)) == NULL)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = copy;
	return 0;
}

int
conf_read_words(void *field, const char *s, struct conf_note *note)
{
	struct conf_strings *list = field;
	const char *item;
	size_t len;

	(void)note;
	conf_strings_free(list);
	while ((item = conf_item(&s, &len)) != NULL)
		if (conf_strings_add(list, item, len) < 0)
			return -ENOMEM;
	return 0;
}

int
conf_read_numbers(void *field, const char *s, struct conf_note *note)
{
	struct conf_numbers *list = field;
	const char *item;
	uint16_t port, *at;
	size_t len;

	conf_free_numbers(field);
	while ((item = conf_item(&s, &len)) != NULL) {
		if (addr_port_parse(&port, item, (int)len) < 0)
			return conf_wrong(note, "'%.*s' is no port",
			    len < 40 ? (int)len : 40, item);
		if ((at = conf_array_add(list, sizeof(*at))) == NULL)
			return -ENOMEM;
		*at = port;
	}
	return 0;
}

static const char *const scrub_names[] = { "1", "relay", "0", NULL };

int
conf_read_scrub(void *field, const char *s, struct conf_note *note)
{
	int v = 0;

	if (read_named(&v, s, scrub_names, CONF_SCRUB_ALL, note) < 0)
		return -EINVAL;
	*(enum conf_scrub *)field = (enum conf_scrub)v;
	return 0;
}

#ifdef __linux__
#define TRANS_DEFAULT CONF_TRANS_NETFILTER
#else
#define TRANS_DEFAULT CONF_TRANS_PF
#endif

int
conf_read_trans_type(void *field, const char *s, struct conf_note *note)
{
	enum conf_trans v = TRANS_DEFAULT;
	size_t len = strlen(s);

	if (conf_is(s, len, "TPROXY") && TRANS_DEFAULT == CONF_TRANS_NETFILTER)
		v = CONF_TRANS_TPROXY;
	else if (conf_is(s, len, "TPROXY"))
		return conf_wrong(note, "only Linux has TPROXY");
	else if (conf_is(s, len, "ipfw") || conf_is(s, len, "pf-divert"))
		return conf_wrong(note, "there is nothing here for %s", s);
	else if (!conf_is(s, len, "default"))
		return conf_wrong(note, "%s", "");
	*(enum conf_trans *)field = v;
	return 0;
}

/* As they stand in a LINK message (proposal 329). */
static const char *const ux_names[] = {
	[1] = "latency", [2] = "latency_lowmem", [3] = "throughput",
	[4] = "throughput_lowmem"
};

int
conf_read_ux(void *field, const char *s, struct conf_note *note)
{
	size_t i;

	for (i = 1; i < sizeof(ux_names) / sizeof(ux_names[0]); i++)
		if (conf_is(s, strlen(s), ux_names[i])) {
			*(int *)field = (int)i;
			return 0;
		}
	return conf_wrong(note, "%s", "");
}

int
conf_read_line(void *field, const char *s, struct conf_note *note)
{
	(void)note;
	return conf_strings_add(field, s, strlen(s));
}

int
conf_read_addr(void *field, const char *s, struct conf_note *note)
{
	struct addr a, *at;

	if (addr_parse_ip(&a, s, -1) < 0)
		return conf_wrong(note, "it is no address");
	if ((at = conf_array_add(field, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = a;
	return 0;
}

void
conf_print_int(FILE *f, const void *field)
{
	fprintf(f, "%d", *(const int *)field);
}

void
conf_print_autobool(FILE *f, const void *field)
{
	if (*(const int *)field == CONF_AUTO)
		fputs("auto", f);
	else
		conf_print_int(f, field);
}

void
conf_print_int64(FILE *f, const void *field)
{
	fprintf(f, "%" PRId64, *(const int64_t *)field);
}

void
conf_print_uint64(FILE *f, const void *field)
{
	fprintf(f, "%" PRIu64, *(const uint64_t *)field);
}

void
conf_print_double(FILE *f, const void *field)
{
	double v = *(const double *)field;
	char text[64];

	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	fputs(text, f);
}

void
conf_print_string(FILE *f, const void *field)
{
	const char *s = *(char *const *)field;

	if (s)
		conf_quote(f, s);
}

void
conf_print_words(FILE *f, const void *field)
{
	const struct conf_strings *list = field;
	char *text = NULL;
	size_t i, size;
	FILE *m;

	if ((m = open_memstream(&text, &size)) == NULL)
		return;
	for (i = 0; i < list->n; i++)
		fprintf(m, "%s%s", i ? "," : "", list->item[i]);
	fclose(m);
	conf_quote(f, text);
	free(text);
}

void
conf_print_numbers(FILE *f, const void *field)
{
	const struct conf_numbers *list = field;
	size_t i;

	for (i = 0; i < list->n; i++)
		fprintf(f, "%s%u", i ? "," : "", list->item[i]);
}

void
conf_print_scrub(FILE *f, const void *field)
{
	fputs(scrub_names[*(const enum conf_scrub *)field], f);
}

void
conf_print_ux(FILE *f, const void *field)
{
	fputs(ux_names[*(const int *)field], f);
}

void
conf_print_trans_type(FILE *f, const void *field)
{
	fputs(*(const enum conf_trans *)field == CONF_TRANS_TPROXY ?
	    "TPROXY" : "default", f);
}

void
conf_print_addr(FILE *f, const void *item)
{
	char ip[ADDR_TEXT];

	fputs(addr_ip_raw(item, ip), f);
}

void
conf_free_string(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

void
conf_free_words(void *field)
{
	conf_strings_free(field);
}

void
conf_free_numbers(void *field)
{
	struct conf_numbers *list = field;

	free(list->item);
	list->item = NULL;
	list->n = 0;
}
