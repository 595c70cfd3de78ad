package main

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/store"
)

// Migrate brings the schema up to date. `serve` does not: on PostgreSQL its
// role may not change the schema.
type Migrate struct {
	DBOwner    string `env:"TAMGA_DB_OWNER" placeholder:"DSN" help:"PostgreSQL DSN of the role that owns the database. Empty: the SQLite file tamga.db in the data directory."`
	DBAppRole  string `env:"TAMGA_DB_APP_ROLE" placeholder:"ROLE" help:"PostgreSQL role of serve, which is granted its work on the tables, but no change of the journal. Empty: the owner serves."`
	DBReadRole string `env:"TAMGA_DB_READ_ROLE" placeholder:"ROLE" help:"PostgreSQL role that is granted reading. Empty: none."`
	DataDir    string `env:"TAMGA_DATA_DIR" placeholder:"DIR" help:"Directory of the SQLite database; not needed for PostgreSQL."`
}

// Validate implements kong's check of a command.
func (m Migrate) Validate() error {
	if m.DBOwner != "" {
		return checkPostgres("db-owner", m.DBOwner)
	}
	if m.DBAppRole != "" || m.DBReadRole != "" {
		return wrong("db-app-role", "SQLite has no roles: set %s too, or leave the roles", variable("db-owner"))
	}
	if m.DataDir == "" {
		return wrong("db-owner", "name a database, or set %s for SQLite", variable("data-dir"))
	}
	return checkDirectory("data-dir", m.DataDir)
}

// Run the command.
func (m Migrate) Run(ctx context.Context, c *Console) error {
	cfg := store.Config{DSN: m.DBOwner}
	if cfg.DSN == "" {
		cfg.DSN = sqliteFile(m.DataDir)
	}
	s, err := store.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	if m.DBAppRole != "" || m.DBReadRole != "" {
		if err := s.Grant(ctx, m.DBAppRole, m.DBReadRole); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(c.Out, "the database is up to date")
	return err
}
