package workflow_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// The pack of a certificate that was revoked with others holds what was
// proposed, the list and the second approver's signature, and whatever the
// database's owner changes of them is found.
func TestEvidencePackOfABatch(t *testing.T) {
	storetest.EachOwned(t, func(t *testing.T, s *store.Store, owner *storetest.Owner) {
		o := newSealedOffice(t, s)
		_, es, _ := o.issued(1)
		over := o.onFile(1, 1)
		if err := o.decideReport(o.approver2, o.report(called(over, "device_lost")).ID, registry.ReportRevoke, "device_lost", ""); err != nil {
			t.Fatal(err)
		}
		b := o.propose(ofOrganisation(1, 2))
		if err := o.signBatch(o.approver2, b); err != nil {
			t.Fatal(err)
		}
		o.runBatches()
		o.tell()
		kept := o.seal()
		in := workflow.PackRequest{Serials: []registry.Serial{o.certificate(es[0]).Serial, o.certificate(es[1]).Serial, over.Serial}, Kept: kept}
		pack := o.pack(in)
		if r := o.check(pack, kept); !r.OK() || !r.Kept || r.Certificates != 3 || r.Signatures != 5 {
			t.Fatalf("%+v\n%s", r, r)
		}
		var life *store.Life
		o.read(func(tx *store.Tx) (err error) {
			life, err = tx.Life(in.Serials[0])
			return err
		})
		if !slices.ContainsFunc(life.Entries, func(e journal.Entry) bool { return e.Kind == "batch.signed" }) || len(life.Signed) != 2 {
			t.Errorf("the certificate's life has %d signatures and the entries %+v", len(life.Signed), life.Entries)
		}
		z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
		if err != nil {
			t.Fatal(err)
		}
		list, err := fs.ReadFile(z, "batches/1.txt")
		if err != nil || strings.Count(string(list), "\n") != 2 || !strings.Contains(string(list), string(in.Serials[0])) || strings.Contains(string(list), string(over.Serial)) {
			t.Errorf("the list: %s, %v", list, err)
		}
		for _, serial := range in.Serials[:2] {
			if _, err := fs.Stat(z, "certificates/"+string(serial)+"/signatures/batch-1.p7m"); err != nil {
				t.Error(err)
			}
		}
		for _, f := range z.File {
			if !strings.Contains(f.Name, "batch") {
				continue
			}
			at, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			altered := bytes.Clone(pack)
			altered[at+int64(f.CompressedSize64)/2] ^= 1
			if r := o.check(altered, kept); r.OK() || !strings.Contains(r.String(), f.Name) {
				t.Errorf("%s altered: %s", f.Name, r)
			}
		}

		owner.Disarm(t)
		owner.Do(t, `CREATE TABLE was AS SELECT envelope, signature, serial, remark FROM revocation_batches`)
		for _, c := range []struct{ alter, undo, want string }{
			{alter: `UPDATE revocation_batches SET envelope = (SELECT envelope FROM decisions ORDER BY id LIMIT 1)`, want: "the signature does not hold"},
			{alter: `UPDATE revocation_batches SET signature = (SELECT signature FROM decisions ORDER BY id LIMIT 1)`, want: "the signature does not hold"},
			{
				alter: `UPDATE revocation_batches SET envelope = (SELECT envelope FROM decisions ORDER BY id LIMIT 1), signature = (SELECT signature FROM decisions ORDER BY id LIMIT 1), serial = (SELECT serial FROM decisions ORDER BY id LIMIT 1)`,
				want:  "what was signed is something else",
			},
			{alter: `UPDATE revocation_batches SET remark = 'Башка'`, want: "what was signed is not about certificate"},
			{
				alter: `UPDATE revocation_batch_items SET position = 10 WHERE position = 1`, undo: `UPDATE revocation_batch_items SET position = 1 WHERE position = 10`,
				want: "what was signed is not about certificate",
			},
			{
				alter: `UPDATE revocation_batch_items SET status = 'skipped' WHERE status = 'revoked'`, undo: `UPDATE revocation_batch_items SET status = 'revoked' WHERE done_at IS NOT NULL`,
				want: "it has no decision on batch",
			},
		} {
			owner.Do(t, c.alter)
			if r := o.check(o.pack(in), kept); r.OK() || !strings.Contains(r.String(), c.want) {
				t.Errorf("%s: want %q, got\n%s", c.alter, c.want, r)
			}
			owner.Do(t, `UPDATE revocation_batches SET envelope = (SELECT envelope FROM was), signature = (SELECT signature FROM was), serial = (SELECT serial FROM was), remark = (SELECT remark FROM was)`)
			if c.undo != "" {
				owner.Do(t, c.undo)
			}
		}
		if r := o.check(o.pack(in), kept); !r.OK() {
			t.Errorf("with everything as it was: %s", r)
		}
	})
}
