package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/tamga-ca/tamga/migrations"
)

// Grant gives the application's and the read-only role of PostgreSQL what they
// need, and nothing of it on append-only tables but reading and adding. An empty
// name is nobody. It is repeated after each migration, by the owner, since new
// tables belong to the owner alone.
func (s *Store) Grant(ctx context.Context, app, readOnly string) error {
	if s.dialect != migrations.PostgreSQL {
		return errors.New("granting to roles: SQLite has none")
	}
	appendOnly, err := migrations.AppendOnly()
	if err != nil {
		return err
	}
	err = s.write.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		var statements []string
		for role, rights := range map[string]string{app: "SELECT, INSERT, UPDATE, DELETE", readOnly: "SELECT"} {
			if role == "" {
				continue
			}
			to := pgx.Identifier{role}.Sanitize()
			statements = append(statements,
				"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "+to,
				"GRANT USAGE ON SCHEMA public TO "+to,
				"GRANT "+rights+" ON ALL TABLES IN SCHEMA public TO "+to)
		}
		if app != "" {
			to := pgx.Identifier{app}.Sanitize()
			statements = append(statements, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "+to)
			for _, t := range appendOnly {
				statements = append(statements, "REVOKE UPDATE, DELETE ON "+pgx.Identifier{t}.Sanitize()+" FROM "+to)
			}
			// What an entry reveals may be forgotten, never altered.
			statements = append(statements, "REVOKE UPDATE ON journal_reveals FROM "+to)
		}
		for _, statement := range statements {
			if err := db.Exec(statement).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("granting to roles: %w", err)
	}
	return nil
}
