package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// maxKept bounds how many kept checkpoints a pack is made with.
const maxKept = 20

// PackRequest is which evidence an auditor asks for.
type PackRequest struct {
	Serials []registry.Serial
	Query   string // the search that chose them, for people; empty: chosen by hand
	Purpose string
	// Scans asks for the scans too.
	Scans bool
	// Kept are checkpoints that the auditor has kept, one after the other: the
	// pack will prove that it extends them.
	Kept     string
	Language registry.Language
}

// EvidencePack is a pack that is journalled and may be written.
type EvidencePack struct {
	f            *Flow
	head         evidence.Pack
	certificates []*registry.Certificate
	checkpoint   journal.Checkpoint
	kept         []journal.Checkpoint
	first        time.Time // of what the pack tells
}

// Number names the pack: "E-26-0007".
func (p *EvidencePack) Number() string { return p.head.Number }

// MakePack begins an evidence pack, by an auditor who states the purpose. Before
// it returns the journal says who takes which evidence for what, and that each
// scan is viewed, and a checkpoint is signed over that. A journal that does not
// extend its last checkpoint is packed as it is: whoever verifies the pack is
// told.
func (f *Flow) MakePack(ctx context.Context, who Actor, in PackRequest) (*EvidencePack, error) {
	if err := who.is(registry.Auditor); err != nil {
		return nil, err
	}
	if f.seal == nil {
		return nil, registry.Refuse(registry.Unavailable, "error.pack.no_key")
	}
	p := &EvidencePack{f: f, first: f.now()}
	if err := p.asked(&in); err != nil {
		return nil, err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		return p.record(tx, who, in)
	})
	if err == nil {
		err = p.seal(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("making an evidence pack: %w", err)
	}
	p.head = evidence.Pack{
		Format: evidence.Format, Number: p.head.Number, MadeAt: f.now(),
		MadeBy:  evidence.Person{ID: who.Operator.ID, Name: who.Operator.Person.Name(f.pack.Certificate.NameLanguage).String()},
		Purpose: in.Purpose, Query: in.Query, Language: string(in.Language), Authority: f.pack.Authority.Name.In(in.Language), Address: f.base,
		Policies: evidence.Policy{Holder: f.pack.Certificate.HolderPolicy, Operator: f.pack.Certificate.OperatorPolicy},
		Journal:  evidence.Journal{Size: p.checkpoint.Size}, WithScans: in.Scans,
		Certificates: []evidence.Certificate{}, Signers: []evidence.Signer{}, Lists: []evidence.List{},
	}
	for _, k := range f.seal.Known {
		p.head.Journal.Keys = append(p.head.Journal.Keys, k.String())
	}
	return p, nil
}

// asked judges what was asked for before anything is read.
func (p *EvidencePack) asked(in *PackRequest) (err error) {
	if in.Purpose, err = someReason(in.Purpose, "purpose"); err != nil {
		return registry.Refuse(registry.Invalid, "error.document.purpose").On("purpose")
	}
	if in.Query, err = someRemark(in.Query, "query"); err != nil {
		return err
	}
	in.Serials = slices.Compact(slices.Sorted(slices.Values(in.Serials))) // the caller's stay in order
	most := evidence.MaxCertificates
	if in.Scans {
		most = evidence.MaxWithScans
	}
	switch n := len(in.Serials); {
	case n == 0:
		return registry.Refuse(registry.Invalid, "error.pack.empty").On("serials")
	case n > most && in.Scans && n <= evidence.MaxCertificates:
		return registry.Refuse(registry.Invalid, "error.pack.too_many_with_scans", "n", n, "most", most, "without", evidence.MaxCertificates).On("serials")
	case n > most:
		return registry.Refuse(registry.Invalid, "error.pack.too_many", "n", n, "most", most).On("serials")
	}
	return p.keptOnes(in.Kept)
}

// keptOnes reads the checkpoints that an auditor has kept. Each ends with the
// line of its signature, behind an empty line.
func (p *EvidencePack) keptOnes(text string) error {
	var note []string
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for _, line := range lines {
		line = strings.TrimRight(line, " \t")
		if line == "" && len(note) == 0 {
			continue
		}
		note = append(note, line)
		if !strings.HasPrefix(line, "— ") {
			continue
		}
		c, err := p.f.seal.Known.OpenMailed(strings.Join(note, "\n"))
		if err != nil {
			return registry.Refuse(registry.Invalid, "error.pack.checkpoint").On("kept")
		}
		p.kept, note = append(p.kept, c), nil
	}
	if len(note) > 0 || len(p.kept) > maxKept {
		return registry.Refuse(registry.Invalid, "error.pack.checkpoint").On("kept")
	}
	return nil
}

// record journals the pack and the views of its scans.
func (p *EvidencePack) record(tx *store.Tx, who Actor, in PackRequest) error {
	var about []journal.Subject
	for _, s := range in.Serials {
		cert, err := tx.CertificateBySerial(s)
		if registry.KindOf(err) == registry.NotFound {
			return registry.Refuse(registry.Invalid, "error.pack.unknown", "serial", s).On("serials")
		}
		if err != nil {
			return err
		}
		p.certificates, about = append(p.certificates, cert), append(about, Certificate(s))
	}
	var err error
	if p.head.Number, err = p.f.nextNumber(tx, "pack", "E-"); err != nil {
		return err
	}
	scans := 0
	if in.Scans {
		if scans, err = p.recordViews(tx, who, in.Purpose); err != nil {
			return err
		}
	}
	personal := map[string]string{"purpose": in.Purpose}
	if in.Query != "" {
		personal["query"] = in.Query
	}
	return p.f.record(tx, who, "pack.made", map[string]any{"number": p.head.Number, "certificates": len(about), "scans": scans}, personal, about...)
}

// recordViews journals the view of each scan; no byte has left the vault yet.
func (p *EvidencePack) recordViews(tx *store.Tx, who Actor, purpose string) (n int, err error) {
	size, seen := int64(0), map[registry.FileID]bool{}
	for _, cert := range p.certificates {
		app, err := tx.ApplicationOf(cert)
		if err != nil {
			return 0, err
		}
		papers, err := papersOf(tx, cert, app)
		if err != nil {
			return 0, err
		}
		for _, paper := range papers {
			size += paper.file.Size
			if seen[paper.file.ID] {
				continue
			}
			seen[paper.file.ID] = true
			if err := p.f.record(tx, who, "file.viewed", map[string]any{"code": paper.doc.Code, "sha256": paper.file.SHA256, "pack": p.head.Number},
				map[string]string{"purpose": purpose}, File(paper.file.ID), Document(paper.doc.ID), Application(app.ID)); err != nil {
				return 0, err
			}
		}
	}
	if size > evidence.MaxScans {
		return 0, registry.Refuse(registry.Invalid, "error.pack.too_large", "size", size>>20, "most", evidence.MaxScans>>20).On("serials")
	}
	return len(seen), nil
}

// seal signs a checkpoint over what was just journalled and takes it for the
// pack's.
func (p *EvidencePack) seal(ctx context.Context) error {
	if err := p.f.SealJournal(ctx); err != nil && !errors.Is(err, journal.ErrNotExtending) && !errors.Is(err, store.ErrNoHash) {
		return err
	}
	return p.f.store.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.LastCheckpoint()
		if err == nil && c != nil {
			p.checkpoint = *c
		}
		return err
	})
}

// paperOf is a scan with the document it was handed in for.
type paperOf struct {
	doc  *registry.Document
	file registry.File
	// from is the document that holds the file: that of an earlier application
	// where it stands in.
	from registry.DocumentID
}

// papersOf returns the scans of a certificate's application, without those
// about its other signatory.
func papersOf(tx *store.Tx, cert *registry.Certificate, app *registry.Application) ([]paperOf, error) {
	if app == nil {
		return nil, nil
	}
	docs, err := tx.Documents(app.ID)
	if err != nil {
		return nil, err
	}
	var out []paperOf
	for _, d := range docs {
		if !d.Subject.Concerns(cert.Role) {
			continue
		}
		from := d.ID
		if d.LinkedTo != 0 {
			from = d.LinkedTo
		}
		files, err := tx.FilesOfDocument(from)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			out = append(out, paperOf{d, file, from})
		}
	}
	return out, nil
}
