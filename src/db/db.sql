-- :query db_migration_table
@sqlite
SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'
@postgres
SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_migration'
@end

-- :script db_migration_create
@sqlite
CREATE TABLE IF NOT EXISTS schema_migration (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT
@postgres
SELECT pg_advisory_xact_lock(8626337);
CREATE TABLE IF NOT EXISTS schema_migration (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL)
@end

-- :query db_migrations_applied
SELECT number, name, checksum FROM schema_migration ORDER BY number;

-- :query db_migration_record
INSERT INTO schema_migration (number, name, checksum, applied_ms) VALUES (:number, :name, :checksum, :now_ms);

-- :script db_derived_clear
-- What is derived, as if it had never been there. SQLite: its files go.
@sqlite
SELECT 1
@postgres
SELECT pg_advisory_xact_lock(8626337);
DROP SCHEMA IF EXISTS vivim_index CASCADE;
CREATE SCHEMA vivim_index
@end
