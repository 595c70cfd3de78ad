package workflow

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// PackWords writes what people read of a pack: the text of README.txt and the
// PDF, which bears mark in its properties. lives holds the journal's entries
// about each certificate, in the order of pack.Certificates.
type PackWords func(pack *evidence.Pack, lives [][]journal.Entry, mark string) (readme string, pdf []byte, err error)

// packWriter is a pack on its way out.
type packWriter struct {
	*EvidencePack
	to      *evidence.Writer
	lives   [][]journal.Entry
	signers map[registry.Serial]bool
	lists   map[int64]bool
	batches map[registry.BatchID]bool // those whose list is written
}

// Write streams the pack: one certificate after the other, each read as of one
// instant. What cannot be read of the journal is packed as a gap.
func (p *EvidencePack) Write(ctx context.Context, w io.Writer, words PackWords) error {
	pw := &packWriter{EvidencePack: p, to: evidence.NewWriter(w, p.head.MadeAt), signers: map[registry.Serial]bool{}, lists: map[int64]bool{}, batches: map[registry.BatchID]bool{}}
	if err := pw.write(ctx, words); err != nil {
		return fmt.Errorf("writing evidence pack %s: %w", p.head.Number, err)
	}
	return nil
}

func (p *packWriter) write(ctx context.Context, words PackWords) error {
	if err := p.to.Add(evidence.RootFile, p.f.trust.Root.Raw); err != nil {
		return err
	}
	if err := p.to.Add(evidence.IssuerFile, p.f.trust.Issuer.Raw); err != nil {
		return err
	}
	for _, cert := range p.certificates {
		if err := p.certificate(ctx, cert.ID); err != nil {
			return err
		}
	}
	for _, part := range []func(*store.Tx) error{p.signersOf, p.listsOf, p.journalOf} {
		if err := p.f.store.Snapshot(ctx, part); err != nil {
			return err
		}
	}
	sum, err := p.to.AddPack(&p.head)
	if err != nil {
		return err
	}
	readme, pdf, err := words(&p.head, p.lives, evidence.Mark(p.head.Number, sum))
	if err != nil {
		return err
	}
	if err := p.to.Add(evidence.PaperFile, pdf); err != nil {
		return err
	}
	if err := p.to.Add(evidence.ReadmeFile, []byte(readme)); err != nil {
		return err
	}
	return p.to.Close(p.head.Number, p.head.MadeAt, func(sum [sha256.Size]byte) (string, error) {
		return p.f.seal.Signer.Certify(journal.Statement{What: evidence.Format, Hash: sum, At: p.head.MadeAt})
	})
}

// entries writes a file of journal entries with their proofs and returns those
// that can be read.
func (p *packWriter) entries(tx *store.Tx, name string, placed []store.PlacedEntry) ([]journal.Entry, error) {
	out := make([]evidence.Entry, len(placed))
	var readable []journal.Entry
	for i, e := range placed {
		x := evidence.Entry{Leaf: e.Leaf, Hash: e.Hash}
		if e.Entry != nil {
			if form, err := e.Entry.Encode(); err == nil {
				x.Form, x.Reveals = form, e.Reveals
				readable = append(readable, *e.Entry)
				if e.Entry.At.Before(p.first) {
					p.first = e.Entry.At
				}
			}
		}
		if e.Leaf >= 0 && e.Leaf < p.checkpoint.Size {
			proof, err := journal.ProveInclusion(tx, p.checkpoint.Size, e.Leaf)
			switch {
			case err == nil:
				x.Proof = proof
			case !errors.Is(err, store.ErrNoHash):
				return nil, err
			}
		}
		out[i] = x
	}
	w, err := p.to.Create(name)
	if err != nil {
		return nil, err
	}
	return readable, evidence.WriteEntries(w, out)
}

// signersOf adds those who signed.
func (p *packWriter) signersOf(tx *store.Tx) error {
	for _, serial := range slices.Sorted(maps.Keys(p.signers)) {
		cert, err := tx.CertificateBySerial(serial)
		if err != nil {
			return err
		}
		changes, err := tx.StatusChanges(serial)
		if err != nil {
			return err
		}
		s := evidence.Signer{Serial: serial, Name: cert.HolderName, File: "signers/" + string(serial) + ".cer", Changes: []evidence.Change{}}
		for _, c := range changes {
			s.Changes = append(s.Changes, evidence.Change{ID: c.ID, Status: c.Status, Reason: c.Reason, At: c.At})
		}
		if err := p.to.Add(s.File, cert.DER); err != nil {
			return err
		}
		p.head.Signers = append(p.head.Signers, s)
	}
	return nil
}

// listsOf adds the CRLs that told first, those whose bytes are still kept with
// them, and what the journal says of their publishing.
func (p *packWriter) listsOf(tx *store.Tx) error {
	var published []int64
	for _, n := range slices.Sorted(maps.Keys(p.lists)) {
		row, err := tx.CRL(n)
		if err != nil {
			return err
		}
		l := evidence.List{Number: n, ThisUpdate: row.ThisUpdate, MadeAt: row.MadeAt, SHA256: row.SHA256}
		der, err := tx.CRLBytes(n)
		switch {
		case err == nil:
			l.File = fmt.Sprintf("status/crl-%d.crl", n)
			if err := p.to.Add(l.File, der); err != nil {
				return err
			}
		case registry.KindOf(err) != registry.NotFound:
			return err
		}
		p.head.Lists = append(p.head.Lists, l)
		entry, err := tx.PublishedList(row)
		if err != nil {
			return err
		}
		if entry != 0 {
			published = append(published, entry)
		}
	}
	placed, err := tx.PlacedEntries(published)
	if err != nil {
		return err
	}
	_, err = p.entries(tx, evidence.ListsFile, placed)
	return err
}

// journalOf adds the checkpoint, what is left of the journal as a whole, and
// the proofs that it extends the first checkpoint of each day and those that
// the auditor has kept.
func (p *packWriter) journalOf(tx *store.Tx) (err error) {
	if err := p.to.Add(evidence.CheckpointFile, []byte(p.checkpoint.Note)); err != nil {
		return err
	}
	j := &p.head.Journal
	if j.Placed, j.Readable, err = tx.JournalWhole(j.Size); err != nil {
		return err
	}
	older, err := tx.DailyCheckpoints(p.first, j.Size)
	if err != nil {
		return err
	}
	older = append(older, p.kept...)
	slices.SortStableFunc(older, func(a, b journal.Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	older = slices.CompactFunc(older, func(a, b journal.Checkpoint) bool { return a.Note == b.Note })
	var out []evidence.Older
	for _, c := range older {
		if c.Size >= j.Size {
			continue
		}
		proof, err := journal.ProveConsistency(tx, j.Size, c.Size)
		if err != nil && !errors.Is(err, store.ErrNoHash) {
			return err
		}
		out = append(out, evidence.Older{Note: c.Note, Size: c.Size, Proof: proof})
	}
	var b bytes.Buffer
	if err := evidence.WriteOlder(&b, out); err != nil {
		return err
	}
	return p.to.Add(evidence.ConsistencyFile, b.Bytes())
}
