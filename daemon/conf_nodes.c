/* daemon/conf_nodes.c - ExitNodes and its like: is this a set of relays? */
#include "daemon/conf_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/enc.h"
#include "daemon/conf.h"
#include "daemon/conf_reach.h"
#include "daemon/conf_util.h"

enum { HEX_ID = 2 * CONF_ID };

static int
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static int
is_nickname(const char *s, size_t len)
{
	size_t i;

	if (len < 1 || len > CONF_NICKNAME_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if (!is_alnum(s[i]))
			return 0;
	return 1;
}

/* [$]40 hexadecimal digits[=Name|~Name] */
static int
is_fingerprint(const char *s, size_t len)
{
	uint8_t id[CONF_ID];

	if (*s == '$') {
		s++;
		len--;
	}
	if (len < HEX_ID || dec_hex(id, sizeof(id), s, HEX_ID) != CONF_ID)
		return 0;
	if (len == HEX_ID)
		return 1;
	return (s[HEX_ID] == '=' || s[HEX_ID] == '~') &&
	    is_nickname(s + HEX_ID + 1, len - HEX_ID - 1);
}

static int
is_country(const char *s, size_t len)
{
	return len == 4 && s[0] == '{' && s[3] == '}' && s[1] != '{' &&
	    ((is_alnum(s[1]) && is_alnum(s[2])) ||
	    (s[1] == '?' && s[2] == '?'));
}

int
conf_check_node(const char *s, size_t len, struct conf_note *note)
{
	struct conf_rule rule;

	if (is_fingerprint(s, len) || is_nickname(s, len) ||
	    is_country(s, len) || conf_pattern(&rule, s, len) == 0)
		return 0;
	return conf_wrong(note, "'%.*s' is neither a fingerprint nor a "
	    "nickname nor {cc} nor an address or network",
	    len < 60 ? (int)len : 60, s);
}

/* The set with commas between items and nothing else; "" where it is empty. */
static int
canonical(char **out, const char *s, struct conf_note *note)
{
	size_t len, at = 0;
	const char *item;
	char *text;

	if ((text = malloc(strlen(s) + 1)) == NULL)
		return -ENOMEM;
	while ((item = conf_item(&s, &len)) != NULL) {
		if (conf_check_node(item, len, note) < 0) {
			free(text);
			return -EINVAL;
		}
		if (at)
			text[at++] = ',';
		memcpy(text + at, item, len);
		at += len;
	}
	text[at] = '\0';
	*out = text;
	return 0;
}

int
conf_read_nodes(void *field, const char *s, struct conf_note *note)
{
	char *text;
	int rc = canonical(&text, s, note);

	if (rc < 0)
		return rc;
	free(*(char **)field);
	*(char **)field = *text ? text : NULL;
	if (*text == '\0')
		free(text);
	return 0;
}

int
conf_read_node_set(void *array, const char *s, struct conf_note *note)
{
	char *text, **at;
	int rc = canonical(&text, s, note);

	if (rc < 0)
		return rc;
	if (*text == '\0') {
		free(text);
		return conf_wrong(note, "it is empty");
	}
	if ((at = conf_array_add(array, sizeof(*at))) == NULL) {
		free(text);
		return -ENOMEM;
	}
	*at = text;
	return 0;
}
