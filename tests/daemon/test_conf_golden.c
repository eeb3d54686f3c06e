/* tests/daemon/test_conf_golden.c - configuration in, canonical dump out
 *
 * Each tests/golden/conf/NAME.in is read as "NAME.in"; what comes of it, the
 * error, or the warnings and the dump, must be what NAME.out holds; and what
 * was dumped must dump the same again.
 */
#include <string.h>

#include "daemon/conf.h"
#include "tests/daemon/golden.h"

static int
load(struct conf **c, const char *name, const char *text, size_t len,
    struct conf_err *err)
{
	struct conf_args args = {
		.file = name, .text = text, .text_len = len, .no_files = 1
	};

	return conf_load(c, &args, err);
}

static char *
dumped(const struct conf *c, int warnings, size_t *len)
{
	char *text = NULL;
	FILE *m = open_memstream(&text, len);
	size_t i;

	for (i = 0; warnings && i < c->warnings.n; i++)
		fprintf(m, "# %s\n", c->warnings.item[i]);
	conf_dump(c, CONF_DUMP_SHORT, m);
	fclose(m);
	return text;
}

/* A dump that is read gives the same dump. */
static void
check_again(const char *name, const struct conf *c)
{
	size_t len, again_len;
	char *text = dumped(c, 0, &len), *again;
	struct conf_err err;
	struct conf *c2;

	if (load(&c2, name, text, len, &err) < 0)
		ck_abort_msg("%s: dump not read: %s\n%s", name, err.text, text);
	again = dumped(c2, 0, &again_len);
	ck_assert_msg(strcmp(text, again) == 0, "%s: dumped\n%s\nthen\n%s",
	    name, text, again);
	free(text);
	free(again);
	conf_free(c2);
}

/* What came in parts is no configuration, and no harm. */
static void
check_cut(const char *name, const char *packed, size_t len)
{
	struct conf_err err;
	struct conf *c;
	size_t i;

	for (i = 0; i < len; i += 1 + len / 64)
		ck_assert_msg(conf_unpack(&c, packed, i, &err) < 0,
		    "%s: %zu bytes are enough", name, i);
	ck_assert_msg(conf_unpack(&c, packed, len + 1, &err) < 0,
	    "%s: one more is taken", name);
}

/* As a process without files gets it: the same, with its places. */
static void
check_packed(const char *name, const struct conf *c)
{
	char *text, *again, *packed, *more;
	struct conf_err err;
	struct conf *c2;
	size_t len, n;

	ck_assert_int_eq(conf_pack(c, &packed, &len), 0);
	ck_assert_ptr_nonnull(more = calloc(1, len + 1));
	memcpy(more, packed, len);
	if (conf_unpack(&c2, packed, len, &err) < 0)
		ck_abort_msg("%s: not unpacked: %s", name, err.text);
	text = dumped(c, 1, &n);
	again = dumped(c2, 1, &n);
	ck_assert_msg(strcmp(text, again) == 0, "%s: packed\n%s\nunpacked\n"
	    "%s", name, text, again);
	ck_assert_str_eq(conf_where(c, "SocksPort", 0),
	    conf_where(c2, "SocksPort", 0));
	ck_assert_str_eq(conf_where(c, "DirAuthority", 0),
	    conf_where(c2, "DirAuthority", 0));
	ck_assert_int_eq(conf_can_reload(c, c2, &err), 0);
	check_cut(name, more, len);
	free(text);
	free(again);
	free(packed);
	free(more);
	conf_free(c2);
}

static char *
outcome(const char *name, const char *text, size_t text_len)
{
	struct conf_err err;
	struct conf *c;
	char *out;
	size_t len;

	if (load(&c, name, text, text_len, &err) < 0) {
		if (asprintf(&out, "error: %s\n", err.text) < 0)
			abort();
		return out;
	}
	out = dumped(c, 1, &len);
	check_again(name, c);
	check_packed(name, c);
	conf_free(c);
	return out;
}

static void
one(const char *path)
{
	char *in, *out;
	size_t len;

	ck_assert_ptr_nonnull(in = golden_read(path, &len));
	out = outcome(strrchr(path, '/') + 1, in, len);
	golden_is(path, "out", out);
	free(in);
	free(out);
}

START_TEST(conf_golden_input_gives_its_output)
{
	golden_each("conf/*.in", 50, one);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(conf_golden_input_gives_its_output),
};

UNIT_MAIN("conf_golden", tests)
