package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
)

// certificate writes one certificate's part of a pack.
func (p *packWriter) certificate(ctx context.Context, id registry.CertificateID) error {
	l := &packedLife{packWriter: p}
	if err := p.f.store.Snapshot(ctx, func(tx *store.Tx) error { return l.read(tx, id) }); err != nil {
		return err
	}
	for i, paper := range l.papers {
		if err := l.scan(ctx, &l.told.Scans[i], paper.file); err != nil {
			return err
		}
	}
	p.head.Certificates, p.lives = append(p.head.Certificates, l.told), append(p.lives, l.entries)
	return nil
}

// packedLife is the life of one certificate, as it is gathered.
type packedLife struct {
	*packWriter
	dir     string
	told    evidence.Certificate
	papers  []paperOf
	about   []journal.Subject
	entries []journal.Entry
}

func (l *packedLife) read(tx *store.Tx, id registry.CertificateID) error {
	cert, err := tx.Certificate(id)
	if err != nil {
		return err
	}
	l.dir = "certificates/" + string(cert.Serial)
	l.about = []journal.Subject{Certificate(cert.Serial)}
	l.told = evidence.Certificate{
		Serial: cert.Serial, File: l.dir + "/certificate.cer", SHA256: cert.SHA256, Profile: cert.Profile, Holder: cert.HolderName,
		PersonalNumber: cert.PersonalNumber, Role: cert.Role, Storage: cert.Storage, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
		IssuedAt: cert.IssuedAt, Enrolment: cert.EnrolmentID, Status: cert.Status, Reason: cert.StatusReason, StatusAt: cert.StatusAt,
		InvalidSince: cert.InvalidSince, Journal: l.dir + "/journal.jsonl",
		Changes: []evidence.Change{}, Reports: []evidence.Report{}, Signatures: []evidence.Signature{}, Scans: []evidence.Scan{},
	}
	if err := l.to.Add(l.told.File, cert.DER); err != nil {
		return err
	}
	if cert.EnrolmentID != 0 {
		l.about = append(l.about, Enrolment(cert.EnrolmentID))
	}
	if cert.OrganisationID != 0 {
		o, err := tx.Organisation(cert.OrganisationID)
		if err != nil {
			return err
		}
		l.told.Organisation = &evidence.Organisation{Name: o.FullName(l.f.pack.Certificate.NameLanguage), INN: o.INN}
	}
	for _, part := range []func(*store.Tx, *registry.Certificate) error{l.application, l.receipt, l.changes, l.reports, l.batch} {
		if err := part(tx, cert); err != nil {
			return err
		}
	}
	placed, err := tx.EntriesAbout(l.about)
	if err != nil {
		return err
	}
	l.entries, err = l.packWriter.entries(tx, l.told.Journal, placed)
	return err
}

// application adds what the certificate was issued for: the file, the decisions
// on it, the signed order, the papers.
func (l *packedLife) application(tx *store.Tx, cert *registry.Certificate) error {
	app, err := tx.ApplicationOf(cert)
	if err != nil || app == nil {
		return err
	}
	d := app.Declaration
	l.told.Application = &evidence.Application{
		ID: app.ID, Number: app.Number, Operation: d.Operation, Channel: d.Channel, Office: string(d.Office), Status: app.Status, CreatedAt: app.CreatedAt,
	}
	if d.Predecessor != nil {
		l.told.Application.Predecessor = d.Predecessor.Serial
	}
	l.about = append(l.about, Application(app.ID))
	decisions, err := tx.Decisions(app.ID)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		if err := l.signature(evidence.Signature{
			Kind: evidence.OnApplication, Subject: "application/" + app.Number, Action: string(d.Action), At: d.CreatedAt, Signer: d.Serial,
		}, fmt.Sprint("decision-", d.ID), d.Envelope, d.Signature); err != nil {
			return err
		}
	}
	if d.Channel == registry.Remote {
		if err := l.order(tx, app); err != nil {
			return err
		}
	}
	return l.scans(tx, cert, app)
}

func (l *packedLife) order(tx *store.Tx, app *registry.Application) error {
	order, err := tx.Order(app.ID)
	if err != nil {
		return err
	}
	content := l.dir + "/signatures/order.json"
	if err := l.to.Add(content, order.Content); err != nil {
		return err
	}
	signatures, err := tx.OrderSignatures(app.ID)
	if err != nil {
		return err
	}
	for _, s := range signatures {
		by, err := tx.Certificate(s.CertificateID)
		if err != nil {
			return err
		}
		if err := l.signature(evidence.Signature{
			Kind: evidence.OnOrder, Subject: "certificate/" + string(by.Serial), Action: "renew", At: s.CreatedAt, Signer: by.Serial, Content: content,
		}, "order-"+strings.ToLower(string(s.Role)), s.Envelope, s.Signature); err != nil {
			return err
		}
	}
	return nil
}

// receipt adds the handover that the holder signed with the new key.
func (l *packedLife) receipt(tx *store.Tx, cert *registry.Certificate) error {
	if cert.EnrolmentID == 0 {
		return nil
	}
	h, err := tx.Handover(cert.EnrolmentID)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return l.asked(evidence.Signature{Kind: evidence.OnReceipt, At: h.CreatedAt, Signer: cert.Serial}, "receipt", h.Envelope, h.Signature)
}

// asked adds a signature whose envelope itself says what it is about: a
// revocation may be signed for the certificate before it.
func (l *packedLife) asked(s evidence.Signature, name string, envelope, cms []byte) error {
	var asked struct{ Subject, Action string }
	if err := json.Unmarshal(envelope, &asked); err != nil {
		return fmt.Errorf("the envelope of %s cannot be read: %w", name, err)
	}
	s.Subject, s.Action = asked.Subject, asked.Action
	return l.signature(s, name, envelope, cms)
}

func (l *packedLife) signature(s evidence.Signature, name string, envelope, cms []byte) error {
	s.Envelope, s.CMS = l.dir+"/signatures/"+name+".json", l.dir+"/signatures/"+name+".p7m"
	if err := l.to.Add(s.Envelope, envelope); err != nil {
		return err
	}
	l.told.Signatures = append(l.told.Signatures, s)
	l.signers[s.Signer] = true
	return l.to.Add(s.CMS, cms)
}

// changes adds what relying parties were told and when.
func (l *packedLife) changes(tx *store.Tx, cert *registry.Certificate) error {
	all, err := tx.StatusChanges(cert.Serial)
	if err != nil {
		return err
	}
	for _, c := range all {
		x := evidence.Change{ID: c.ID, Status: c.Status, Reason: c.Reason, At: c.At, AnsweredAt: c.AnsweredAt, List: c.CRLNumber}
		if c.CRLNumber != 0 {
			l.lists[c.CRLNumber] = true
		}
		if c.AnsweredAt != nil {
			answer, err := tx.FirstAnswer(c.ID)
			if err != nil {
				return err
			}
			x.Answer = fmt.Sprintf("%s/ocsp-%d.der", l.dir, c.ID)
			if err := l.to.Add(x.Answer, answer); err != nil {
				return err
			}
		}
		l.told.Changes = append(l.told.Changes, x)
	}
	return nil
}

// reports adds who said that it must not be used any more, and the signed
// decisions on it.
func (l *packedLife) reports(tx *store.Tx, cert *registry.Certificate) error {
	all, err := tx.ReportsOf(cert.ID)
	if err != nil {
		return err
	}
	for _, r := range all {
		l.told.Reports = append(l.told.Reports, evidence.Report{
			ID: r.ID, Number: r.Number, Status: r.Status, Way: r.Way, Cause: r.Cause, Code: r.Code, Reporter: r.Reporter, Identified: r.Identified,
			Note: r.Note, InvalidSince: r.InvalidSince, ReportedAt: r.ReportedAt, DueAt: r.DueAt, CreatedAt: r.CreatedAt, SuspendedAt: r.SuspendedAt, ConcludedAt: r.ConcludedAt, Remark: r.Remark,
		})
		l.about = append(l.about, journal.Subject{Kind: "report", ID: strconv.FormatInt(int64(r.ID), 10)})
		d, err := tx.RevocationDecision(r.ID)
		if registry.KindOf(err) == registry.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if err := l.asked(evidence.Signature{Kind: evidence.OnReport, At: d.CreatedAt, Signer: d.Serial}, fmt.Sprint("revocation-", d.ID), d.Envelope, d.Signature); err != nil {
			return err
		}
	}
	return nil
}

// batch adds the signed decision on the batch with which it was revoked, if it
// was revoked with others, and the list that was decided on.
func (l *packedLife) batch(tx *store.Tx, cert *registry.Certificate) error {
	b, d, err := tx.BatchThatRevoked(cert.ID)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	l.about = append(l.about, aboutBatch(b))
	name := fmt.Sprint("batches/", b.ID)
	s := evidence.Signature{
		Kind: evidence.OnBatch, Subject: "batch/" + b.Number, Action: string(actRevokeAll), At: d.At, Signer: d.Serial, Content: name + ".json", List: name + ".txt",
	}
	if !l.batches[b.ID] {
		l.batches[b.ID] = true
		proposal, err := batchProposal(b)
		if err != nil {
			return err
		}
		list, err := tx.BatchList(b.ID)
		if err != nil {
			return err
		}
		if err := l.to.Add(s.Content, proposal); err != nil {
			return err
		}
		if err := l.to.Add(s.List, list); err != nil {
			return err
		}
	}
	return l.signature(s, fmt.Sprint("batch-", b.ID), d.Envelope, d.Signature)
}

// scans describes the papers; their bytes follow outside the transaction.
func (l *packedLife) scans(tx *store.Tx, cert *registry.Certificate, app *registry.Application) (err error) {
	if l.papers, err = papersOf(tx, cert, app); err != nil {
		return err
	}
	for _, p := range l.papers {
		l.told.Scans = append(l.told.Scans, evidence.Scan{
			ID: p.file.ID, Document: p.doc.Code, Subject: string(p.doc.Subject), Name: p.file.Name, MediaType: p.file.MediaType, Size: p.file.Size,
			SHA256: p.file.SHA256, UploadedAt: p.file.UploadedAt,
		})
		if p.from != p.doc.ID {
			l.about = append(l.about, Document(p.from))
		}
	}
	return nil
}

// scan writes the bytes of a scan, if they were asked for. One that is gone, or
// is not what was handed in, is said to be missing.
func (l *packedLife) scan(ctx context.Context, s *evidence.Scan, file registry.File) error {
	if !l.head.WithScans {
		return nil
	}
	content, err := l.f.vault.Open(ctx, file)
	switch {
	case err == nil:
	case errors.Is(err, scan.ErrMissing), errors.Is(err, scan.ErrTruncated), errors.Is(err, scan.ErrSwapped), errors.Is(err, scan.ErrAltered),
		errors.Is(err, scan.ErrKey), errors.Is(err, scan.ErrWrongKey):
		l.f.log.Error("a scan could not be opened for an evidence pack", "pack", l.head.Number, "file", file.ID, "err", err)
		s.Missing = true
		return nil
	default:
		return err
	}
	s.File = fmt.Sprintf("%s/scans/%d%s", l.dir, file.ID, scan.Extension(file.MediaType))
	w, err := l.to.Create(s.File)
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(content).WriteTo(w)
	return err
}
