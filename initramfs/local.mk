# The appliance: an image of Debian's packages, the program, and root/.
EXTRA_DIST += initramfs/build initramfs/run-qemu initramfs/cmdline \
	initramfs/modules initramfs/root
EXTRA_DIST += tests/platform/appliance
