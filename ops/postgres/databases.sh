#!/bin/sh
# A role and a database each: whoever holds the ledger's password cannot read the key ring.
set -eu
make_database() {
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set role="$1" --set password="$2" --set name="$3" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'role', :'password')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
CREATE DATABASE :"name" OWNER :"role";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}
make_database ledger "$LEDGER_PASSWORD" ledger
make_database keyring "$KEYRING_PASSWORD" keyring
make_database temporal "$TEMPORAL_PASSWORD" temporal
make_database temporal "$TEMPORAL_PASSWORD" temporal_visibility
