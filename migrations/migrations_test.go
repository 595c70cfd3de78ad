package migrations

import (
	"io/fs"
	"testing"
)

// Two that are written at the same time may take the same number; no database
// could be migrated then.
func TestEachMigrationHasANumberOfItsOwn(t *testing.T) {
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		files, err := Render(d)
		if err != nil {
			t.Fatal(err)
		}
		all, err := fs.Glob(files, "*.sql")
		if err != nil || len(all) == 0 {
			t.Fatal(all, err)
		}
		seen := map[string]string{}
		for _, name := range all {
			if other := seen[name[:5]]; other != "" {
				t.Errorf("%s and %s", other, name)
			}
			seen[name[:5]] = name
		}
	}
}
