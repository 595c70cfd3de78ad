package evidence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

// life is what the journal says, as far as a certificate's facts are looked for
// in it.
type life struct {
	issued     bool
	statuses   map[string][]time.Time // when it came into a status
	reports    map[string]bool        // "received 12"
	envelopes  map[string]bool        // SHA-256 of what was signed
	along      map[string][2]string   // SHA-256 of what revoked it along with another, and what that is about
	handedOver bool
	uploads    map[string]bool // SHA-256 of scans
	orders     map[string]bool // SHA-256 of what was ordered
	batch      string          // number of the batch with which it was revoked
}

func (v *verifier) certificate(c *Certificate) {
	b, ok := v.file(c.File, 64<<10)
	var cert *x509.Certificate
	if ok {
		cert = v.subject(c, b)
	}
	l := v.life(c)
	if c.Enrolment != 0 && !l.issued {
		v.find(c.Journal, "the journal has no entry about the issue of %s", c.Serial)
	}
	told := map[string]int{}
	var last *Change
	for i := range c.Changes {
		ch := &c.Changes[i]
		last = ch
		v.change(c, cert, i)
		kind := string(ch.Status)
		at := l.statuses[kind]
		if n := told[kind]; n >= len(at) || !near(at[n], ch.At) {
			v.find(c.Journal, "the journal has no entry about %s becoming %s at %s", c.Serial, kind, when(ch.At))
		}
		told[kind]++
	}
	for kind, at := range l.statuses {
		if len(at) > told[kind] {
			v.find(PackFile, "the journal tells of %s becoming %s, %s does not", c.Serial, kind, PackFile)
		}
	}
	if last != nil && last.Status != c.Status || last == nil && c.Status != registry.CertIssued {
		v.find(PackFile, "%s is said to be %s, and its changes say otherwise", c.Serial, c.Status)
	}
	for _, r := range c.Reports {
		if !l.reports["received "+strconv.FormatInt(int64(r.ID), 10)] || r.ConcludedAt != nil && !l.reports[string(r.Status)+" "+strconv.FormatInt(int64(r.ID), 10)] {
			v.find(c.Journal, "the journal has no entry about report %s, or none about its end", clip(r.Number))
		}
	}
	for i := range c.Signatures {
		v.signature(c, &c.Signatures[i], l)
	}
	if l.batch != "" && !slices.ContainsFunc(c.Signatures, func(s Signature) bool { return s.Kind == OnBatch }) {
		v.find(PackFile, "it has no decision on batch %s, with which %s was revoked", clip(l.batch), c.Serial)
	}
	for i := range c.Scans {
		v.scan(c, &c.Scans[i], l)
	}
}

// near allows for the moments between the steps of one transaction.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }

// subject checks the certificate itself against the chain and pack.json.
func (v *verifier) subject(c *Certificate, der []byte) *x509.Certificate {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		v.find(c.File, "it is no certificate: %v", err)
		return nil
	}
	if v.judge == nil {
		return cert
	}
	s, err := v.judge.Judge(context.Background(), der, cert.NotBefore, good)
	if err != nil {
		v.find(c.File, "it does not lead to the root, or is not for signing: %v", err)
		return cert
	}
	inn := registry.INN("")
	if c.Organisation != nil {
		inn = c.Organisation.INN
	}
	sum := sha256.Sum256(der)
	switch {
	case s.Serial != c.Serial, hex.EncodeToString(sum[:]) != c.SHA256, s.Profile != c.Profile, s.PersonalNumber != c.PersonalNumber,
		c.Profile == registry.HolderProfile && s.INN != inn, !same(cert.NotBefore, c.NotBefore), !same(cert.NotAfter, c.NotAfter):
		v.find(c.File, "it says something else than %s", PackFile)
	default:
		v.result.Certificates++
	}
	return cert
}

func good(context.Context, *x509.Certificate) (token.Status, error) { return token.StatusGood, nil }

// life reads the journal's entries about a certificate. What stands in an entry
// that did not hold is not looked at.
func (v *verifier) life(c *Certificate) *life {
	l := &life{statuses: map[string][]time.Time{}, reports: map[string]bool{}, envelopes: map[string]bool{}, along: map[string][2]string{}, uploads: map[string]bool{}, orders: map[string]bool{}}
	mine := journal.Subject{Kind: "certificate", ID: string(c.Serial)}
	for _, e := range v.proven(c.Journal) {
		about, report := false, ""
		for _, s := range e.Subjects {
			about = about || s == mine
			if s.Kind == "report" {
				report = s.ID
			}
		}
		var d struct {
			SHA256   string `json:"sha256"`
			Envelope string `json:"envelope_sha256"`
			Content  string `json:"content_sha256"`
			With     string `json:"with"`
			Report   string `json:"report"`
			Batch    string `json:"batch"`
		}
		if !loose(e.Details, &d) {
			continue
		}
		if d.Envelope != "" {
			l.envelopes[d.Envelope] = true
		}
		switch e.Kind {
		case "enrolment.issued":
			l.issued = l.issued || about && d.SHA256 == c.SHA256
		case "enrolment.handed_over":
			l.handedOver = l.handedOver || about
		case "certificate.issued", "certificate.suspended", "certificate.revoked":
			if about {
				status := e.Kind[len("certificate."):]
				l.statuses[status] = append(l.statuses[status], e.At)
				l.batch = cmp.Or(l.batch, d.Batch)
			}
		case "report.received", "report.revoked", "report.rejected", "report.lifted", "report.over":
			if about {
				l.reports[e.Kind[len("report."):]+" "+report] = true
				if d.With != "" {
					l.along[d.Envelope] = [2]string{"certificate/" + d.With, "report/" + d.Report}
				}
			}
		case "document.upload":
			l.uploads[d.SHA256] = true
		case "order.begun":
			l.orders[d.Content] = true
		}
	}
	return l
}

// loose decodes what is known of an entry's details, and leaves the rest.
func loose(details string, v any) bool { return json.Unmarshal([]byte(details), v) == nil }

func listName(number int64, sum string) string { return fmt.Sprint(number, " ", sum) }

// scan checks a scan's bytes and that its upload is in the journal.
func (v *verifier) scan(c *Certificate, s *Scan, l *life) {
	if !l.uploads[s.SHA256] {
		v.find(c.Journal, "the journal has no entry about the upload of scan %d", s.ID)
	}
	switch {
	case s.Missing:
		v.find(PackFile, "scan %d of %s could not be opened when the pack was made: it is gone or was altered", s.ID, c.Serial)
	case s.File == "":
	case v.files[s.File] == nil:
		v.find(s.File, "it is missing")
	default:
		v.named[s.File] = true
		size, sum, err := v.hash(s.File)
		if err != nil || size != s.Size || sum != s.SHA256 {
			v.find(s.File, "it is not the scan that was handed in")
			return
		}
		v.result.Scans++
	}
}
