package ca

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	zx509 "github.com/zmap/zcrypto/x509"
	_ "github.com/zmap/zlint/v3" // registers the lints
	"github.com/zmap/zlint/v3/lint"

	"github.com/tamga-ca/tamga/internal/registry"
)

// notForSignatures are lints that judge e-signature certificates by rules made
// for others.
var notForSignatures = []string{
	"e_qcstatem_qctype_web",             // for web authentication
	"e_qcstatem_mandatory_etsi_statems", // EU qualified certificates
	"e_exactly_one_smime_policy",        // the CA/Browser Forum's S/MIME policies
}

// onlyWarned are lints whose findings are at most warnings, which nobody asks
// for here; they take as long as all the others together. That a name cannot be
// read, which is fatal to them, ends the parsing before.
var onlyWarned = []string{
	"w_subject_dn_leading_whitespace",
	"w_subject_dn_trailing_whitespace",
	"w_issuer_dn_leading_whitespace",
	"w_issuer_dn_trailing_whitespace",
	"n_multiple_subject_rdn",
	"w_multiple_issuer_rdn",
	"w_ext_aia_access_location_missing",
}

var lints = sync.OnceValues(func() ([]*lint.CertificateLint, error) {
	known, err := lint.GlobalRegistry().Filter(lint.FilterOptions{ExcludeNames: slices.Concat(notForSignatures, onlyWarned)})
	if err != nil {
		return nil, err
	}
	return known.CertificateLints().Lints(), nil
})

// Lint judges, before the CA is asked, exactly what the CA would sign. Findings
// of level error or fatal are a registry.Error whose argument "list" names
// them; nothing may be issued then.
func (i *Issuer) Lint(intent Intent, r *Request) error {
	_, err := i.NewOrder(intent, r)
	return err
}

func (o *Order) lint() error {
	findings, err := lintCertificate(o.want)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return registry.Refuse(registry.Invalid, "error.ca.lint", "list", strings.Join(findings, ", "))
	}
	return nil
}

func lintCertificate(der []byte) ([]string, error) {
	known, err := lints()
	if err != nil {
		return nil, fmt.Errorf("choosing the lints: %w", err)
	}
	c, err := zx509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing the certificate to be linted: %w", err)
	}
	var findings []string
	config := lint.NewEmptyConfig()
	for _, l := range known {
		if l.Execute(c, config).Status >= lint.Error {
			findings = append(findings, l.Name)
		}
	}
	slices.Sort(findings)
	return findings, nil
}
