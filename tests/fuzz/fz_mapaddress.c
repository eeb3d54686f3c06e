/* tests/fuzz/fz_mapaddress.c - lines of MapAddress, and then a name
 *
 * The input is lines; the last is a name.  What is taken reads back the same;
 * what is found ends, fits, and is the end of the chain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/mapaddress.h"
#include "tests/fuzz/fuzz.h"

enum { LINES = 32 };

static int
is_line(const char *line)
{
	char why[MAPADDRESS_WHY] = "", a[MAPADDRESS_TEXT], b[MAPADDRESS_TEXT];
	struct mapaddress_rule r, s;

	if (mapaddress_parse(&r, line, why) < 0) {
		must(why[0] != '\0');
		return 0;
	}
	mapaddress_text(&r, a);
	must(mapaddress_parse(&s, a, why) == 0);
	must(strcmp(mapaddress_text(&s, b), a) == 0);
	must(!s.to_all || s.from_all);
	return 1;
}

static void
find(const struct mapaddress *m, const char *name)
{
	char out[MAPADDRESS_NAME + 1], again[MAPADDRESS_NAME + 1];
	int n = mapaddress_find(m, name, out);

	must(n == -ENAMETOOLONG || n == -ELOOP ||
	    (n >= 0 && n <= MAPADDRESS_CHAIN));
	if (n < 0)
		return;
	must(strlen(out) <= MAPADDRESS_NAME);
	must(n > 0 || strcmp(out, name) == 0);
	must(mapaddress_find(m, out, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1), *line, *lines[LINES];
	struct mapaddress *m;
	size_t n = 0;

	must(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	for (line = text; strchr(line, '\n') && n < LINES;) {
		lines[n] = line;
		line = strchr(line, '\n');
		*line++ = '\0';
		n += (size_t)is_line(lines[n]);
	}
	must(mapaddress_new(&m, lines, n) == 0);
	find(m, line);
	mapaddress_free(m);
	free(text);
	return 0;
}
