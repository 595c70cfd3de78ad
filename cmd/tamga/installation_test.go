package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// An SQLite database serves one process: a second one is told so, and may begin
// when the first has ended.
func TestSQLiteServesOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, second := &installation{}, &installation{}
	if err := first.lock(path); err != nil {
		t.Fatal(err)
	}
	err := second.lock(path)
	if err == nil || !strings.Contains(err.Error(), "another tamga uses") || !strings.Contains(err.Error(), "TAMGA_DB") {
		t.Fatalf("a second process: %v", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	if err := second.lock(path); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
	if err := second.close(); err != nil {
		t.Fatal(err)
	}
}
