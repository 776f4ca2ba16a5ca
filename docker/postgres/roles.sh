#!/bin/bash
# Runs once, when PostgreSQL's data directory is made: two roles and the database (docs/postgresql.md).
# `desk_owner` migrates; `desk_app` is what a running desk has, and can change nothing that is recorded.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$DESK_OWNER_PASSWORD" --set app_password="$DESK_APP_PASSWORD" <<'SQL'
create role desk_owner login password :'owner_password';
create role desk_app login password :'app_password';
create database desk owner desk_owner encoding 'UTF8' template template0;
SQL
