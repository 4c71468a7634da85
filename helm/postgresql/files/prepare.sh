#!/bin/sh
# Make the cluster of databases if there is none; then see to it that every database named as an
# argument is there with its owner, and that passwords are those of the Secrets. Repeating it is
# harmless. SLUICE_SECRETS and SLUICE_SOCKET name other folders.
set -eu
PATH="$PATH:/usr/lib/postgresql/15/bin"
secrets=${SLUICE_SECRETS:-/etc/sluice}
socket=${SLUICE_SOCKET:-/var/run/postgresql}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # a first try that was cut off leaves a folder that initdb refuses
    rm -rf "$PGDATA"
    initdb --pgdata="$PGDATA" --username=postgres --pwfile="$secrets/administrator/password" \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums
fi

ask() {
    psql --host="$socket" --username=postgres --dbname="$1" --no-psqlrc --quiet --tuples-only \
        --no-align --set=ON_ERROR_STOP=1 --set=name="$2" --set=password="$3"
}

owner() {
    ask postgres "$1" "$(cat "$secrets/owners/$1/password")" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'name', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'name') \gexec
SQL
}

pg_ctl start --wait --timeout=600 --silent \
    --options="-c listen_addresses='' -c unix_socket_directories='$socket'"
trap 'pg_ctl stop --mode=fast --wait --silent' EXIT
ask postgres postgres "$(cat "$secrets/administrator/password")" <<'SQL'
SELECT format('ALTER ROLE %I PASSWORD %L', :'name', :'password') \gexec
SQL
for database in "$@"; do
    owner "$database"
done
