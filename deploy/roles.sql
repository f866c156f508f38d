-- Two logins: the owner of the tables, who migrates, backs up and restores, and the platform, which may not rewrite history.
-- Run as a superuser of PostgreSQL, with the passwords in variables:
--   psql -v owner_password=... -v app_password=... -f deploy/roles.sql
-- What the platform may do is granted to smartsync_runtime by every `manage.py migrate`. It signs in as smartsync_app, a
-- member of that role, so the role is really applied, behind a pooler in transaction mode (PgBouncer) as well: there a
-- role that a connection asks for at its start (DATABASE_ROLE) would be dropped.
SELECT format('CREATE ROLE smartsync_owner LOGIN CREATEDB CREATEROLE PASSWORD %L', :'owner_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'smartsync_owner') \gexec
SELECT 'CREATE ROLE smartsync_runtime NOLOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'smartsync_runtime') \gexec
SELECT format('CREATE ROLE smartsync_app LOGIN PASSWORD %L', :'app_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'smartsync_app') \gexec
ALTER ROLE smartsync_owner PASSWORD :'owner_password';
ALTER ROLE smartsync_app PASSWORD :'app_password';
GRANT smartsync_runtime TO smartsync_app;
GRANT smartsync_runtime TO smartsync_owner WITH ADMIN OPTION;
SELECT 'CREATE DATABASE smartsync OWNER smartsync_owner ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'smartsync') \gexec
\connect smartsync
ALTER SCHEMA public OWNER TO smartsync_owner;
