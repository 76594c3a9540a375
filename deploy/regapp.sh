#!/bin/sh
# /usr/local/sbin/regapp: the command with the service's settings, as the service's user; run by root.
set -eu
set -a
. /etc/regapp.env
set +a
cd /srv/regapp
exec runuser -u regapp -- /srv/regapp/.venv/bin/regapp "$@"
