package registry

// Row identities. They are never shown to people, who see application
// numbers, INNs and certificate serials.
type (
	OrganisationID int64
	PersonID       int64
	OperatorID     int64
	ApplicationID  int64
	SignatoryID    int64
	DocumentID     int64
	FileID         int64
	EnrolmentID    int64
	CertificateID  int64
	EntryID        int64
)

// Serial is a certificate's serial number in lower-case hexadecimal, without
// leading zeros (RFC 5280 §4.1.2.2: positive, at most 20 octets).
type Serial string

// OfficeCode names an office of the authority in its pack, e.g. "BISHKEK".
type OfficeCode string

// RuleID names a rule of the domain, e.g. "DT-07" or "UB-14".
type RuleID string

// Language of the interface and of letters: ISO 639-1.
type Language string

const (
	Kyrgyz  Language = "ky"
	Russian Language = "ru"
	English Language = "en"
)

// Languages lists the interface's languages, the default first.
var Languages = [...]Language{Kyrgyz, Russian, English}
