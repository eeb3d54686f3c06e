/* daemon/conf_flow.h - FlowRule: lines of rules (policy/rule.h) */
#ifndef DAEMON_CONF_FLOW_H
#define DAEMON_CONF_FLOW_H

#include <stdio.h>

struct conf_note;

int	conf_read_flow_rule(void *array, const char *, struct conf_note *);
void	conf_print_flow_rule(FILE *, const void *item);

#endif
