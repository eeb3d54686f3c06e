/* policy/nftnormal.c - a form in which two lists of tables can be compared
 *
 * Theory of operation
 *	Each thing that the kernel has becomes a line: its kind, family, table
 *	and name, and then, in hexadecimal, what the kernel tells of it.
 *
 *	  rule inet ot output 00003 meta( 1:00000008 2:00000004) ...
 *
 *	The kernel numbers anonymous sets and chains as they come, so that after
 *	a change the same rules have other numbers.  Here they are numbered
 *	anew: in the order in which the rules name them, when chains are taken
 *	by name and each one's rules in their order.  An anonymous chain's own
 *	rules follow the named ones.
 *
 *	What a kernel newer than this program tells beside a table, chain or set
 *	is not compared (it may count something); in a rule everything is that
 *	is not known to change by itself.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/grow.h"
#include "policy/nftlist.h"

enum { DEPTH_MAX = 4, LINE_FIRST = 256 };

struct alias {			/* of what has a number, not a name */
	const struct nftlist_item *item;
};

struct maker {
	const struct nftlist *list;
	struct nftnormal *out;
	struct alias	*aliases;	/* in the order of their numbers */
	size_t		 naliases;
	const struct nftlist_item *at;	/* whose names are looked up */
	char		*line;
	size_t		 len, room;
	int		 err;
};

/* --- a line --- */

static void __attribute__((format(printf, 2, 3)))
put(struct maker *m, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || m->err < 0)
		return;
	if (m->len + (size_t)n + 1 > m->room) {
		m->room = 2 * (m->len + (size_t)n + LINE_FIRST);
		if ((p = realloc(m->line, m->room)) == NULL) {
			m->err = -ENOMEM;
			return;
		}
		m->line = p;
	}
	va_start(ap, fmt);
	vsnprintf(m->line + m->len, m->room - m->len, fmt, ap);
	va_end(ap);
	m->len += (size_t)n;
}

static void
put_hex(struct maker *m, const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char text[129];
	size_t i, n;

	for (; len; p += n, len -= n) {
		n = len < 64 ? len : 64;
		for (i = 0; i < n; i++) {
			text[2 * i] = digits[p[i] >> 4];
			text[2 * i + 1] = digits[p[i] & 15];
		}
		text[2 * n] = '\0';
		put(m, "%s", text);
	}
}

/* Whoever has the rights can give any name: one word, whatever it is. */
static void
put_name(struct maker *m, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";

	if (*s == '\0')
		put(m, "-");
	for (; *s; s++)
		if (strchr(plain, *s))
			put(m, "%c", *s);
		else
			put(m, "\\%02x", (unsigned char)*s);
}

static void
end_line(struct maker *m)
{
	char **at;

	if (m->err < 0)
		return;
	put(m, "%s", "");
	if ((at = grow(&m->out->lines, &m->out->n, sizeof(*at))) == NULL ||
	    (*at = strdup(m->len ? m->line : "")) == NULL)
		m->err = -ENOMEM;
	if (m->err < 0 && at)
		m->out->n--;
	m->len = 0;
}

/* --- names that are numbers --- */

static int
is_numbered(const struct nftlist_item *i)
{
	uint32_t flags = nftlist_flags(i);

	return (i->kind == NFTLIST_SET && (flags & NFT_SET_ANONYMOUS)) ||
	    (i->kind == NFTLIST_CHAIN && (flags & NFT_CHAIN_BINDING));
}

static int
same_table(const struct nftlist_item *a, const struct nftlist_item *b)
{
	return a->family == b->family && strcmp(a->table, b->table) == 0;
}

static const struct nftlist_item *
find(const struct maker *m, enum nftlist_kind kind, const char *name)
{
	const struct nftlist_item *i;
	size_t k;

	for (k = 0; k < m->list->n; k++) {
		i = &m->list->items[k];
		if (i->kind == kind && strcmp(i->name, name) == 0 &&
		    same_table(i, m->at))
			return i;
	}
	return NULL;
}

static long
alias_of(struct maker *m, const struct nftlist_item *i)
{
	struct alias *a;
	size_t k;

	for (k = 0; k < m->naliases; k++)
		if (m->aliases[k].item == i)
			return (long)k;
	if ((a = grow(&m->aliases, &m->naliases, sizeof(*a))) == NULL) {
		m->err = -ENOMEM;
		return 0;
	}
	a->item = i;
	return (long)k;
}

static void
put_item_name(struct maker *m, const struct nftlist_item *i)
{
	if (is_numbered(i))
		put(m, "#%ld", alias_of(m, i));
	else
		put_name(m, i->name);
}

static void
put_ref(struct maker *m, enum nftlist_kind kind, struct nlattr *a)
{
	const struct nftlist_item *i;
	const char *name = nla_data(a);

	if (nla_len(a) <= 0 || memchr(name, '\0', (size_t)nla_len(a)) == NULL) {
		m->err = -EPROTO;
		return;
	}
	put(m, " %d:", nla_type(a));
	if ((i = find(m, kind, name)) != NULL)
		put_item_name(m, i);
	else
		put_name(m, name);
}

/* --- expressions --- */

enum what { PLAIN, PASS, SETREF, VERDICT, FLAGS_OF_QUOTA, ONE_EXPR, EXPRS };

static const struct special {
	const char	*name;		/* of the expression */
	int		 type;		/* of its attribute */
	enum what	 what;
} specials[] = {
	{ "counter", NFTA_COUNTER_BYTES, PASS },
	{ "counter", NFTA_COUNTER_PACKETS, PASS },
	{ "last", NFTA_LAST_SET, PASS },
	{ "last", NFTA_LAST_MSECS, PASS },
	{ "quota", NFTA_QUOTA_CONSUMED, PASS },
	{ "quota", NFTA_QUOTA_FLAGS, FLAGS_OF_QUOTA },
	{ "lookup", NFTA_LOOKUP_SET, SETREF },
	{ "dynset", NFTA_DYNSET_SET_NAME, SETREF },
	{ "dynset", NFTA_DYNSET_EXPR, ONE_EXPR },
	{ "dynset", NFTA_DYNSET_EXPRESSIONS, EXPRS },
	{ "objref", NFTA_OBJREF_SET_NAME, SETREF },
	{ "immediate", NFTA_IMMEDIATE_DATA, VERDICT },
};

static void put_expr(struct maker *, struct nlattr *, int depth);

static enum what
what_of(const char *name, int type)
{
	size_t i;

	for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (specials[i].type == type &&
		    strcmp(specials[i].name, name) == 0)
			return specials[i].what;
	return PLAIN;
}

static void
put_plain(struct maker *m, struct nlattr *a)
{
	put(m, " %d:", nla_type(a));
	put_hex(m, nla_data(a), (size_t)nla_len(a));
}

static void
put_verdict(struct maker *m, struct nlattr *a)
{
	struct nlattr *data[NFTA_DATA_MAX + 1], *v[NFTA_VERDICT_MAX + 1];

	if (nla_parse_nested(data, NFTA_DATA_MAX, a, NULL) < 0 ||
	    data[NFTA_DATA_VERDICT] == NULL ||
	    nla_parse_nested(v, NFTA_VERDICT_MAX, data[NFTA_DATA_VERDICT],
	    NULL) < 0 || v[NFTA_VERDICT_CODE] == NULL) {
		put_plain(m, a);
		return;
	}
	put_plain(m, v[NFTA_VERDICT_CODE]);
	if (v[NFTA_VERDICT_CHAIN])
		put_ref(m, NFTLIST_CHAIN, v[NFTA_VERDICT_CHAIN]);
}

static void
put_exprs(struct maker *m, struct nlattr *list, int depth)
{
	struct nlattr *a;
	int left;

	nla_for_each_nested(a, list, left)
		if (nla_type(a) == NFTA_LIST_ELEM)
			put_expr(m, a, depth);
}

static void
put_attr(struct maker *m, const char *name, struct nlattr *a, int depth)
{
	uint32_t flags;

	switch (what_of(name, nla_type(a))) {
	case PASS:
		break;
	case SETREF:
		put_ref(m, NFTLIST_SET, a);
		break;
	case VERDICT:
		put_verdict(m, a);
		break;
	case FLAGS_OF_QUOTA:
		flags = nla_len(a) >= 4 ? ntohl(nla_get_u32(a)) : 0;
		put(m, " %d:%x", nla_type(a), flags & NFT_QUOTA_F_INV);
		break;
	case ONE_EXPR:
		put_expr(m, a, depth + 1);
		break;
	case EXPRS:
		put_exprs(m, a, depth + 1);
		break;
	default:
		if (nla_len(a) > 0)	/* else it pads */
			put_plain(m, a);
		break;
	}
}

static void
put_expr(struct maker *m, struct nlattr *expr, int depth)
{
	struct nlattr *tb[NFTA_EXPR_MAX + 1], *a;
	const char *name;
	int left;

	if (depth > DEPTH_MAX ||
	    nla_parse_nested(tb, NFTA_EXPR_MAX, expr, NULL) < 0 ||
	    tb[NFTA_EXPR_NAME] == NULL || nla_len(tb[NFTA_EXPR_NAME]) <= 0 ||
	    memchr(nla_data(tb[NFTA_EXPR_NAME]), '\0',
	    (size_t)nla_len(tb[NFTA_EXPR_NAME])) == NULL) {
		m->err = -EPROTO;
		return;
	}
	name = nla_data(tb[NFTA_EXPR_NAME]);
	put(m, " ");
	put_name(m, name);
	put(m, "(");
	if (tb[NFTA_EXPR_DATA])
		nla_for_each_nested(a, tb[NFTA_EXPR_DATA], left)
			put_attr(m, name, a, depth);
	put(m, ")");
}

/* --- each kind of thing --- */

static const char *const kinds[] = {
	[NFTLIST_NONE] = "", [NFTLIST_TABLE] = "table",
	[NFTLIST_CHAIN] = "chain", [NFTLIST_RULE] = "rule",
	[NFTLIST_SET] = "set", [NFTLIST_ELEMENT] = "element",
	[NFTLIST_OBJECT] = "object", [NFTLIST_FLOWTABLE] = "flowtable"
};

static void
put_head(struct maker *m, const struct nftlist_item *i,
    const struct nftlist_item *named)
{
	char family[16];

	m->at = i;
	put(m, "%s %s ", kinds[i->kind], nftlist_family(i->family, family));
	put_name(m, i->table);
	put(m, " ");
	if (named)
		put_item_name(m, named);
	else
		put_name(m, i->name);
}

/* The attributes that are compared; 0 ends them. */
static const uint8_t compared[][12] = {
	[NFTLIST_TABLE] = { NFTA_TABLE_FLAGS, NFTA_TABLE_USERDATA },
	[NFTLIST_CHAIN] = { NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY,
	    NFTA_CHAIN_TYPE, NFTA_CHAIN_FLAGS, NFTA_CHAIN_USERDATA },
	[NFTLIST_RULE] = { NFTA_RULE_COMPAT, NFTA_RULE_USERDATA },
	[NFTLIST_SET] = { NFTA_SET_FLAGS, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN,
	    NFTA_SET_DATA_TYPE, NFTA_SET_DATA_LEN, NFTA_SET_POLICY,
	    NFTA_SET_DESC, NFTA_SET_TIMEOUT, NFTA_SET_GC_INTERVAL,
	    NFTA_SET_USERDATA, NFTA_SET_OBJ_TYPE },
	[NFTLIST_ELEMENT] = { NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END,
	    NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_TIMEOUT,
	    NFTA_SET_ELEM_OBJREF, NFTA_SET_ELEM_USERDATA },
	[NFTLIST_OBJECT] = { NFTA_OBJ_TYPE, NFTA_OBJ_USERDATA },
	[NFTLIST_FLOWTABLE] = { NFTA_FLOWTABLE_HOOK, NFTA_FLOWTABLE_FLAGS }
};

enum { ATTRS = 32 };

static int
parse(struct maker *m, const struct nftlist_item *i, struct nlattr **tb)
{
	if (nla_parse(tb, ATTRS, i->attrs, (int)i->len, NULL) == 0)
		return 1;
	m->err = -EPROTO;
	return 0;
}

static void
put_compared(struct maker *m, enum nftlist_kind kind, struct nlattr **tb)
{
	const uint8_t *c;

	for (c = compared[kind]; *c; c++)
		if (tb[*c] && nla_len(tb[*c]) > 0)
			put_plain(m, tb[*c]);
}

static void
put_rules(struct maker *m, const struct nftlist_item *chain)
{
	const struct nftlist_item *r;
	struct nlattr *tb[ATTRS + 1];
	unsigned nth = 0;
	size_t k;

	for (k = 0; k < m->list->n && m->err == 0; k++) {
		r = &m->list->items[k];
		if (r->kind != NFTLIST_RULE || !same_table(r, chain) ||
		    strcmp(r->name, chain->name) != 0 || !parse(m, r, tb))
			continue;
		put_head(m, r, chain);
		put(m, " %06u", ++nth);
		put_compared(m, r->kind, tb);
		if (tb[NFTA_RULE_EXPRESSIONS])
			put_exprs(m, tb[NFTA_RULE_EXPRESSIONS], 0);
		end_line(m);
	}
}

static void
put_chain(struct maker *m, const struct nftlist_item *c)
{
	struct nlattr *tb[ATTRS + 1];

	if (!parse(m, c, tb))
		return;
	put_head(m, c, c);
	put_compared(m, c->kind, tb);
	end_line(m);
	put_rules(m, c);
}

static void
put_set(struct maker *m, const struct nftlist_item *s)
{
	struct nlattr *tb[ATTRS + 1];

	if (!parse(m, s, tb))
		return;
	put_head(m, s, s);
	put_compared(m, s->kind, tb);
	if (tb[NFTA_SET_EXPR])
		put_expr(m, tb[NFTA_SET_EXPR], 0);
	if (tb[NFTA_SET_EXPRESSIONS])
		put_exprs(m, tb[NFTA_SET_EXPRESSIONS], 0);
	end_line(m);
}

/* What may be missing begins with "~". */
static void
put_element(struct maker *m, const struct nftlist_item *e,
    const struct nftlist_item *set)
{
	struct nlattr *tb[ATTRS + 1];

	if (!parse(m, e, tb))
		return;
	put_head(m, e, set);
	put(m, tb[NFTA_SET_ELEM_TIMEOUT] || tb[NFTA_SET_ELEM_EXPIRATION] ?
	    " ~" : " =");
	put_compared(m, e->kind, tb);
	end_line(m);
}

static void
put_other(struct maker *m, const struct nftlist_item *i)
{
	struct nlattr *tb[ATTRS + 1];
	uint32_t type;

	if (!parse(m, i, tb))
		return;
	put_head(m, i, NULL);
	put_compared(m, i->kind, tb);
	if (i->kind == NFTLIST_OBJECT && tb[NFTA_OBJ_DATA] &&
	    tb[NFTA_OBJ_TYPE] && nla_len(tb[NFTA_OBJ_TYPE]) >= 4) {
		type = ntohl(nla_get_u32(tb[NFTA_OBJ_TYPE]));
		if (type != NFT_OBJECT_COUNTER && type != NFT_OBJECT_QUOTA)
			put_plain(m, tb[NFTA_OBJ_DATA]);
	}
	end_line(m);
}

/* --- all of it, in an order that chance has no part in --- */

static int
by_name(const void *a, const void *b)
{
	const struct nftlist_item *x = *(const struct nftlist_item *const *)a,
	    *y = *(const struct nftlist_item *const *)b;
	int rc;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if ((rc = strcmp(x->table, y->table)) != 0)
		return rc;
	return strcmp(x->name, y->name);
}

static void
put_chains(struct maker *m)
{
	const struct nftlist_item **named;
	size_t i, n = 0;

	if ((named = calloc(m->list->n + 1, sizeof(*named))) == NULL) {
		m->err = -ENOMEM;
		return;
	}
	for (i = 0; i < m->list->n; i++)
		if (m->list->items[i].kind == NFTLIST_CHAIN &&
		    !is_numbered(&m->list->items[i]))
			named[n++] = &m->list->items[i];
	qsort(named, n, sizeof(*named), by_name);
	for (i = 0; i < n && m->err == 0; i++)
		put_chain(m, named[i]);
	free(named);
	for (i = 0; i < m->naliases && m->err == 0; i++)
		if (m->aliases[i].item->kind == NFTLIST_CHAIN)
			put_chain(m, m->aliases[i].item);
}

/* A set has its elements together in the list, so the last one is kept. */
static void
put_elements(struct maker *m)
{
	const struct nftlist_item *e, *set = NULL;
	size_t k;

	for (k = 0; k < m->list->n && m->err == 0; k++) {
		e = &m->list->items[k];
		if (e->kind != NFTLIST_ELEMENT)
			continue;
		m->at = e;
		if (set == NULL || !same_table(set, e) ||
		    strcmp(set->name, e->name) != 0)
			set = find(m, NFTLIST_SET, e->name);
		if (set && !(nftlist_flags(set) & NFT_SET_EVAL))
			put_element(m, e, set);
	}
}

static void
put_rest(struct maker *m)
{
	const struct nftlist_item *i;
	size_t k;

	for (k = 0; k < m->list->n && m->err == 0; k++) {
		i = &m->list->items[k];
		if (i->kind == NFTLIST_SET)
			put_set(m, i);
		else if (i->kind == NFTLIST_TABLE ||
		    i->kind == NFTLIST_OBJECT || i->kind == NFTLIST_FLOWTABLE)
			put_other(m, i);
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
nftnormal_make(struct nftnormal *out, const struct nftlist *list)
{
	struct maker m = { .list = list, .out = out };

	memset(out, 0, sizeof(*out));
	put_chains(&m);
	put_rest(&m);
	put_elements(&m);
	free(m.aliases);
	free(m.line);
	if (m.err < 0) {
		nftnormal_free(out);
		return m.err;
	}
	if (out->n)
		qsort(out->lines, out->n, sizeof(*out->lines), by_text);
	return 0;
}

void
nftnormal_free(struct nftnormal *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->lines[i]);
	free(f->lines);
	memset(f, 0, sizeof(*f));
}
