package authorities

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answerKeys are what a case's `expected` shares with the answer.
var answerKeys = []string{
	"effective_channel", "remote_eligible", "blocking_reasons", "checklist_codes",
	"must_revoke_old", "sla", "charge", "new_certificate",
}

func TestTheTenCasesExactly(t *testing.T) { compareCases(t, "testdata/cases.json", 10) }

func TestFurtherCasesExactly(t *testing.T) { compareCases(t, "testdata/further.json", 40) }

// compareCases answers a file and compares every answer with what the case
// expects, key by key; a further file may leave keys out.
func compareCases(t *testing.T, path string, atLeast int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			ID       string         `json:"id"`
			Title    string         `json:"title"`
			Expected map[string]any `json:"expected"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < atLeast {
		t.Fatalf("%d cases, want at least %d", len(file.Cases), atLeast)
	}
	out, err := Check(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var answers []map[string]any
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(file.Cases) {
		t.Fatalf("%d answers to %d cases", len(answers), len(file.Cases))
	}
	for i, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			want := map[string]any{"id": c.ID}
			for _, key := range answerKeys {
				want[key] = c.Expected[key]
			}
			if diff := cmp.Diff(want, answers[i]); diff != "" {
				t.Errorf("%s (-expected +answered):\n%s", c.Title, diff)
			}
		})
	}
}
