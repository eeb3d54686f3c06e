/* tests/dnsport/answers.h - what a resolver said of signed zones, from a file
 *
 * tests/vectors/dnssec/answers.txt, which its script make makes.
 */
#ifndef TESTS_DNSPORT_ANSWERS_H
#define TESTS_DNSPORT_ANSWERS_H

#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWERS_MAX = 1024, ANSWERS_WALL = 1795300000 };

struct answer_msg {
	char		 name[256];
	char		 type[16];
	uint8_t		*msg;
	size_t		 len;
};

static struct {
	struct answer_msg m[ANSWERS_MAX];
	size_t		 n;
	char		*anchor;
} answers;

static inline FILE *
answers_open(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/vectors/dnssec/%s",
	    srcdir ? srcdir : ".", name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "cannot open %s", path);
	return f;
}

static inline void
answers_load(void)
{
	static char line[131072];
	FILE *f = answers_open("answers.txt");
	struct answer_msg *m;
	unsigned v;
	size_t i, at;
	int n;

	if (answers.n)
		return;
	while (fgets(line, sizeof(line), f)) {
		ck_assert_uint_lt(answers.n, ANSWERS_MAX);
		m = &answers.m[answers.n++];
		ck_assert_int_eq(sscanf(line, "%255s %15s %n", m->name,
		    m->type, &n), 2);
		at = (size_t)n;
		m->len = strspn(line + at, "0123456789abcdef") / 2;
		m->msg = malloc(m->len + 1);
		for (i = 0; i < m->len; i++) {
			sscanf(line + at + 2 * i, "%2x", &v);
			m->msg[i] = (uint8_t)v;
		}
	}
	fclose(f);
	f = answers_open("anchor");
	answers.anchor = calloc(1, 65536);
	ck_assert_uint_gt(fread(answers.anchor, 1, 65535, f), 0);
	fclose(f);
}

static inline const struct answer_msg *
answers_get(const char *name, const char *type)
{
	size_t i;

	for (i = 0; i < answers.n; i++)
		if (strcmp(answers.m[i].name, name) == 0 &&
		    strcmp(answers.m[i].type, type) == 0)
			return &answers.m[i];
	return NULL;
}

static inline uint16_t
answers_type(const char *type)
{
	return (uint16_t)ldns_get_rr_type_by_name(type);
}

static inline ldns_pkt *
answers_pkt(const struct answer_msg *m)
{
	ldns_pkt *pkt = NULL;

	ck_assert_int_eq(ldns_wire2pkt(&pkt, m->msg, m->len), LDNS_STATUS_OK);
	return pkt;
}

#endif
