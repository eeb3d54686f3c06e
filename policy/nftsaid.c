/* policy/nftsaid.c - what nft writes when it fails, in one sentence */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/nftrun.h"

enum { SAID_MAX = 2048, LINE_MAX_ = 160 };

static const struct { const char *part, *sentence; } known[] = {
	{ "Operation not permitted",
	    "the kernel's rules may not be changed from here: CAP_NET_ADMIN "
	    "is needed" },
	{ "must be root",
	    "the kernel's rules may not be changed from here: CAP_NET_ADMIN "
	    "is needed" },
	{ "Unable to initialize Netlink socket",
	    "the kernel has no nf_tables (modprobe nf_tables, or a kernel "
	    "with CONFIG_NF_TABLES)" },
	{ "cache initialization failed",
	    "the kernel has no nf_tables (modprobe nf_tables, or a kernel "
	    "with CONFIG_NF_TABLES)" },
	{ "Operation not supported",
	    "the kernel lacks what a rule needs (a part of nf_tables: modules "
	    "nft_*, or CONFIG_NFT_* in the kernel)" },
	{ "Cannot allocate memory", "the kernel has no memory for the rules" },
};

/* "/dev/stdin:3:5-9: Error: text" -> 3 and "text". */
static void
say_line(const char *line, char *why, size_t max)
{
	const char *error = strstr(line, "Error: "), *at = line;
	char text[LINE_MAX_];
	int number = 0;
	size_t i;

	if (error == NULL) {
		error = line;
	} else {
		error += strlen("Error: ");
		at = strchr(line, ':');
		if (at && at < error)
			number = atoi(at + 1);
	}
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(error, "\n"), error);
	for (i = 0; text[i]; i++)
		if (!isprint((unsigned char)text[i]))
			text[i] = '?';
	if (number > 0)
		snprintf(why, max, "nft refuses the rules (line %d): %s",
		    number, text);
	else
		snprintf(why, max, "nft refuses the rules: %s", text[0] ? text :
		    "it did not say why");
}

void
nftrun_explain(const char *said, size_t len, char *why, size_t max)
{
	char text[SAID_MAX];
	const char *error;
	size_t i;

	snprintf(text, sizeof(text), "%.*s", (int)(len < SAID_MAX ? len :
	    SAID_MAX - 1), said);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(text, known[i].part)) {
			snprintf(why, max, "%s", known[i].sentence);
			return;
		}
	if ((error = strstr(text, "Error: ")) != NULL)
		while (error > text && error[-1] != '\n')
			error--;
	say_line(error ? error : text, why, max);
}
