package registry

import "time"

// DocumentForm is how a document is handed in (domain.md §8).
type DocumentForm string

const (
	FormCopy          DocumentForm = "COPY"
	FormCopyBothSides DocumentForm = "COPY_BOTH_SIDES"
	FormOriginal      DocumentForm = "ORIGINAL"
	// FormDevice is brought, not scanned.
	FormDevice DocumentForm = "DEVICE"
	// FormData is a field of the declaration, not a paper (DT-08).
	FormData DocumentForm = "DATA"
	// FormPackage is a composite (DT-15).
	FormPackage DocumentForm = "PACKAGE"
)

// Scanned says whether files are expected.
func (f DocumentForm) Scanned() bool { return f != FormDevice && f != FormData }

// Document is one required item of an application.
type Document struct {
	ID            DocumentID
	ApplicationID ApplicationID
	// ChecklistItem is what is asked and why, fixed when the item is added or
	// the answers change, so that a file reads the same after the pack has
	// changed.
	ChecklistItem
	Position int // order in the list
	// Required: the answers still ask for it; one that is not keeps its files
	// and stands in nobody's way.
	Required bool

	Status       DocumentStatus
	Reason       string // of the last rejection or the waiver
	OriginalSeen bool
	// Checked are the codes of the item's Checks that a clerk has confirmed.
	Checked []string
	// LinkedTo is a document of an earlier application that stands in;
	// 0: none.
	LinkedTo DocumentID
	// ValidUntil is the last day of a paper that has one, YYYY-MM-DD.
	ValidUntil string
	JudgedBy   OperatorID
	JudgedAt   *time.Time
	UpdatedAt  time.Time
	Version    int64
}

// File is one uploaded file of a document.
type File struct {
	ID         FileID
	DocumentID DocumentID
	Name       string // as the uploader named it, cleaned
	MediaType  string // by content: application/pdf, image/jpeg, image/png
	Size       int64  // bytes
	SHA256     string // of the plain content, hex
	Pages      int
	Width      int // pixels, images only
	Height     int
	BlobKey    string // where the vault keeps it
	KeyID      string // the key it is encrypted with
	UploadedBy OperatorID
	ByClient   bool
	UploadedAt time.Time
}
