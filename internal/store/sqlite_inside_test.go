package store

import (
	"path/filepath"
	"strings"
	"testing"
)

// Where the triggers on INSERT are missing, those on DELETE refuse to replace a
// row of an append-only table: on our connections, not on everybody's.
func TestReplacingIsDeleting(t *testing.T) {
	s, err := Open(t.Context(), Config{DSN: filepath.Join(t.TempDir(), "tamga.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const row = ` INTO journal_checkpoints (size, root, at, note) VALUES (1, randomblob(32), '2026-01-01', 'x')`
	for _, q := range []string{`DROP TRIGGER journal_checkpoints_no_replace`, `INSERT` + row} {
		if err := s.write.Exec(q).Error; err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	if err := s.write.Exec(`INSERT OR REPLACE` + row).Error; err == nil || !strings.Contains(err.Error(), "append-only") {
		t.Errorf("replaced: %v", err)
	}
}
