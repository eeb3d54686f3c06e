dist_man_MANS += docs/onion-transparent.8 docs/onion-transparent.conf.5
EXTRA_DIST += docs/appliance-failover.md
