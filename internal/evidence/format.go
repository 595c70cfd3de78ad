package evidence

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Format names this version of the format.
const Format = "tamga-evidence/1"

// Names of the files that every pack has.
const (
	ReadmeFile      = "README.txt"
	PackFile        = "pack.json"
	PaperFile       = "pack.pdf"
	RootFile        = "ca/root.cer"
	IssuerFile      = "ca/issuing.cer"
	CheckpointFile  = "journal/checkpoint.txt"
	ConsistencyFile = "journal/consistency.jsonl"
	ListsFile       = "journal/lists.jsonl"
	ManifestFile    = "manifest.json"
	SignatureFile   = "manifest.sig"
)

// Limits of a pack. A writer must keep them; a reader refuses what does not.
const (
	MaxCertificates = 500
	// MaxWithScans is MaxCertificates of a pack with scans, MaxScans their
	// bytes together.
	MaxWithScans = 50
	MaxScans     = 1 << 30

	maxFiles = 100_000
	maxTotal = 3 << 30   // bytes of all files
	maxPart  = 128 << 20 // bytes of a file that is read into memory
	maxLine  = 4 << 20   // bytes of a line of a .jsonl file
)

// Pack is pack.json: everything a machine needs to read the pack. Times are
// UTC. Names of files are those in the ZIP.
type Pack struct {
	Format   string    `json:"format"`
	Number   string    `json:"number"` // "E-26-0007"
	MadeAt   time.Time `json:"made_at"`
	MadeBy   Person    `json:"made_by"`
	Purpose  string    `json:"purpose"`
	Query    string    `json:"query,omitempty"` // the search that chose the certificates
	Language string    `json:"language"`        // of pack.pdf and README.txt
	// Authority names the CA by its pack of rules; Address is where its pages
	// are.
	Authority string  `json:"authority"`
	Address   string  `json:"address"`
	Policies  Policy  `json:"policies"`
	Journal   Journal `json:"journal"`
	// WithScans: scans were asked for.
	WithScans    bool          `json:"with_scans"`
	Certificates []Certificate `json:"certificates"`
	// Signers are the people whose signatures are in the pack, with what
	// happened to their certificates.
	Signers []Signer `json:"signers"`
	// Lists are the CRLs that Changes name.
	Lists []List `json:"lists"`
}

// Person is an operator.
type Person struct {
	ID   registry.OperatorID `json:"operator"`
	Name string              `json:"name"`
}

// Policy holds the OIDs of the certificates' policies.
type Policy struct {
	Holder   string `json:"holder"`
	Operator string `json:"operator"`
}

// Journal describes the journal that the pack was taken from.
type Journal struct {
	// Keys are the verifier keys that have signed it, the present one last.
	Keys []string `json:"keys"`
	// Size is the number of leaves that CheckpointFile covers; 0: there is no
	// checkpoint.
	Size int64 `json:"size"`
	// Placed is how many of them the database has a row for, Readable how many
	// of those an entry. Anything less than Size is damage.
	Placed   int64 `json:"placed"`
	Readable int64 `json:"readable"`
}

// Certificate is the life of one certificate.
type Certificate struct {
	Serial         registry.Serial             `json:"serial"`
	File           string                      `json:"file"` // DER
	SHA256         string                      `json:"sha256"`
	Profile        registry.CertificateProfile `json:"profile"`
	Holder         string                      `json:"holder"`
	PersonalNumber registry.PersonalNumber     `json:"personal_number"`
	Role           registry.SignatoryRole      `json:"role,omitempty"`
	Organisation   *Organisation               `json:"organisation,omitempty"`
	Storage        registry.Storage            `json:"storage"`
	NotBefore      time.Time                   `json:"not_before"`
	NotAfter       time.Time                   `json:"not_after"`
	IssuedAt       time.Time                   `json:"issued_at"`
	Enrolment      registry.EnrolmentID        `json:"enrolment,omitempty"`

	// Status is the one when the pack was made.
	Status       registry.CertificateStatus `json:"status"`
	Reason       int                        `json:"reason"` // RFC 5280 §5.3.1
	StatusAt     *time.Time                 `json:"status_at,omitempty"`
	InvalidSince *time.Time                 `json:"invalid_since,omitempty"`

	Application *Application `json:"application,omitempty"`
	Changes     []Change     `json:"changes"`
	Reports     []Report     `json:"reports"`
	Signatures  []Signature  `json:"signatures"`
	Scans       []Scan       `json:"scans"`
	// Journal is the file with the entries about the certificate, its
	// enrolment, application, reports and batch.
	Journal string `json:"journal"`
}

// Organisation is whose certificate it is.
type Organisation struct {
	Name string       `json:"name"`
	INN  registry.INN `json:"inn"`
}

// Application is what the certificate was issued for.
type Application struct {
	ID        registry.ApplicationID     `json:"id"`
	Number    string                     `json:"number"`
	Operation registry.Operation         `json:"operation"`
	Channel   registry.Channel           `json:"channel"`
	Office    string                     `json:"office,omitempty"`
	Status    registry.ApplicationStatus `json:"status"`
	CreatedAt time.Time                  `json:"created_at"`
	// Predecessor is the certificate that this one replaces.
	Predecessor registry.Serial `json:"predecessor,omitempty"`
}

// Change is one change of a certificate's status and when the world could know.
type Change struct {
	ID     int64                      `json:"id"`
	Status registry.CertificateStatus `json:"status"`
	Reason int                        `json:"reason"`
	At     time.Time                  `json:"at"`
	// Answer is the first OCSP answer that told it, signed at AnsweredAt.
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	Answer     string     `json:"answer,omitempty"` // file, DER
	// List is the number of the first CRL that told it; 0: none yet.
	List int64 `json:"list,omitempty"`
}

// List is a CRL.
type List struct {
	Number     int64     `json:"number"`
	ThisUpdate time.Time `json:"this_update"`
	MadeAt     time.Time `json:"made_at"`
	SHA256     string    `json:"sha256"`
	// File is the list, where its bytes are still kept.
	File string `json:"file,omitempty"`
}

// Report is somebody's word that the certificate must not be used any more.
type Report struct {
	ID         registry.ReportID         `json:"id"`
	Number     string                    `json:"number"`
	Status     registry.ReportStatus     `json:"status"`
	Way        registry.ReportWay        `json:"way"`
	Cause      string                    `json:"cause"`
	Code       int                       `json:"code"` // RFC 5280 §5.3.1
	Reporter   string                    `json:"reporter"`
	Identified []registry.Identification `json:"identified"`
	Note       string                    `json:"note,omitempty"`
	// InvalidSince is since when the key is suspected, if that is known.
	InvalidSince *time.Time `json:"invalid_since,omitempty"`
	ReportedAt   time.Time  `json:"reported_at"`
	DueAt        time.Time  `json:"due_at"`
	CreatedAt    time.Time  `json:"created_at"`
	SuspendedAt  *time.Time `json:"suspended_at,omitempty"`
	ConcludedAt  *time.Time `json:"concluded_at,omitempty"`
	Remark       string     `json:"remark,omitempty"`
}

// SignatureKind says what was signed.
type SignatureKind string

const (
	// OnApplication is an approver's decision on the application.
	OnApplication SignatureKind = "decision"
	// OnReport is a decision on a report of revocation, an approver's or the
	// holder's own.
	OnReport SignatureKind = "revocation"
	// OnBatch is an approver's decision to revoke many certificates at once;
	// Content is what was proposed, List the serial numbers, one a line.
	OnBatch SignatureKind = "batch"
	// OnOrder is a holder's remote order; Content is what was ordered.
	OnOrder SignatureKind = "order"
	// OnReceipt is the holder's receipt, signed with the new key.
	OnReceipt SignatureKind = "receipt"
)

// Signature is something signed: Envelope are the bytes, CMS the signature
// (RFC 5652, DER) over them with the signer's certificate in it.
type Signature struct {
	Kind     SignatureKind   `json:"kind"`
	Subject  string          `json:"subject"` // as the envelope names it
	Action   string          `json:"action"`
	At       time.Time       `json:"at"` // when the server accepted it
	Signer   registry.Serial `json:"signer"`
	Envelope string          `json:"envelope"`
	CMS      string          `json:"cms"`
	Content  string          `json:"content,omitempty"`
	List     string          `json:"list,omitempty"`
}

// Signer is who signed, with the changes of the certificate's status.
type Signer struct {
	Serial  registry.Serial `json:"serial"`
	Name    string          `json:"name"`
	File    string          `json:"file"` // DER
	Changes []Change        `json:"changes"`
}

// Scan is a paper that was handed in. File is empty where scans were not asked
// for; Missing says that it was asked for and could not be opened.
type Scan struct {
	ID         registry.FileID `json:"id"`
	Document   string          `json:"document"` // code of the checklist
	Subject    string          `json:"subject"`  // whose paper it is
	Name       string          `json:"name"`
	MediaType  string          `json:"media_type"`
	Size       int64           `json:"size"`
	SHA256     string          `json:"sha256"`
	UploadedAt time.Time       `json:"uploaded_at"`
	File       string          `json:"file,omitempty"`
	Missing    bool            `json:"missing,omitempty"`
}

// Manifest is manifest.json. Files are all the others but SignatureFile.
type Manifest struct {
	Format string    `json:"format"`
	Number string    `json:"number"`
	MadeAt time.Time `json:"made_at"`
	Files  []File    `json:"files"`
}

// File is one file of a pack.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Mark is what the PDF's document properties (keywords) say, so that paper and
// pack.json belong together outside the ZIP too.
func Mark(number, packSHA256 string) string { return Format + " " + number + " " + packSHA256 }
