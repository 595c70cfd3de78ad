package workflow

import (
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// tellHolder writes to the holder, and to the organisation where it has
// another address, what became of a certificate.
func (f *Flow) tellHolder(tx *store.Tx, cert *registry.Certificate, c statusChange) error {
	kind := map[registry.CertificateStatus]letter{
		registry.CertSuspended: letterSuspended, registry.CertRevoked: letterRevoked, registry.CertIssued: letterResumed,
	}[c.to]
	addresses, lang, org, err := f.addressesOf(tx, cert)
	if err != nil || len(addresses) == 0 {
		return err
	}
	args := map[string]any{
		"serial": cert.Serial, "holder": cert.HolderName, "name": cert.HolderName, "revoked_at": f.now(), "url": f.base,
		"reason": "–", "reporter": "–", "reported_at": f.now(),
	}
	if org != nil {
		args["org"] = org.FullName(lang)
	}
	if cause, known := f.pack.RevocationCause(causeOf(c)); known {
		args["reason"] = cause.Text.In(lang)
	}
	if c.report != nil {
		args["reporter"], args["reported_at"] = c.report.Reporter, c.report.ReportedAt
	}
	for _, to := range addresses {
		if err := f.post(tx, kind, to, lang, "", args); err != nil {
			return err
		}
	}
	return nil
}

func causeOf(c statusChange) string {
	if cause, ok := c.details["cause"].(string); ok {
		return cause
	}
	if c.report != nil {
		return c.report.Cause
	}
	return ""
}

// addressesOf are where letters about a certificate go: its holder's address,
// and the organisation's if it is another.
func (f *Flow) addressesOf(tx *store.Tx, cert *registry.Certificate) (to []string, lang registry.Language, org *registry.Organisation, err error) {
	lang = registry.Kyrgyz
	if cert.OperatorID != 0 {
		o, err := tx.Operator(cert.OperatorID)
		if err != nil {
			return nil, lang, nil, err
		}
		return nonEmpty(o.Email), o.Language, nil, nil
	}
	var own string
	if cert.EnrolmentID != 0 {
		e, err := tx.Enrolment(cert.EnrolmentID)
		if err != nil {
			return nil, lang, nil, err
		}
		s, err := f.subjectOf(tx, e)
		if err != nil {
			return nil, lang, nil, err
		}
		own, lang = s.email, s.language
		key, err := tx.CloudKeyOfEnrolment(e.ID)
		if err != nil {
			return nil, lang, nil, err
		}
		if key != nil {
			own = key.Email
		}
	}
	if org, err = tx.Organisation(cert.OrganisationID); err != nil {
		return nil, lang, nil, err
	}
	if org.Email == own {
		return nonEmpty(own), lang, org, nil
	}
	return nonEmpty(own, org.Email), lang, org, nil
}

func nonEmpty(words ...string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}
