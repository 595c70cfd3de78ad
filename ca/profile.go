package ca

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Profile is what all certificates of an installation have in common. KU is
// digitalSignature and contentCommitment, EKU clientAuth and emailProtection,
// always.
type Profile struct {
	// HolderPolicy and OperatorPolicy are dotted OIDs, each other's unlike.
	HolderPolicy   string `json:"holder_policy"`
	OperatorPolicy string `json:"operator_policy"`
	// CRL is the CRL distribution point, OCSP the responder, IssuingCA where
	// the issuing CA's certificate (DER) is: http URLs (RFC 5280 §4.2.1.13,
	// §4.2.2.1).
	CRL       string `json:"crl"`
	OCSP      string `json:"ocsp"`
	IssuingCA string `json:"issuing_ca"`
}

// ProfileAt is the profile of an installation that publishes under base, e.g.
// "http://ca.example.kg".
func ProfileAt(base, holderPolicy, operatorPolicy string) Profile {
	base = strings.TrimSuffix(base, "/")
	return Profile{
		HolderPolicy:   holderPolicy,
		OperatorPolicy: operatorPolicy,
		CRL:            base + "/crl/issuing.crl",
		OCSP:           base + "/ocsp",
		IssuingCA:      base + "/ca/issuing.cer",
	}
}

// Check tells what is wrong with a profile; it is asked once, at start.
func (p Profile) Check() error {
	for name, oid := range map[string]string{"holder": p.HolderPolicy, "operator": p.OperatorPolicy} {
		if o, err := x509.ParseOID(oid); err != nil || o.String() != oid {
			return fmt.Errorf("certificate policy of the %s profile: %q is not an OID", name, oid)
		}
	}
	if p.HolderPolicy == p.OperatorPolicy {
		return fmt.Errorf("certificate policies of holders and operators are the same: %s", p.HolderPolicy)
	}
	for name, s := range map[string]string{"CRL": p.CRL, "OCSP": p.OCSP, "issuing CA": p.IssuingCA} {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("address of the %s in certificates: %q is not an http URL", name, s)
		}
		for _, r := range s {
			if r < '!' || r > '~' || r == '{' || r == '}' {
				return fmt.Errorf("address of the %s in certificates: %q has a character that does not belong in a URL", name, s)
			}
		}
	}
	return nil
}

// policy is the OID that marks a profile.
func (p Profile) policy(k registry.CertificateProfile) (x509.OID, error) {
	switch k {
	case registry.HolderProfile:
		return x509.ParseOID(p.HolderPolicy)
	case registry.OperatorProfile:
		return x509.ParseOID(p.OperatorPolicy)
	}
	return x509.OID{}, fmt.Errorf("no certificate profile %q", k)
}

// ProfileOf says which profile a certificate was issued under; ok is false for a
// certificate of neither, or of both.
func (p Profile) ProfileOf(c *x509.Certificate) (k registry.CertificateProfile, ok bool) {
	for _, policy := range c.Policies {
		switch policy.String() {
		case p.HolderPolicy:
			k, ok = registry.HolderProfile, k == ""
		case p.OperatorPolicy:
			k, ok = registry.OperatorProfile, k == ""
		}
	}
	return k, ok
}

// id changes whenever certificates of this profile would. An intent carries it:
// under another profile a retry would not be identical.
func (p Profile) id(issuer *x509.Certificate) string {
	h := sha256.New()
	h.Write(issuer.Raw)
	_ = json.NewEncoder(h).Encode(p) // strings only: cannot fail
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// template is what step-ca executes for each token. Everything but subject,
// serial and which profile is fixed here, on the CA's side, so that a token cannot ask
// for other extensions; a token without them gets nothing at all.
func (p Profile) template() string {
	text := func(s string) string {
		b, _ := json.Marshal(s) // a string: cannot fail
		return string(b)
	}
	return `{
{{- if not .Token.qs }}{{ fail "qs required" }}{{ end }}
{{- if not .Token.qs.rawSubject }}{{ fail "qs.rawSubject required" }}{{ end }}
{{- if not (regexMatch "^[1-9][0-9]{29,38}$" (toString .Token.qs.serial)) }}{{ fail "qs.serial required" }}{{ end }}
{{- if eq (toString .Token.qs.profile) "` + string(registry.HolderProfile) + `" }}
	"policyIdentifiers": [` + text(p.HolderPolicy) + `],
{{- else if eq (toString .Token.qs.profile) "` + string(registry.OperatorProfile) + `" }}
	"policyIdentifiers": [` + text(p.OperatorPolicy) + `],
{{- else }}{{ fail "qs.profile unknown" }}{{ end }}
	"rawSubject": {{ toJson .Token.qs.rawSubject }},
	"serialNumber": {{ toJson .Token.qs.serial }},
	"keyUsage": ["digitalSignature", "contentCommitment"],
	"extKeyUsage": ["clientAuth", "emailProtection"],
	"basicConstraints": {"isCA": false, "maxPathLen": -1},
	"crlDistributionPoints": [` + text(p.CRL) + `],
	"ocspServer": [` + text(p.OCSP) + `],
	"issuingCertificateURL": [` + text(p.IssuingCA) + `]
}
`
}
