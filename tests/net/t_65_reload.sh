#!/bin/bash
# SIGHUP: a new configuration is put in place while traffic flows; one with
# an error changes nothing.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

RC=$LAB_DIR/sut.rc
cp "$RC" "$LAB_DIR/tmp/rc.good"
hup() { kill -HUP "$(lab_pid sut)"; }
said() { sut_log | grep -qF "$1"; }
asks() { lab_gw dig +short +time=20 +tries=3 -p "$1" "@$LAN4" www.lab.example |
	grep -qx "$DEST4"; }
# (Other streams may still wait for the server's end.)
still_dripping() { sut_get path-of "$DEST4:80" | grep -xF "$path"; }

drip_start
path=$(drip_path)

echo "TransPort nonsense" >>"$RC"
hup
sut_is_tor || check "a bad line: the old configuration stays, and says why" \
	lab_until 300 said "TransPort wants"
check "a bad line: it lives" lab_alive sut
check "a bad line: everything works as before" fetches "http://$DEST4/"

# All or nothing: what could be had of a configuration that can't be had whole
# is not in force either.
half() {
	grep -v "^DNSPort $LAN4:" "$LAB_DIR/tmp/rc.good" >"$RC"
	printf '%s\n' "DNSPort $LAN4:5555" "$@" >>"$RC"
	: >"$LAB_DIR/log/sut.out"
	hup
}
none_of_it() {
	lab_until 300 said "$1" && lab_until 60 said "old configuration stays" &&
		asks "$DNSPORT" && ! asks 5555
}
if ! sut_is_tor; then
	half 'ExcludeNodes {de}' 'GeoIPFile /nonexistent/geoip'
	check "without its countries: nothing of it" \
		none_of_it '/nonexistent/geoip'
	half 'Log notice file /nonexistent/dir/log'
	check "without its log: nothing of it" none_of_it '/nonexistent/dir/log'
	half "DNSPort 192.0.2.77:53"
	check "without a listener: nothing of it" none_of_it '192.0.2.77:53'
	half "UseEntryGuards 0"
	check "with what wants a restart: nothing of it" \
		none_of_it 'UseEntryGuards cannot change'
	check "a stream that was there goes on, on its circuit" still_dripping
	echo 'Bootstrapped 100% (before the log was emptied)' \
		>>"$LAB_DIR/log/sut.out"
fi

cp "$LAB_DIR/tmp/rc.good" "$RC"
echo "DNSPort $LAN4:5454" >>"$RC"
hup
check "a new DNSPort answers" lab_until 300 asks 5454
check "the old DNSPort goes on" asks "$DNSPORT"
check "a stream that was there goes on, on its circuit" still_dripping

cp "$LAB_DIR/tmp/rc.good" "$RC"
hup
gone() { ! asks 5454; }
check "a DNSPort that is no longer configured is closed" lab_until 300 gone
check "and pages are still fetched" fetches http://www.lab.example/
drip_stop
