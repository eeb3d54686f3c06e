/* daemon/accounts.c - who knows of accounts, where libraries are not shared
 *
 * Apart from the others, since elf.h and our log have names in common.
 */
#include "daemon/accounts.h"

#include <nss.h>
#include <sys/auxv.h>

/* Where there is no dynamic linker, glibc would load the machine's modules that
 * know accounts for those that /etc/passwd does not have, and crash. */
void
accounts_init(void)
{
	if (getauxval(AT_BASE) != 0)
		return;
	__nss_configure_lookup("passwd", "files");
	__nss_configure_lookup("group", "files");
	__nss_configure_lookup("initgroups", "files");
}
