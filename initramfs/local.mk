# The appliance: an image of Debian's packages, the program, and root/.
EXTRA_DIST += initramfs/build initramfs/run-qemu initramfs/cmdline \
	initramfs/modules initramfs/root
EXTRA_DIST += tests/platform/appliance
# Its ISO is booted by a test, and a page for each way of putting it somewhere.
EXTRA_DIST += initramfs/iso tests/platform/appliance-iso tests/platform/screen.py \
	docs/appliance-qemu.md docs/appliance-libvirt.md \
	docs/appliance-virtualbox.md docs/appliance-proxmox.md \
	docs/appliance-qubes.md docs/appliance-baremetal.md
