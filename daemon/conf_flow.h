/* daemon/conf_flow.h - FlowRule: lines of rules (policy/rule.h) */
#ifndef DAEMON_CONF_FLOW_H
#define DAEMON_CONF_FLOW_H

#include <stdint.h>

#include <stdio.h>

struct conf_note;

int	conf_read_flow_rule(void *array, const char *, struct conf_note *);
void	conf_print_flow_rule(FILE *, const void *item);

/* Who a FlowRule's user is, for conf_load_values() where it
 * can't be looked up; until it is told to forget. */
int	conf_flow_know(const char *name, uint32_t uid);
void	conf_flow_forget(void);

#endif
