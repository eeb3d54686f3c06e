/* tests/fuzz/fz_relayset.c - a list of relays from torrc */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "onion/path/relayset.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct addr a4 = { .family = 4, .port = 443,
	    .ip = { 192, 0, 2, 1 } };
	static const struct addr a6 = { .family = 6, .port = 9001,
	    .ip = { 0x20, 0x01 } };
	struct relayset_error err = { 0, 0, NULL };
	struct relayset *set;
	char *text = malloc(len + 1);
	uint8_t rsa[20] = { 0 };
	int rc;

	if (text == NULL)
		return 0;
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	rc = relayset_parse(&set, text, &err);
	if (rc == 0) {
		(void)relayset_has_parts(set, rsa, "name", &a4);
		(void)relayset_has_parts(set, rsa, "", &a6);
		(void)relayset_add_unknown(set, 0);
		if (relayset_is_empty(set) &&
		    relayset_has_parts(set, rsa, "name", &a4))
			abort();
		relayset_free(set);
	} else if (err.what == NULL || err.len == 0 ||
	    err.at + err.len > strlen(text))
		abort();
	free(text);
	return 0;
}
