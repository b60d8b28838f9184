#!/bin/sh
# A Chromium for the tests of the dashboard's page: the one that is here, else the distribution's, else Playwright's own.
# Ends well in any case: without a browser those tests are skipped and say so.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
	command -v "$name" >/dev/null 2>&1 && exit 0
done
log=$(mktemp)
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "Installing Chromium for the tests of the dashboard's page ..."
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >"$log" 2>&1 &&
		rm -f "$log" && exit 0
fi
if [ -x "${1:-playwright}" ] || command -v playwright >/dev/null 2>&1; then
	"${1:-playwright}" install chromium >>"$log" 2>&1 && rm -f "$log" && exit 0
fi
echo "No Chromium could be installed (see $log): the dashboard's page will not be tested in a browser." >&2
exit 0
