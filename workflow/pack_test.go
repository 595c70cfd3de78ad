package workflow_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/migrations"
	"github.com/tamga-ca/tamga/workflow"
)

// sealedOffice is an office that issues, answers relying parties and seals its
// journal.
type sealedOffice struct {
	*issuingOffice
	key    string // verifier key: what auditors keep
	signer *journal.Signer
}

func newSealedOffice(t testing.TB, s *store.Store) *sealedOffice {
	t.Helper()
	o := &sealedOffice{issuingOffice: newIssuingOffice(t, s)}
	answers, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuing, err := theCA.layout.IssuingSigner()
	if err != nil {
		t.Fatal(err)
	}
	o.cfg.Answering = &workflow.Answering{Key: answers, KeyID: "ocsp.1", CRLKey: issuing}
	var secret string
	if secret, o.key, err = journal.GenerateKey(rand.Reader, "ca.example.kg/journal"); err != nil {
		t.Fatal(err)
	}
	if o.signer, err = journal.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	known, err := journal.NewVerifier(o.key)
	if err != nil {
		t.Fatal(err)
	}
	o.cfg.Seal = &workflow.Seal{Signer: o.signer, Known: journal.Verifiers{known}}
	o.flow = o.again()
	o.tell()
	return o
}

// tell does the background work of answering until it is done.
func (o *sealedOffice) tell() {
	o.t.Helper()
	o.flow.Rested()
	for _, work := range []func(context.Context) (bool, error){o.flow.KeepSigner, o.flow.Follow, o.flow.Answer, o.flow.PublishCRL} {
		for more := true; more; {
			var err error
			if more, err = work(o.ctx); err != nil {
				o.t.Fatal(err)
			}
		}
	}
}

// seal signs a checkpoint and returns the note.
func (o *sealedOffice) seal() string {
	o.t.Helper()
	if err := o.flow.SealJournal(o.ctx); err != nil {
		o.t.Fatal(err)
	}
	var c *journal.Checkpoint
	o.read(func(tx *store.Tx) (err error) {
		c, err = tx.LastCheckpoint()
		return err
	})
	return c.Note
}

// lived is an application with two scans and its certificates: the head's was
// received, suspended and revoked, the accountant's is in force.
func (o *sealedOffice) lived(n int) (head, accountant *registry.Certificate) {
	o.t.Helper()
	id := o.submitted(n)
	var docs []*registry.Document
	o.read(func(tx *store.Tx) (err error) {
		docs, err = tx.Documents(id)
		return err
	})
	scans := 0
	for _, d := range docs {
		if d.Form.Scanned() && (d.Subject == registry.OfOrganisation || d.Subject == registry.OfHead || d.Subject == registry.OfAccountant) {
			if _, err := o.upload(o.clerk.Actor, d.ID, n*50+scans); err != nil {
				o.t.Fatal(err)
			}
			scans++
		}
	}
	if scans < 3 {
		o.t.Fatalf("%d scans", scans)
	}
	if err := o.flow.Take(o.ctx, o.clerk.Actor, id); err != nil && registry.KindOf(err) != registry.Conflict {
		o.t.Fatal(err)
	}
	o.settle(id)
	if err := o.flow.Verify(o.ctx, o.clerk.Actor, id, 0); err != nil {
		o.t.Fatal(err)
	}
	o.pay(o.application(id).OrganisationID, 1_000_000, "ref")
	if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
		o.t.Fatal(err)
	}
	es := o.enrolments(id)
	for _, e := range es {
		o.activate(e.ID, "")
	}
	o.work()
	o.catchUp()
	if _, err := o.login(o.application(id), registry.Head, pin, workflow.NewBrowserToken(), "192.0.2.1"); err != nil {
		o.t.Fatal(err)
	}
	head, accountant = o.certificate(es[0]), o.certificate(es[1])
	o.tell()
	in := called(head, "device_stolen")
	since := o.now().Add(-time.Hour)
	in.Suspend, in.InvalidSince = true, &since
	r := o.report(in)
	o.tell()
	o.advance(time.Minute)
	if err := o.decideReport(o.approver2, r.ID, registry.ReportRevoke, "device_stolen", ""); err != nil {
		o.t.Fatal(err)
	}
	o.tell()
	return head, accountant
}

// pack makes a pack and returns its bytes.
func (o *sealedOffice) pack(in workflow.PackRequest) []byte {
	o.t.Helper()
	if in.Purpose == "" {
		in.Purpose = "Сот иши № 12"
	}
	in.Language = registry.Kyrgyz
	p, err := o.flow.MakePack(o.ctx, o.auditor.Actor, in)
	if err != nil {
		o.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Write(o.ctx, &b, plainWords); err != nil {
		o.t.Fatal(err)
	}
	return b.Bytes()
}

func plainWords(_ *evidence.Pack, _ [][]journal.Entry, mark string) (string, []byte, error) {
	return "readme\n", []byte("%PDF-1.3 /Keywords (" + mark + ")"), nil
}

func (o *sealedOffice) check(pack []byte, kept ...string) *evidence.Result {
	o.t.Helper()
	r, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)), evidence.Options{Keys: []string{o.key}, Kept: kept})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func TestEvidencePackHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newSealedOffice(t, s)
		o.seal()
		head, accountant := o.lived(1)
		kept := o.seal()
		b := o.pack(workflow.PackRequest{Serials: []registry.Serial{head.Serial, accountant.Serial, head.Serial}, Scans: true, Kept: "\r\n" + strings.ReplaceAll(kept, "\n", "\r\n")})
		r := o.check(b, kept)
		if !r.OK() || !r.Kept || r.Certificates != 2 || r.Signatures != 4 || r.Answers != 2 || r.Lists == 0 || r.Scans < 3 || r.Entries < 30 || r.Unsealed != 0 {
			t.Errorf("%+v\n%s", r, r)
		}
		if s := r.String(); !strings.HasPrefix(s, "OK: the pack holds") {
			t.Error(s)
		}
		for _, c := range packJSON(t, b).Certificates {
			if c.Serial == head.Serial && (len(c.Reports) != 1 || c.Reports[0].InvalidSince == nil || len(c.Reports[0].Identified) != 2) {
				t.Errorf("the report: %+v", c.Reports)
			}
		}
		if n := o.journalled(workflow.Certificate(head.Serial), "pack.made"); n != 1 {
			t.Errorf("the journal has %d entries about the making", n)
		}
		if s.Dialect() == migrations.SQLite {
			flipped(o, b)
		}
	})
}

func packJSON(t *testing.T, pack []byte) (p evidence.Pack) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(z, evidence.PackFile)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// flipped turns one bit in the content of every file, and bits anywhere: each
// is found, or leaves every file as it was.
func flipped(o *sealedOffice, b []byte) {
	o.t.Helper()
	was, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		o.t.Fatal(err)
	}
	try := func(at int64, bit int) *evidence.Result {
		bad := bytes.Clone(b)
		bad[at] ^= 1 << bit
		r, err := evidence.Verify(bytes.NewReader(bad), int64(len(bad)), evidence.Options{Keys: []string{o.key}})
		if err != nil || !r.OK() {
			return nil
		}
		z, err := zip.NewReader(bytes.NewReader(bad), int64(len(bad)))
		if err != nil || len(z.File) != len(was.File) {
			o.t.Fatalf("a flip of bit %d at %d passes, and the files are others: %v", bit, at, err)
		}
		for i, f := range z.File {
			if f.Name != was.File[i].Name || f.CRC32 != was.File[i].CRC32 || f.UncompressedSize64 != was.File[i].UncompressedSize64 {
				o.t.Errorf("a flip of bit %d at %d passes, and %s is another", bit, at, f.Name)
			}
		}
		return r
	}
	for _, f := range was.File {
		from, err := f.DataOffset()
		if err != nil {
			o.t.Fatal(err)
		}
		if try(from+int64(f.CompressedSize64)/2, 3) != nil {
			o.t.Errorf("a bit flipped in %s is not found", f.Name)
		}
	}
	for at := int64(5); at < int64(len(b)); at += int64(len(b))/150 + 1 {
		try(at, int(at%8))
	}
	for name, cut := range map[string]int{"its last byte": len(b) - 1, "half of it": len(b) / 2} {
		if r, err := evidence.Verify(bytes.NewReader(b[:cut]), int64(cut), evidence.Options{}); err == nil && r.OK() {
			o.t.Errorf("a pack without %s passes", name)
		}
	}
}
