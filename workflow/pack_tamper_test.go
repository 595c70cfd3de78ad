//go:build !race

// The race detector would make these take minutes: make unit runs them without.

package workflow_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// entry returns the last entry of a kind about a certificate, and its leaf.
func (o *sealedOffice) entry(serial registry.Serial, kind string) (id, leaf int64) {
	o.t.Helper()
	o.read(func(tx *store.Tx) error {
		all, err := tx.EntriesAbout([]journal.Subject{workflow.Certificate(serial)})
		for _, e := range all {
			if e.Entry != nil && e.Entry.Kind == kind {
				id, leaf = e.ID, e.Leaf
			}
		}
		return err
	})
	if id == 0 {
		o.t.Fatalf("no entry %s", kind)
	}
	return id, leaf
}

// resequence builds the tree anew over what is left, as its owner would.
func (o *sealedOffice) resequence() {
	o.t.Helper()
	for {
		n, err := o.store.SequenceJournal(o.ctx, 1000, true)
		if err != nil {
			o.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// The database's owner, with triggers and keys dropped, against an auditor who
// kept the key and a checkpoint, and has a pack made after the deed. X is the
// entry about the suspension, L its leaf, Y and M those of another.
func TestEvidencePackOfATamperedJournal(t *testing.T) {
	const wipe = `DELETE FROM journal_leaves;DELETE FROM journal_hashes`
	cases := []struct {
		name, sql    string
		rewrite, own bool // own: the auditor kept nothing
		both         bool // on both databases: those whose statements differ there
		want         string
	}{
		{name: "alter details", both: true, sql: `UPDATE journal_entries SET details = '{"from":"issued","reason":4}' WHERE id = X`, want: "entry altered: leaf L (entry X)"},
		{name: "alter the time", both: true, sql: `UPDATE journal_entries SET at = '2026-04-06 03:30:04.5+00:00' WHERE id = X`, want: "entry altered: leaf L (entry X)"},
		{name: "alter the actor", sql: `UPDATE journal_entries SET actor_id = '99' WHERE id = X`, want: "entry altered: leaf L (entry X)"},
		{name: "drop an entry", both: true, sql: `DELETE FROM journal_entries WHERE id = X`, want: "entry missing: leaf L"},
		{name: "drop an entry and what it is about", sql: `DELETE FROM journal_subjects WHERE entry_id = X;DELETE FROM journal_entries WHERE id = X`, want: "the journal has no entry about"},
		{name: "drop an entry and its leaf", sql: `DELETE FROM journal_subjects WHERE entry_id = X;DELETE FROM journal_leaves WHERE entry_id = X;DELETE FROM journal_entries WHERE id = X`, want: "journal truncated: 1 of its"},
		{name: "say it is about another", sql: `UPDATE journal_subjects SET subject_id = '1' WHERE entry_id = X AND kind = 'certificate'`, want: "entry altered: leaf L (entry X)"},
		{name: "reorder", both: true, sql: `UPDATE journal_leaves SET idx = 100000 WHERE entry_id = X;UPDATE journal_leaves SET idx = L WHERE entry_id = Y;UPDATE journal_leaves SET idx = M WHERE entry_id = X`,
			want: "entry altered: leaf M (entry X)"},
		{name: "alter a stored hash", sql: `UPDATE journal_hashes SET hash = (SELECT hash FROM journal_hashes WHERE level = 0 AND n = 0) WHERE level = 0 AND n = L`, want: "stored tree damaged: the hash of leaf L"},
		{name: "lose the upper hashes", sql: `DELETE FROM journal_hashes WHERE level > 0`, want: "stored tree damaged: there is no proof for entry"},
		{name: "truncate", both: true, sql: `DELETE FROM journal_leaves WHERE idx >= 12;DELETE FROM journal_hashes WHERE level = 0 AND n >= 12;DELETE FROM journal_entries WHERE id NOT IN (SELECT entry_id FROM journal_leaves)`,
			want: "journal truncated: "},
		{name: "alter entry and tree", sql: `UPDATE journal_entries SET actor_id = '99' WHERE id = X;` + wipe, rewrite: true, want: "history rewritten: "},
		{name: "drop and rewrite the tree", sql: `DELETE FROM journal_subjects WHERE entry_id = X;DELETE FROM journal_entries WHERE id = X;` + wipe, rewrite: true, want: "history rewritten: "},
		{name: "rewrite the tree and sign it with the stolen key", both: true, sql: `UPDATE journal_entries SET actor_id = '99' WHERE id = X;` + wipe + `;DELETE FROM journal_checkpoints`, rewrite: true,
			want: "history rewritten: the journal in the pack is not the one of your kept checkpoint"},
		{name: "the same, and nothing was kept", sql: `UPDATE journal_entries SET actor_id = '99' WHERE id = X;` + wipe + `;DELETE FROM journal_checkpoints`, rewrite: true, own: true},
		{name: "a decision nobody signed", sql: `UPDATE revocation_decisions SET envelope = (SELECT envelope FROM decisions ORDER BY id LIMIT 1)`, want: "the signature does not hold"},
		{name: "a status nobody gave", sql: `UPDATE certificates SET status = 'issued', status_reason = 0`, want: "its changes say otherwise"},
		{name: "a change that was hidden", sql: `DELETE FROM status_changes WHERE status = 'revoked'`, want: "the journal tells of"},
		{name: "another answer", sql: `UPDATE status_changes SET ocsp_answer = (SELECT ocsp_answer FROM status_changes ORDER BY id LIMIT 1)`, want: "it does not say that"},
		{name: "another time of the report", sql: `DELETE FROM journal_subjects WHERE kind = 'report' AND entry_id = Y`, want: "entry altered: leaf M (entry Y)"},
		{name: "another purpose", sql: `UPDATE journal_reveals SET value = 'Башка' WHERE name = 'reporter'`, want: "revealed value wrong"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			each := storetest.OwnedSQLite
			if c.both {
				each = storetest.EachOwned
			}
			each(t, func(t *testing.T, s *store.Store, owner *storetest.Owner) {
				o := newSealedOffice(t, s)
				head, _ := o.lived(1)
				kept := o.seal()
				if r := o.check(o.pack(workflow.PackRequest{Serials: []registry.Serial{head.Serial}}), o.seal()); !r.OK() || !r.Kept {
					t.Fatalf("before: %s", r)
				}
				x, l := o.entry(head.Serial, "certificate.suspended")
				y, m := o.entry(head.Serial, "report.received")
				owner.Disarm(t)
				names := strings.NewReplacer("X", fmt.Sprint(x), "L", fmt.Sprint(l), "Y", fmt.Sprint(y), "M", fmt.Sprint(m))
				for q := range strings.SplitSeq(c.sql, ";") {
					owner.Do(t, tokens(q, names))
				}
				if c.rewrite {
					o.resequence()
				}
				in, opts := workflow.PackRequest{Serials: []registry.Serial{head.Serial}, Kept: kept}, evidence.Options{Keys: []string{o.key}, Kept: []string{kept}}
				if c.own {
					in.Kept, opts = "", evidence.Options{}
				}
				b := o.pack(in)
				r, err := evidence.Verify(bytes.NewReader(b), int64(len(b)), opts)
				if err != nil {
					t.Fatal(err)
				}
				if c.own {
					if !r.OK() || r.Kept || r.OwnKey || !strings.HasPrefix(r.String(), "consistent only with itself") {
						t.Errorf("claims too much: %s", r)
					}
					return
				}
				if want := tokens(c.want, names); r.OK() || !strings.Contains(r.String(), want) {
					t.Errorf("want %q, got\n%s", want, r)
				}
			})
		})
	}
}

// tokens fills in the names that stand alone.
func tokens(text string, names *strings.Replacer) string {
	words := strings.SplitAfter(text, " ")
	for i, w := range words {
		if trimmed := strings.Trim(w, " ()"); len(trimmed) == 1 {
			words[i] = names.Replace(w)
		}
	}
	return strings.Join(words, "")
}
