package registry

import "time"

// BatchID is the row identity of a batch.
type BatchID int64

// Batch is the revocation of many certificates at once: chosen by one
// approver, signed by another, carried out in the background. The signature is
// over the JSON of a batch as it was proposed: fields keep names and order.
type Batch struct {
	ID           BatchID
	Number       string // "B-26-0002"
	Choice       BatchChoice
	Criteria     BatchCriteria
	Cause        string // a code of the pack's causes
	Code         int    // of RFC 5280 §5.3.1
	InvalidSince *time.Time
	Remark       string // why, in words
	Status       BatchStatus
	Total        int    // certificates to revoke
	ListSHA256   string // of their serials, one a line, hex
	ProposedBy   OperatorID
	ProposedAt   time.Time
	DecidedBy    OperatorID
	DecidedAt    *time.Time
	Serial       Serial // of the certificate that signed
	FinishedAt   *time.Time
	Version      int64
}

// BatchChoice says by what the certificates were chosen.
type BatchChoice string

const (
	ChosenByOrganisation BatchChoice = "organisation"
	ChosenByTokenModel   BatchChoice = "token_model"
	ChosenByKey          BatchChoice = "key"
	// ChosenByIncident is what was issued between two instants: everything, or
	// only what is kept in one place or was applied for at one office.
	ChosenByIncident BatchChoice = "ca_incident"
)

// BatchChoices lists them.
var BatchChoices = [...]BatchChoice{ChosenByOrganisation, ChosenByTokenModel, ChosenByKey, ChosenByIncident}

// BatchCriteria are the values chosen by; each choice uses its own.
type BatchCriteria struct {
	INN   INN        `json:"inn,omitempty"`
	Model string     `json:"model,omitempty"`
	Key   string     `json:"key,omitempty"` // SHA-256 of the SubjectPublicKeyInfo, hex
	From  *time.Time `json:"from,omitempty"`
	To    *time.Time `json:"to,omitempty"`
	// Storage and Office narrow what was issued between From and To; empty: any.
	Storage Storage    `json:"storage,omitempty"`
	Office  OfficeCode `json:"office,omitempty"`
}

// BatchStatus is where a batch stands.
type BatchStatus string

const (
	// BatchProposed: waits for another approver's signature; nothing has
	// changed.
	BatchProposed BatchStatus = "proposed"
	// BatchRunning: signed; the certificates are being revoked, one after
	// another.
	BatchRunning BatchStatus = "running"
	// BatchDone: every certificate is revoked or was skipped with a reason.
	// Final.
	BatchDone BatchStatus = "done"
	// BatchRejected: nothing was revoked. Final.
	BatchRejected BatchStatus = "rejected"
)

// BatchStatuses lists them.
var BatchStatuses = [...]BatchStatus{BatchProposed, BatchRunning, BatchDone, BatchRejected}

// BatchMoves is the table of moves, from → to.
var BatchMoves = map[BatchStatus][]BatchStatus{
	BatchProposed: {BatchRunning, BatchRejected},
	BatchRunning:  {BatchDone},
}

// BatchItem is one certificate of a batch.
type BatchItem struct {
	Position    int
	Certificate CertificateID
	Status      string // waiting, revoked, skipped
	Why         string // of one that was skipped: revoked, over
	DoneAt      *time.Time
}

// BatchCounts are how many certificates of a batch stand where.
type BatchCounts struct{ Waiting, Revoked, SkippedRevoked, SkippedOver int }

// All is how many certificates were chosen.
func (c BatchCounts) All() int { return c.Waiting + c.Revoked + c.SkippedRevoked + c.SkippedOver }
