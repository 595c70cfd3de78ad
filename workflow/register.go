package workflow

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// RegisterFormat names the schema of docs/register-export.md.
const RegisterFormat = "tamga-register/1"

// registerNote stands in every export: whoever receives it has to know.
const registerNote = "The form that the annex of decree No. 742 of 31.12.2019 demands could not be read; this schema is Tamga's own and was not verified against it."

// registerPage is how many certificates are read at once.
const registerPage = 500

// Register is a signed register of qualified certificates, ready to be
// written out. Close frees it.
type Register struct {
	AsOf      time.Time
	Count     int
	SHA256    string // of the content, hex
	Signature []byte // CMS SignedData over the content, detached, DER

	file *os.File
}

// Content is the register: JSON of the format RegisterFormat.
func (r *Register) Content() (io.Reader, error) {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the register: %w", err)
	}
	return bufio.NewReader(r.file), nil
}

// Close frees the disk that the content took.
func (r *Register) Close() error { return r.file.Close() }

// MakeRegister makes the register of qualified certificates as it stood at the
// end of a day, or as it stands where the day is today or zero, for the
// authorised body (decree №742): an auditor, an approver, or the console. It is
// signed with the issuing CA's own key and journalled before it leaves.
func (f *Flow) MakeRegister(ctx context.Context, who Actor, day registry.Date) (_ *Register, err error) {
	if !who.isConsole() {
		if err := who.is(registry.Auditor, registry.Approver); err != nil {
			return nil, err
		}
	}
	asOf, err := f.endOf(day)
	if err != nil {
		return nil, err
	}
	if f.answers == nil || f.answers.authority == nil {
		return nil, registry.Refuse(registry.Unavailable, "error.register.no_key")
	}
	r := &Register{AsOf: asOf}
	defer func() {
		if err != nil && r.file != nil {
			_ = r.Close()
		}
	}()
	if r.file, err = os.CreateTemp("", "register"); err != nil {
		return nil, fmt.Errorf("making the register: %w", err)
	}
	// It has no name any more: whatever happens, its disk is freed.
	if err := os.Remove(r.file.Name()); err != nil {
		return nil, fmt.Errorf("making the register: %w", err)
	}
	digest, err := f.writeRegister(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("making the register: %w", err)
	}
	r.SHA256 = hex.EncodeToString(digest[:])
	if r.Signature, err = token.SignDetached(digest, f.answers.issuer.Certificate, f.answers.authority, f.now()); err != nil {
		return nil, fmt.Errorf("signing the register: %w", err)
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		return f.record(tx, who, "register.exported", map[string]any{"format": RegisterFormat, "as_of": asOf, "count": r.Count, "sha256": r.SHA256}, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("exporting the register: %w", err)
	}
	return r, nil
}

// endOf is the instant that a day's register tells of.
func (f *Flow) endOf(day registry.Date) (time.Time, error) {
	now, zone := f.now(), f.pack.Zone()
	today := registry.DateOf(now, zone)
	switch {
	case day.IsZero() || day == today:
		return now, nil
	case day.Compare(today) > 0:
		return time.Time{}, registry.Refuse(registry.Invalid, "error.register.future").On("date")
	}
	return day.End(zone).UTC().Add(-time.Microsecond), nil
}

func (f *Flow) writeRegister(ctx context.Context, r *Register) (digest [sha256.Size]byte, err error) {
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(r.file, sum), 1<<16)
	if err := f.registerHead(w, r.AsOf); err != nil {
		return digest, err
	}
	err = f.store.Snapshot(ctx, func(tx *store.Tx) error {
		var after registry.CertificateID
		for {
			page, err := tx.RegisterAt(r.AsOf, after, registerPage)
			if err != nil {
				return err
			}
			if err := registerEntries(tx, w, page, r); err != nil || len(page) < registerPage {
				return err
			}
			after = page[len(page)-1].ID
		}
	})
	if err != nil {
		return digest, err
	}
	if _, err := fmt.Fprintf(w, "\n],\n\"count\": %d\n}\n", r.Count); err != nil {
		return digest, err
	}
	if err := w.Flush(); err != nil {
		return digest, err
	}
	return digestOf(sum), nil
}

func digestOf(h hash.Hash) (d [sha256.Size]byte) {
	h.Sum(d[:0])
	return d
}

// registerHead writes what stands before the certificates.
func (f *Flow) registerHead(w io.Writer, asOf time.Time) error {
	issuer := f.answers.issuer.Certificate
	sum := sha256.Sum256(issuer.Raw)
	names := map[string]string{}
	for _, l := range registry.Languages {
		names[string(l)] = f.pack.Authority.Name.In(l)
	}
	head, err := json.MarshalIndent(struct {
		Format       string            `json:"format"`
		Verified     bool              `json:"verified_against_annex"`
		Note         string            `json:"note"`
		Authority    map[string]string `json:"authority"`
		Issuer       string            `json:"issuer"`
		IssuerSHA256 string            `json:"issuer_sha256"`
		AsOf         time.Time         `json:"as_of"`
		MadeAt       time.Time         `json:"made_at"`
	}{
		Format: RegisterFormat, Note: registerNote, Authority: names, Issuer: issuer.Subject.String(), IssuerSHA256: hex.EncodeToString(sum[:]),
		AsOf: asOf, MadeAt: f.now(),
	}, "", "")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s,\n\"certificates\": [", head[:len(head)-2])
	return err
}

// registerEntry is one certificate of the register.
type registerEntry struct {
	Serial         registry.Serial         `json:"serial"`
	Status         string                  `json:"status"`
	StatusSince    *time.Time              `json:"status_since,omitempty"`
	Reason         *int                    `json:"reason,omitempty"` // RFC 5280 §5.3.1
	InvalidSince   *time.Time              `json:"invalid_since,omitempty"`
	IssuedAt       time.Time               `json:"issued_at"`
	NotBefore      time.Time               `json:"not_before"`
	NotAfter       time.Time               `json:"not_after"`
	Holder         string                  `json:"holder"`
	PersonalNumber registry.PersonalNumber `json:"personal_number"`
	Role           registry.SignatoryRole  `json:"role"`
	Organisation   registerOrganisation    `json:"organisation"`
	Storage        registry.Storage        `json:"storage"`
	SHA256         string                  `json:"sha256"`
	KeySHA256      string                  `json:"public_key_sha256"`
	Certificate    []byte                  `json:"certificate"` // DER, base64
}

type registerOrganisation struct {
	INN    registry.INN              `json:"inn"`
	Kind   registry.OrganisationKind `json:"kind"`
	NameRu string                    `json:"name_ru"`
	NameKy string                    `json:"name_ky"`
	Place  string                    `json:"settlement"`
	OKPO   string                    `json:"okpo,omitempty"`
}

// registerEntries writes a page of certificates, one a line.
func registerEntries(tx *store.Tx, w io.Writer, page []*registry.Certificate, r *Register) error {
	ids := make([]registry.OrganisationID, len(page))
	for i, c := range page {
		ids[i] = c.OrganisationID
	}
	orgs, err := tx.Organisations(ids)
	if err != nil {
		return err
	}
	for _, c := range page {
		org := orgs[c.OrganisationID]
		if org == nil {
			return fmt.Errorf("certificate %s has no organisation", c.Serial)
		}
		line, err := json.Marshal(entryOf(c, org, r.AsOf))
		if err != nil {
			return err
		}
		comma := ","
		if r.Count == 0 {
			comma = ""
		}
		if _, err := fmt.Fprintf(w, "%s\n%s", comma, line); err != nil {
			return err
		}
		r.Count++
	}
	return nil
}

func entryOf(c *registry.Certificate, org *registry.Organisation, asOf time.Time) registerEntry {
	e := registerEntry{
		Serial: c.Serial, Status: string(c.ValidityAt(asOf)), IssuedAt: c.IssuedAt, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		Holder: c.HolderName, PersonalNumber: c.PersonalNumber, Role: c.Role, Storage: c.Storage,
		SHA256: c.SHA256, KeySHA256: c.PublicKeyHash, Certificate: c.DER,
		Organisation: registerOrganisation{org.INN, org.Kind, org.FullName(registry.Russian), org.FullName(registry.Kyrgyz), org.Settlement.Ru, org.OKPO},
	}
	if c.Status != registry.CertIssued {
		e.Status, e.StatusSince, e.Reason, e.InvalidSince = string(c.Status), c.StatusAt, &c.StatusReason, c.InvalidSince
	}
	return e
}
