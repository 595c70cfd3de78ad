package workflow_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// Each auditor is mailed the first checkpoint of a day, once, whatever follows
// it and however many programs mail; nobody else is.
func TestTheFirstCheckpointOfADayIsMailedToAuditorsRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newSampling(t, s)
		second := o.hire(registry.Auditor, 8)
		left := o.hire(registry.Auditor, 9)
		if err := o.flow.DisableAtConsole(t.Context(), workflow.ByConsole("test"), left.Operator.ID, true); err != nil {
			t.Fatal(err)
		}
		day := o.start().Truncate(24*time.Hour).AddDate(0, 0, 3)
		mail := func() {
			t.Helper()
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					if err := o.flow.MailCheckpoint(t.Context()); err != nil {
						t.Errorf("mailing: %v", err)
					}
				})
			}
			all.Wait()
		}
		notes := func() map[string][]string {
			out := map[string][]string{}
			for _, l := range o.letters() {
				if l.Kind != "checkpoint" {
					continue
				}
				note, _ := l.Args["note"].(string)
				out[l.To] = append(out[l.To], note)
			}
			return out
		}
		o.set(day.Add(time.Hour))
		mail()
		if n := len(notes()); n != 0 {
			t.Errorf("mailed to %d before there was a checkpoint", n)
		}
		o.issue(day.Add(2*time.Hour), 1)
		o.seal(day.Add(2 * time.Hour))
		mail()
		o.issue(day.Add(3*time.Hour), 2)
		o.seal(day.Add(3 * time.Hour))
		mail()
		for n, at := range []time.Time{day.Add(23 * time.Hour), day.Add(25 * time.Hour)} {
			if n == 1 { // the next day
				o.issue(at, 1)
				o.seal(at)
			}
			o.set(at)
			mail()
			sent := notes()
			if len(sent) != 2 {
				t.Errorf("day %d: mailed to %d people", n, len(sent))
			}
			for _, who := range []*colleague{o.auditor, second} {
				got := sent[who.Operator.Email]
				if len(got) != n+1 {
					t.Errorf("day %d: %d letters to %s", n, len(got), who.Operator.Email)
					continue
				}
				if n == 1 && got[0] == got[1] {
					t.Error("the same checkpoint on both days")
				}
				for _, note := range got {
					if !strings.HasPrefix(note, "ca.example.kg/journal") {
						t.Errorf("what was mailed is no checkpoint: %q", note)
					}
				}
			}
		}
	})
}

// Failed logins are counted, not written one by one: each source and reason has
// one entry a minute, which does not tell the source's address.
func TestFailedLoginsAreOneEntryASourceAndMinuteRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		failed := func() (out []journal.Entry) {
			t.Helper()
			o.read(func(tx *store.Tx) error {
				missing := 0
				for id := int64(1); missing < 20; id++ { // a database leaves gaps
					e, _, err := tx.JournalEntry(id)
					switch {
					case registry.KindOf(err) == registry.NotFound:
						missing++
					case err != nil:
						return err
					case e.Kind == "login.failed":
						out = append(out, e)
					}
				}
				return nil
			})
			return out
		}
		try := func(source string, n int) {
			t.Helper()
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					_, err := o.flow.Login(ctx, strings.Repeat("A", 43), "browser", []byte("no signature"), source)
					if registry.KindOf(err) == 0 {
						t.Errorf("a login with nothing: %v", err)
					}
				})
			}
			all.Wait()
		}
		minute := o.now().Truncate(time.Minute)
		o.advance(minute.Add(time.Minute).Sub(o.now()))
		try("192.0.2.1", 8)
		try("192.0.2.2", 2)
		if err := o.flow.JournalFailures(ctx); err != nil {
			t.Fatal(err)
		}
		if got := failed(); len(got) != 0 {
			t.Errorf("%d entries before the minute is over", len(got))
		}
		o.advance(time.Minute)
		try("192.0.2.1", 1)
		var all sync.WaitGroup
		for range 3 { // several servers
			all.Go(func() {
				if err := o.flow.JournalFailures(ctx); err != nil {
					t.Errorf("journalling: %v", err)
				}
			})
		}
		all.Wait()
		counts := map[float64]int{}
		for _, e := range failed() {
			if strings.Contains(e.Details, "192.0.2") {
				t.Errorf("the entry tells the address: %s", e.Details)
			}
			var d struct{ N float64 }
			if err := json.Unmarshal([]byte(e.Details), &d); err != nil {
				t.Fatal(err)
			}
			counts[d.N]++
		}
		if len(counts) != 2 || counts[8] != 1 || counts[2] != 1 {
			t.Errorf("entries by their counts: %v", counts)
		}
	})
}
