package registry

import "time"

// EntryKind is the kind of a movement on an account.
type EntryKind string

const (
	// EntryTopUp is money received; its payment reference is unique.
	EntryTopUp EntryKind = "top_up"
	// EntryCharge is the fee of an application, once each.
	EntryCharge EntryKind = "charge"
	// EntryReversal gives (a part of) a fee back.
	EntryReversal EntryKind = "reversal"
	// EntryCorrection undoes a mistaken top-up.
	EntryCorrection EntryKind = "correction"
)

// Entry is one movement on an organisation's account; entries are only ever
// added.
type Entry struct {
	ID             EntryID
	OrganisationID OrganisationID
	Kind           EntryKind
	Amount         Tyiyn // signed: positive adds to the balance
	Balance        Tyiyn // after this entry
	Reference      string
	PaidOn         string // YYYY-MM-DD, top-ups
	Way            PaymentWay
	ApplicationID  ApplicationID
	EnrolmentID    EnrolmentID
	Corrects       EntryID
	Note           string
	CreatedBy      OperatorID
	ConfirmedBy    OperatorID
	TopUpID        int64 // what credited the account, top-ups
	CreatedAt      time.Time
}

// PaymentWay is how money came in (glossary G12).
type PaymentWay string

const (
	BankTransfer PaymentWay = "bank"
	CashDesk     PaymentWay = "cash"
	Terminal     PaymentWay = "terminal"
)

// TopUpStatus is where a payment stands. While it is pending or confirmed
// nobody can enter its reference again.
type TopUpStatus string

const (
	TopUpPending   TopUpStatus = "pending"
	TopUpConfirmed TopUpStatus = "confirmed"
	TopUpRejected  TopUpStatus = "rejected"
	TopUpCorrected TopUpStatus = "corrected" // undone by a counter-entry
)

// TopUp is a payment as entered; it reaches the account at once, or, above
// the pack's threshold, when a second person confirms it.
type TopUp struct {
	ID             int64
	OrganisationID OrganisationID
	Amount         Tyiyn
	Reference      string
	PaidOn         string
	Way            PaymentWay
	Status         TopUpStatus
	CreatedBy      OperatorID
	CreatedAt      time.Time
	DecidedBy      OperatorID
	DecidedAt      *time.Time
}

// Decision is an approver's, with the text that was signed and its signature.
type Decision struct {
	ID            int64
	ApplicationID ApplicationID
	Action        Action
	OperatorID    OperatorID
	Envelope      []byte // decision/1, the signed bytes
	Signature     []byte // CMS, DER
	Serial        Serial // of the approver's certificate
	CreatedAt     time.Time
}
