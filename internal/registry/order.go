package registry

import (
	"encoding/json"
	"slices"
	"time"
)

// Order is what a remote renewal order has beyond its application (DT-18).
type Order struct {
	ApplicationID ApplicationID
	// Content is what the signatures name by its SHA-256: an OrderContent as
	// its Bytes made it.
	Content       []byte
	ContentSHA256 string // hex
	// SignBy is the end of the certificate that ends first: the last instant
	// at which the last signature counts (DT-21, A-21).
	SignBy time.Time
	Ending OrderEnding
	// Signatories, head first.
	Signatories []OrderSignatory
}

// OrderSignatory is one who has to sign an order, and the certificate that is
// renewed for them.
type OrderSignatory struct {
	Role           SignatoryRole
	PersonalNumber PersonalNumber
	CertificateID  CertificateID
	Serial         Serial    // of that certificate
	NotAfter       time.Time // its end
	EnrolmentID    EnrolmentID
	SignedAt       *time.Time // nil: not yet
	// Live: no other order of the certificate may be open.
	Live bool
}

// Missing are the signatories who have not signed yet.
func (o *Order) Missing() []OrderSignatory {
	return slices.DeleteFunc(slices.Clone(o.Signatories), func(s OrderSignatory) bool { return s.SignedAt != nil })
}

// Of finds the signatory whose certificate is renewed, or nil.
func (o *Order) Of(id CertificateID) *OrderSignatory {
	for i := range o.Signatories {
		if o.Signatories[i].CertificateID == id {
			return &o.Signatories[i]
		}
	}
	return nil
}

// OrderSignature is the evidence of one signature.
type OrderSignature struct {
	ApplicationID ApplicationID
	Role          SignatoryRole
	CertificateID CertificateID
	Envelope      []byte // renewal-order/1
	Signature     []byte // CMS, DER
	CreatedAt     time.Time
}

// OrderEnding is why an order came to nothing; empty: it did not.
type OrderEnding string

const (
	// OrderWithdrawn by one of its signatories.
	OrderWithdrawn OrderEnding = "withdrawn"
	// OrderRefused by an approver; nothing was charged.
	OrderRefused OrderEnding = "refused"
	// OrderLapsed: it was not paid for in time.
	OrderLapsed OrderEnding = "lapsed"
	// OrderUnsigned: a certificate ended before everybody had signed (DT-21).
	OrderUnsigned OrderEnding = "unsigned"
	// OrderCancelled after its acceptance, by an approver.
	OrderCancelled OrderEnding = "cancelled"
)

// OrderEndings lists them.
var OrderEndings = [...]OrderEnding{OrderWithdrawn, OrderRefused, OrderLapsed, OrderUnsigned, OrderCancelled}

// OrderContent is what all signatories of an order sign, each in an envelope of
// their own.
type OrderContent struct {
	// Format is "renewal-order-content/1".
	Format string `json:"format"`
	// Declaration repeats the requisites that the client has confirmed.
	Declaration Declaration `json:"declaration"`
	// Renews are the certificates, head's first.
	Renews []OrderRenews `json:"renews"`
	// Fee in tyiyn at the prices of the day; that of the acceptance is taken
	// (DT-22).
	Fee Tyiyn `json:"fee_tyiyn"`
	// Pack is the hash of the rules it was judged by.
	Pack string `json:"pack_sha256"`
}

// OrderRenews is one certificate that an order renews.
type OrderRenews struct {
	Role     SignatoryRole `json:"role"`
	Serial   Serial        `json:"serial"`
	NotAfter time.Time     `json:"not_after"`
	SHA256   string        `json:"sha256"` // fingerprint of its DER, hex
}

// OrderFormat is the only format of an OrderContent there is.
const OrderFormat = "renewal-order-content/1"

// Bytes is the one encoding of the content: JSON with the fields in this
// order, no white space, instants in UTC.
func (c OrderContent) Bytes() ([]byte, error) {
	c.Format = OrderFormat
	for i := range c.Renews {
		c.Renews[i].NotAfter = c.Renews[i].NotAfter.UTC()
	}
	return json.Marshal(c)
}
