package workflow

import (
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// letter names a kind of e-mail; its texts are the catalog keys
// "letter.<kind>.subject" and "letter.<kind>.body".
type letter string

const (
	letterDocumentsNeeded letter = "documents_needed"
	letterApproved        letter = "approved"
	letterRefused         letter = "refused"
	letterNotEnoughMoney  letter = "not_enough_money"
	letterOrderReceived   letter = "order_received"
	letterOrderToSign     letter = "order_to_sign"
	letterActivation      letter = "activation"
	letterIssued          letter = "issued"
	letterUnlock          letter = "unlock"
	letterPINChanged      letter = "pin_changed"
	letterStray           letter = "stray"
	letterCheckpoint      letter = "checkpoint"
	letterOrderAccepted   letter = "order_accepted"
	letterOrderRefused    letter = "order_refused"
	letterOrderLapsing    letter = "order_lapsing"
	letterOrderLapsed     letter = "order_lapsed"
	letterReminder        letter = "reminder"
	letterReminderOffice  letter = "reminder_office"
	letterSuspended       letter = "suspended"
	letterResumed         letter = "resumed"
	letterRevoked         letter = "revoked"
	letterRevocationDue   letter = "revocation_due"
	letterCARefused       letter = "ca_refused"
	letterBatchProposed   letter = "batch_proposed"
	letterHolderAttached  letter = "holder_attached"
	letterHolderDetached  letter = "holder_detached"
)

// Letter is what the outbox keeps of an e-mail: everything but the words.
type Letter struct {
	Kind     string            `json:"kind"`
	To       string            `json:"to"`
	Language registry.Language `json:"language"`
	Args     map[string]any    `json:"args,omitempty"`
	// Activation and Unlock name the row whose code the letter carries as
	// Args["code"]; it is made when the letter leaves.
	Activation int64 `json:"activation,omitempty"`
	Unlock     int64 `json:"unlock,omitempty"`
}

// notifyApplicant puts a letter to the organisation's address into the outbox.
func (f *Flow) notifyApplicant(c *change, kind letter) error {
	d := c.app.Declaration
	if d.Organisation.Email == "" {
		return nil
	}
	return f.post(c.tx, kind, d.Organisation.Email, d.Language, "", map[string]any{
		"number": c.app.Number, "org": d.Organisation.FullName(d.Language), "remark": c.app.Remark,
	})
}

// post puts a letter into the outbox; it leaves after the transaction. A
// letter with a unique key is written once.
func (f *Flow) post(tx *store.Tx, kind letter, to string, lang registry.Language, uniqueKey string, args map[string]any) error {
	return tx.AddOutboxes([]store.Outgoing{outgoing(kind, to, lang, uniqueKey, args)}, f.machine())
}

func outgoing(kind letter, to string, lang registry.Language, uniqueKey string, args map[string]any) store.Outgoing {
	return store.Outgoing{Kind: "mail", UniqueKey: uniqueKey, Payload: Letter{Kind: string(kind), To: to, Language: lang, Args: args}}
}
