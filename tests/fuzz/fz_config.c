/* tests/fuzz/fz_config.c - torrc: parse, dump, parse again, dump the same */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "tests/fuzz/fuzz.h"

static int
load(struct conf **c, const char *text, size_t len)
{
	struct conf_args args = {
		.text = text, .text_len = len, .no_files = 1
	};
	struct conf_err err;
	int rc = conf_load(c, &args, &err);

	if (rc < 0 && (err.text[0] == '\0' ||
	    memchr(err.text, '\0', sizeof(err.text)) == NULL))
		abort();
	return rc;
}

static char *
dumped(const struct conf *c, enum conf_dump how, size_t *len)
{
	char *text = NULL;
	FILE *m = open_memstream(&text, len);

	if (m == NULL)
		abort();
	conf_dump(c, how, m);
	fclose(m);
	return text;
}

static void
check_again(const struct conf *c, enum conf_dump how)
{
	size_t len, again_len;
	char *text = dumped(c, how, &len), *again;
	struct conf *c2;
	struct conf_err err;

	if (load(&c2, text, len) < 0)
		abort();
	again = dumped(c2, how, &again_len);
	if (len != again_len || memcmp(text, again, len) != 0)
		abort();
	if (conf_can_reload(c, c2, &err) < 0)
		abort();
	free(text);
	free(again);
	conf_free(c2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf *c;

	if (len > 8192 || load(&c, (const char *)data, len) < 0)
		return 0;
	check_again(c, CONF_DUMP_SHORT);
	if (len % 16 == 0)		/* slow: all options */
		check_again(c, CONF_DUMP_FULL);
	conf_free(c);
	return 0;
}
