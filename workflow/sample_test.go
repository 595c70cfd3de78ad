package workflow_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// sampling is an office whose journal is sealed, in a quarter of its own.
type sampling struct {
	*office
	quarter registry.Quarter
	key     string
	n       int
}

func newSampling(t *testing.T, s *store.Store) *sampling {
	t.Helper()
	secret, key, err := journal.GenerateKey(rand.Reader, "ca.example.kg/journal")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := journal.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	v, err := journal.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	o := &sampling{key: key, quarter: registry.Quarter{Year: 2031, N: 4}}
	o.office = newOfficeWith(t, s, func(c *workflow.Config) { c.Seal = &workflow.Seal{Signer: signer, Known: journal.Verifiers{v}} })
	o.set(o.start())
	return o
}

func (o *sampling) start() time.Time { return o.quarter.Start(o.pack.Zone()).UTC() }
func (o *sampling) end() time.Time   { return o.quarter.End(o.pack.Zone()).UTC() }

func (o *sampling) set(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = at
}

// issue has n certificates stand in the register and in the journal as issued
// at an instant.
func (o *sampling) issue(at time.Time, n int) (out []string) {
	o.t.Helper()
	o.write(func(tx *store.Tx) error {
		for range n {
			o.n++
			serial := registry.Serial(fmt.Sprintf("7a%030x", o.n))
			op := o.clerk2.Operator
			if _, err := tx.AddCertificate(registry.Certificate{
				Serial: serial, Profile: registry.OperatorProfile, OperatorID: op.ID, PersonalNumber: op.Person.PersonalNumber, HolderName: "Сыноо", Storage: registry.ECloud,
				NotBefore: at, NotAfter: at.AddDate(1, 0, 0), DER: []byte("0\x03\x02\x01\x05"), SHA256: fmt.Sprintf("%064x", o.n), PublicKeyHash: fmt.Sprintf("%064x", o.n), IssuedAt: at,
			}); err != nil {
				return err
			}
			e, _, err := journal.NewEntry(at, journal.Event{
				Kind: journal.IssuedKind, Actor: journal.Actor{Kind: journal.ActorSystem},
				Subjects: []journal.Subject{{Kind: "enrolment", ID: fmt.Sprint(o.n)}, workflow.Operator(op.ID), workflow.Certificate(serial)},
			})
			if err != nil {
				return err
			}
			if _, err := tx.AddEntry(e, nil); err != nil {
				return err
			}
			out = append(out, string(serial))
		}
		return nil
	})
	return out
}

func (o *sampling) seal(at time.Time) {
	o.t.Helper()
	o.set(at)
	if err := o.flow.SealJournal(context.Background()); err != nil {
		o.t.Fatal(err)
	}
}

func (o *sampling) drawnOf(q registry.Quarter) (s *registry.Sample, serials []string) {
	o.t.Helper()
	o.read(func(tx *store.Tx) error {
		var err error
		if s, err = tx.Sample(q); err != nil {
			return err
		}
		items, err := tx.SampleItems(s.ID, 1, 1000)
		for _, i := range items {
			serials = append(serials, string(i.Serial))
		}
		return err
	})
	return s, serials
}

func (o *sampling) export() []byte {
	o.t.Helper()
	var b bytes.Buffer
	if err := o.store.ReadJournal(context.Background(), false, func(src journal.Source) error {
		return journal.Export(&b, src, journal.ExportOptions{VerifierKey: o.key})
	}); err != nil {
		o.t.Fatal(err)
	}
	return b.Bytes()
}

func TestSampleIsDecidedByTheFirstCheckpointAfterTheQuarter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newSampling(t, s)
		ctx := context.Background()
		draw := func(who workflow.Actor, q registry.Quarter) error { return errOf(o.flow.DrawSample(ctx, who, q)) }
		wantKind(t, draw(o.auditor.Actor, registry.Quarter{Year: 2031, N: 3}), registry.NotFound)
		o.issue(o.start().Add(-time.Microsecond), 41)
		// The checkpoint that decides the quarter before covers all so far; what
		// is older and comes later belongs to this one.
		o.seal(o.start())
		late := o.issue(o.start().Add(-time.Minute), 2)
		inside := append(o.issue(o.start(), 60), o.issue(o.end().Add(-time.Microsecond), 61)...)
		o.seal(o.end().Add(-time.Microsecond))
		wantKind(t, draw(o.auditor.Actor, o.quarter), registry.Conflict)
		o.set(o.end())
		wantKind(t, draw(o.auditor.Actor, o.quarter), registry.Conflict)
		o.issue(o.end(), 50)
		o.seal(o.end().Add(time.Second))
		o.issue(o.end().Add(time.Minute), 30)
		o.seal(o.end().Add(time.Hour))
		for name, who := range map[string]workflow.Actor{
			"clerk": o.clerk.Actor, "approver": o.approver.Actor, "administrator": o.admin.Actor, "nobody": workflow.Anonymous(), "the program": workflow.BySystem(),
		} {
			if err := draw(who, o.quarter); registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s draws: %v", name, err)
			}
		}
		if drawn, err := o.flow.DrawSample(ctx, o.auditor.Actor, o.quarter); err != nil || !drawn {
			t.Fatalf("drawn %t: %v", drawn, err)
		}
		sample, serials := o.drawnOf(o.quarter)
		population := append(slices.Clone(inside), late...)
		if sample.Population != len(population) || len(serials) != 4 { // ⌈3 % of 123⌉
			t.Errorf("%d of %d drawn, %d were issued", len(serials), sample.Population, len(population))
		}
		if want := journal.Draw(sample.Root, population); !slices.Equal(serials, want) {
			t.Errorf("drawn %v, want %v", serials, want)
		}
		// Again, and from an export: the same.
		if drawn, err := o.flow.DrawSample(ctx, o.auditor.Actor, o.quarter); err != nil || drawn {
			t.Errorf("drawn again %t: %v", drawn, err)
		}
		for _, keys := range [][]string{nil, {o.key}} {
			again, err := journal.DrawFrom(bytes.NewReader(o.export()), keys, o.start(), o.end())
			if err != nil {
				t.Fatal(err)
			}
			if again.Population != sample.Population || again.Checkpoint.Root != journal.Hash(sample.Root) || again.Checkpoint.Size != sample.CheckpointSize || !slices.Equal(again.Serials, serials) {
				t.Errorf("from an export: %+v", again)
			}
		}
		// Each issue belongs to one quarter.
		previous, err := journal.DrawFrom(bytes.NewReader(o.export()), nil, registry.Quarter{Year: 2031, N: 3}.Start(o.pack.Zone()), o.start())
		if err != nil || previous.Population != 41 {
			t.Errorf("the quarter before: %+v, %v", previous, err)
		}
		if _, err := journal.DrawFrom(bytes.NewReader(o.export()), nil, o.end(), o.quarter.Next().End(o.pack.Zone())); !errors.Is(err, journal.ErrNoCheckpoint) {
			t.Errorf("the quarter after: %v", err)
		}
		if n := o.journalled(t, "sample.drawn"); n != 1 {
			t.Errorf("journalled %d times", n)
		}
	})
}

func (o *sampling) journalled(t *testing.T, kind string) (n int) {
	t.Helper()
	o.read(func(tx *store.Tx) error {
		all, err := tx.Journal(store.JournalFilter{Kind: kind, Limit: 100})
		n = len(all)
		return err
	})
	return n
}

// drawnSample is an office with a drawn sample of two certificates.
func drawnSample(t *testing.T, s *store.Store) *sampling {
	t.Helper()
	o := newSampling(t, s)
	o.issue(o.start(), 40)
	o.seal(o.end())
	if _, err := o.flow.DrawSample(context.Background(), o.auditor.Actor, o.quarter); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFindingsAreOnlyEverAdded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := drawnSample(t, s)
		ctx := context.Background()
		record := func(who workflow.Actor, in workflow.FindingInput) error {
			in.Quarter = o.quarter
			if in.Position == 0 {
				in.Position = 1
			}
			return o.flow.RecordFinding(ctx, who, in)
		}
		good := workflow.FindingInput{Outcome: registry.NothingFound}
		for name, who := range map[string]workflow.Actor{"clerk": o.clerk.Actor, "approver": o.approver.Actor, "administrator": o.admin.Actor, "nobody": workflow.Anonymous()} {
			if err := record(who, good); registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s records: %v", name, err)
			}
		}
		for name, in := range map[string]workflow.FindingInput{
			"no outcome": {}, "no severity": {Outcome: registry.SomethingFound, Note: "x"}, "no note": {Outcome: registry.SomethingFound, Severity: registry.Minor, Note: " \n"},
			"severity of nothing": {Outcome: registry.NothingFound, Severity: registry.Minor}, "odd severity": {Outcome: registry.SomethingFound, Severity: "huge", Note: "x"},
			"too long": {Outcome: registry.NothingFound, Note: strings.Repeat("ө", 4001)},
		} {
			if err := record(o.auditor.Actor, in); registry.KindOf(err) != registry.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantKind(t, record(o.auditor.Actor, workflow.FindingInput{Outcome: registry.NothingFound, Position: 3}), registry.NotFound)
		wantKind(t, record(o.auditor.Actor, workflow.FindingInput{Outcome: registry.NothingFound, Last: 9}), registry.Conflict)
		if err := record(o.auditor.Actor, good); err != nil {
			t.Fatal(err)
		}
		wantKind(t, record(o.auditor.Actor, good), registry.Conflict)
		if err := record(o.auditor.Actor, workflow.FindingInput{Last: 1, Outcome: registry.SomethingFound, Severity: registry.Major, Note: "Паспорттун көчүрмөсү жок"}); err != nil {
			t.Fatal(err)
		}
		o.read(func(tx *store.Tx) error {
			sample, err := tx.Sample(o.quarter)
			if err != nil {
				return err
			}
			all, err := tx.Findings(sample.ID, 1)
			if len(all) != 2 || all[0].Outcome != registry.NothingFound || all[1].Corrects != all[0].ID || all[1].Severity != registry.Major {
				t.Errorf("kept: %+v", all)
			}
			counts, err2 := tx.Samples()
			if len(counts) != 1 || counts[0].Checked != 1 || counts[0].Found != 1 || counts[0].Drawn != 2 {
				t.Errorf("counted: %+v", counts)
			}
			return errors.Join(err, err2)
		})
		if bytes.Contains(o.export(), []byte("Паспорттун")) {
			t.Error("the note stands in the journal in the clear")
		}
		if o.journalled(t, "finding.recorded") != 1 || o.journalled(t, "finding.corrected") != 1 {
			t.Error("not journalled once each")
		}
	})
}

func TestOneWhoHadAHandInAFileDoesNotAuditIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := drawnSample(t, s)
		// The certificates are of the second clerk, who becomes an auditor.
		o.write(func(tx *store.Tx) error {
			op, err := tx.Operator(o.clerk2.Operator.ID)
			if err != nil {
				return err
			}
			return tx.SetOperatorRole(op.ID, registry.Auditor, op.Version)
		})
		var who workflow.Actor
		o.read(func(tx *store.Tx) error {
			op, err := tx.Operator(o.clerk2.Operator.ID)
			who = workflow.ByOperator(op)
			return err
		})
		err := o.flow.RecordFinding(context.Background(), who, workflow.FindingInput{Quarter: o.quarter, Position: 1, Outcome: registry.NothingFound})
		wantKind(t, err, registry.Forbidden)
	})
}

func TestSampleDrawnAtOnceRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newSampling(t, s)
		o.issue(o.start(), 200)
		o.seal(o.end())
		drawn := make(chan bool, 6)
		if n := atOnce(t, "draw", func(int) error {
			d, err := o.flow.DrawSample(context.Background(), o.auditor.Actor, o.quarter)
			drawn <- d
			return err
		}); n != 6 {
			t.Errorf("%d were answered", n)
		}
		close(drawn)
		first := 0
		for d := range drawn {
			if d {
				first++
			}
		}
		if _, serials := o.drawnOf(o.quarter); first != 1 || len(serials) != 6 || o.journalled(t, "sample.drawn") != 1 {
			t.Errorf("drawn by %d, %d certificates", first, len(serials))
		}
	})
}

func TestFindingRecordedAtOnceRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := drawnSample(t, s)
		for last := range registry.FindingID(2) {
			if n := atOnce(t, "finding", func(int) error {
				return o.flow.RecordFinding(context.Background(), o.auditor.Actor, workflow.FindingInput{Quarter: o.quarter, Position: 1, Last: last, Outcome: registry.NothingFound})
			}); n != 1 {
				t.Errorf("after finding %d: done %d times", last, n)
			}
		}
	})
}

// A sample that was changed in the database is not the one that is drawn again.
func TestSampleThatWasChangedIsFound(t *testing.T) {
	o := drawnSample(t, storetest.SQLite(t))
	o.issue(o.start(), 1) // an entry dated back comes too late to be drawn
	if drawn, err := o.flow.DrawSample(context.Background(), o.auditor.Actor, o.quarter); err != nil || drawn {
		t.Fatalf("drawn again %t: %v", drawn, err)
	}
	o.write(func(tx *store.Tx) error {
		sample, err := tx.Sample(o.quarter)
		if err != nil {
			return err
		}
		sample.Quarter = sample.Quarter.Next()
		sample.Start, sample.End = o.end(), sample.Quarter.End(o.pack.Zone())
		_, err = tx.AddSample(sample, []string{"7a01"})
		return err
	})
	o.seal(o.quarter.Next().End(o.pack.Zone()))
	if _, err := o.flow.DrawSample(context.Background(), o.auditor.Actor, o.quarter.Next()); !errors.Is(err, workflow.ErrSampleDiffers) {
		t.Errorf("a chosen sample: %v", err)
	}
}
