package evidence

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/tamga-ca/tamga/internal/registry"
)

// crl is a list of the pack, read; entries is nil where its bytes are not kept.
type crl struct {
	List
	reasons map[string]int // by serial
}

// lists reads the CRLs and the journal's entries about them.
func (v *verifier) lists() {
	v.crls = map[int64]*crl{}
	published := map[string]bool{} // number and hash
	for _, e := range v.proven(ListsFile) {
		var d struct {
			Number int64  `json:"number"`
			SHA256 string `json:"sha256"`
		}
		if e.Kind == "crl.published" && loose(e.Details, &d) {
			published[listName(d.Number, d.SHA256)] = true
		}
	}
	for _, l := range v.pack.Lists {
		if v.crls[l.Number] != nil {
			v.find(PackFile, "it tells of CRL %d twice", l.Number)
			continue
		}
		v.crls[l.Number] = &crl{List: l}
		if !published[listName(l.Number, l.SHA256)] {
			v.find(PackFile, "the journal has no entry about the publishing of CRL %d", l.Number)
		}
		if l.File != "" {
			v.list(v.crls[l.Number])
		}
	}
}

func (v *verifier) list(l *crl) {
	b, ok := v.file(l.File, maxPart)
	if !ok || v.issuer == nil {
		return
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != l.SHA256 {
		v.find(l.File, "it is another list than the one that was published")
		return
	}
	list, err := x509.ParseRevocationList(b)
	if err != nil {
		v.find(l.File, "it is no CRL: %v", err)
		return
	}
	if err := list.CheckSignatureFrom(v.issuer); err != nil {
		v.find(l.File, "it is not signed by the CA: %v", err)
		return
	}
	if list.Number == nil || !list.Number.IsInt64() || list.Number.Int64() != l.Number || !same(list.ThisUpdate, l.ThisUpdate) {
		v.find(l.File, "its number or time is not what %s says", PackFile)
		return
	}
	l.reasons = make(map[string]int, len(list.RevokedCertificateEntries))
	for _, e := range list.RevokedCertificateEntries {
		l.reasons[e.SerialNumber.Text(16)] = e.ReasonCode
	}
	v.result.Lists++
}

// change checks what relying parties were told of the i'th change. Where
// another followed before they were told, they were told that one.
func (v *verifier) change(c *Certificate, cert *x509.Certificate, i int) {
	ch := &c.Changes[i]
	if ch.List != 0 {
		told := *ch
		for _, later := range c.Changes[i+1:] {
			if later.List == ch.List {
				told = later
			}
		}
		v.listed(c, &told)
	}
	if ch.Answer == "" {
		return
	}
	var about []Change
	for _, x := range c.Changes[i:] {
		if x.ID == ch.ID || ch.AnsweredAt != nil && !x.At.After(*ch.AnsweredAt) {
			about = append(about, x)
		}
	}
	v.answer(c, cert, ch.Answer, about)
}

// listed checks that the list of a change tells it.
func (v *verifier) listed(c *Certificate, ch *Change) {
	l := v.crls[ch.List]
	switch {
	case l == nil:
		v.find(PackFile, "CRL %d, which told first that %s is %s, is not described", ch.List, c.Serial, ch.Status)
	case l.reasons != nil:
		reason, listed := l.reasons[string(c.Serial)]
		if listed != (ch.Status != registry.CertIssued) || listed && reason != ch.Reason {
			v.find(l.File, "it does not say that %s is %s for reason %d", c.Serial, ch.Status, ch.Reason)
		}
	}
}

// answer checks an OCSP answer: it tells one of the changes.
func (v *verifier) answer(c *Certificate, cert *x509.Certificate, file string, about []Change) {
	b, ok := v.file(file, maxOCSP)
	if !ok || v.issuer == nil || cert == nil {
		return
	}
	got, err := ocsp.ParseResponseForCert(b, cert, v.issuer)
	if err != nil {
		v.find(file, "it is no OCSP answer of the CA about %s: %v", c.Serial, err)
		return
	}
	if d := got.Certificate; d != nil && !d.Equal(v.issuer) &&
		(d.CheckSignatureFrom(v.issuer) != nil || !slices.Contains(d.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || got.ProducedAt.Before(d.NotBefore) || got.ProducedAt.After(d.NotAfter)) {
		v.find(file, "it is signed by somebody who may not answer for the CA")
		return
	}
	if !slices.ContainsFunc(about, func(ch Change) bool { return tells(got, &ch) }) {
		v.find(file, "it does not say that %s is %s for reason %d since %s", c.Serial, about[0].Status, about[0].Reason, when(about[0].At))
		return
	}
	v.result.Answers++
}

func tells(r *ocsp.Response, ch *Change) bool {
	if ch.Status == registry.CertIssued {
		return r.Status == ocsp.Good
	}
	return r.Status == ocsp.Revoked && r.RevocationReason == ch.Reason && same(r.RevokedAt, earlier(ch.At, r.ThisUpdate))
}

// earlier is what an answer says of a change that its maker's clock has not
// reached.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// maxOCSP bounds an OCSP answer with its certificate, in bytes.
const maxOCSP = 64 << 10
