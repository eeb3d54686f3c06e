/* daemon/accounts.h - who knows of accounts, where libraries are not shared */
#ifndef DAEMON_ACCOUNTS_H
#define DAEMON_ACCOUNTS_H

/* Before the first question for a user or a group. */
void	accounts_init(void);

#endif
