package ca

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Holder reads back the subject of a certificate that EncodeSubject's DN is
// in. It does not verify the certificate. A DN of another shape (an attribute
// twice, two numbers that contradict each other) is an error, so that nobody
// is taken for somebody else.
func Holder(c *x509.Certificate) (Subject, error) { return ParseSubject(c.RawSubject) }

// ParseSubject is the inverse of EncodeSubject.
func ParseSubject(der []byte) (Subject, error) {
	var sequence []rdnSET
	if rest, err := asn1.Unmarshal(der, &sequence); err != nil || len(rest) > 0 {
		return Subject{}, fmt.Errorf("reading a subject: not a distinguished name: %w", err)
	}
	found := map[string]string{}
	for _, set := range sequence {
		for _, a := range set {
			oid := a.Type.String()
			if _, twice := found[oid]; twice {
				return Subject{}, fmt.Errorf("reading a subject: attribute %s twice", oid)
			}
			switch a.Value.Tag {
			case asn1.TagUTF8String, asn1.TagPrintableString:
				found[oid] = string(a.Value.Bytes)
			default:
				return Subject{}, fmt.Errorf("reading a subject: attribute %s has string type %d", oid, a.Value.Tag)
			}
		}
	}
	get := func(oid asn1.ObjectIdentifier) string { return found[oid.String()] }
	s := Subject{
		Organisation:   get(oidOrganisation),
		INN:            registry.INN(get(oidOrganisationIN)),
		CommonName:     get(oidCommonName),
		Surname:        get(oidSurname),
		GivenName:      get(oidGivenName),
		Title:          get(oidTitle),
		PersonalNumber: registry.PersonalNumber(get(oidPersonINN)),
		Locality:       get(oidLocality),
	}
	number, ok := strings.CutPrefix(get(oidSerialNumber), personPrefix)
	if !ok || number != string(s.PersonalNumber) || !digits(number, 14) {
		return Subject{}, fmt.Errorf("reading a subject: serialNumber and INN do not name one person")
	}
	if get(oidOrganisationID) != prefixed(organisationPrefix, string(s.INN)) || (s.INN != "" && !digits(string(s.INN), 14)) {
		return Subject{}, fmt.Errorf("reading a subject: organizationIdentifier and INNLE do not name one organisation")
	}
	return s, nil
}
