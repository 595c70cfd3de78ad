package ca

import (
	"encoding/asn1"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Subject is whom a certificate names. Text may be in any script and is
// written in NFC with single spaces.
type Subject struct {
	// Organisation and INN: both, or neither for a person who signs for
	// nobody. At most 64 characters (ub-organization-name).
	Organisation string
	INN          registry.INN
	// CommonName: what software shows first; at most 64 (ub-common-name).
	CommonName string
	Surname    string
	// GivenName with the patronymic, if there is one.
	GivenName string
	// Title is the position, may be empty; at most 64 (ub-title).
	Title          string
	PersonalNumber registry.PersonalNumber
	// Locality may be empty; at most 128 (ub-locality-name).
	Locality string
}

var (
	oidCommonName     = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSurname        = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidSerialNumber   = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidCountry        = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidLocality       = asn1.ObjectIdentifier{2, 5, 4, 7}
	oidOrganisation   = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidTitle          = asn1.ObjectIdentifier{2, 5, 4, 12}
	oidGivenName      = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidOrganisationID = asn1.ObjectIdentifier{2, 5, 4, 97}
	oidPersonINN      = asn1.ObjectIdentifier{1, 2, 643, 3, 131, 1, 1}
	oidOrganisationIN = asn1.ObjectIdentifier{1, 2, 643, 100, 4}
)

const (
	country = "KG"
	// Semantics identifiers of ETSI EN 319 412-1 §5.1.3 and §5.1.4.
	personPrefix       = "PNOKG-"
	organisationPrefix = "NTRKG-"
)

// attribute is one attribute of the subject, alone in its RDN.
type attribute struct {
	oid       asn1.ObjectIdentifier
	value     string
	field     string // form field that an error belongs to
	upper     int    // RFC 5280 appendix A.1, in characters
	printable bool   // PrintableString instead of UTF8String
}

// EncodeSubject makes the DER of the distinguished name (RDNSequence). Names
// are UTF8String; country, serialNumber and the two number attributes that
// Kyrgyz software reads are PrintableString (X.520; the latter two hold digits
// only, and INNs begin with 0, so nothing may treat them as numbers).
//
// Errors of the input are registry.Errors, on the field they belong to.
func EncodeSubject(s Subject) ([]byte, error) {
	if (s.Organisation == "") != (s.INN == "") {
		return nil, fmt.Errorf("encoding a subject: organisation and INN go together")
	}
	if s.INN != "" && !digits(string(s.INN), 14) {
		return nil, registry.Refuse(registry.Invalid, "error.inn.digits", "n", len(s.INN)).On("inn")
	}
	if !digits(string(s.PersonalNumber), 14) {
		return nil, registry.Refuse(registry.Invalid, "error.personal_number.digits").On("personal_number")
	}
	attributes := []attribute{
		{oidCountry, country, "country", 2, true},
		{oidOrganisation, s.Organisation, "organisation", 64, false},
		{oidOrganisationID, prefixed(organisationPrefix, string(s.INN)), "inn", 64, false},
		{oidCommonName, s.CommonName, "common_name", 64, false},
		{oidSurname, s.Surname, "surname", 64, false},
		{oidGivenName, s.GivenName, "given_name", 64, false},
		{oidTitle, s.Title, "title", 64, false},
		{oidSerialNumber, prefixed(personPrefix, string(s.PersonalNumber)), "personal_number", 64, true},
		{oidLocality, s.Locality, "locality", 128, false},
		{oidPersonINN, string(s.PersonalNumber), "personal_number", 64, true},
		{oidOrganisationIN, string(s.INN), "inn", 64, true},
	}
	var sequence []rdnSET
	for _, a := range attributes {
		v, err := a.text()
		if err != nil {
			return nil, err
		}
		switch {
		case v != "":
		case a.oid.Equal(oidCommonName), a.oid.Equal(oidSurname), a.oid.Equal(oidGivenName):
			return nil, registry.Refuse(registry.Invalid, "error.required").On(a.field)
		default:
			continue
		}
		value := asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(v)}
		if a.printable {
			value.Tag = asn1.TagPrintableString
		}
		sequence = append(sequence, rdnSET{{a.oid, value}})
	}
	der, err := asn1.Marshal(sequence)
	if err != nil {
		return nil, fmt.Errorf("encoding a subject: %w", err)
	}
	return der, nil
}

// rdnSET is encoded as a SET because its name ends so, which is how encoding/asn1
// tells the two apart.
type rdnSET []typeAndValue

type typeAndValue struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// text is the value as it is written: NFC, single spaces, no control, format
// or unassigned characters.
func (a attribute) text() (string, error) {
	if !utf8.ValidString(a.value) {
		return "", registry.Refuse(registry.Invalid, "error.ca.character").On(a.field)
	}
	v := strings.Join(strings.Fields(norm.NFC.String(a.value)), " ")
	for _, r := range v {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return "", registry.Refuse(registry.Invalid, "error.ca.character").On(a.field)
		}
	}
	if n := utf8.RuneCountInString(v); n > a.upper {
		return "", registry.Refuse(registry.Invalid, "error.ca.too_long", "n", n, "max", a.upper).On(a.field)
	}
	return v, nil
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
