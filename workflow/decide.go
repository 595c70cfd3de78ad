package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// DecisionInput is what an approver wants to do with an application.
type DecisionInput struct {
	ID      registry.ApplicationID
	Version int64 // the one the approver saw
	Action  registry.Action
	// Remark is for the clerk (send back) or the applicant (refuse).
	Remark string
	// Reasons of a refusal, per document; the applicant reads them.
	Reasons map[registry.DocumentID]string
	// Text is what the approver reads before signing, in their language.
	Text string
	// Origin of the page, and the browser session that the question is bound
	// to.
	Origin  string
	Session string
}

// clean brings the remark and the reasons to what is stored of them.
func (in *DecisionInput) clean() (err error) {
	if in.Remark, err = someRemark(in.Remark, "remark"); err != nil {
		return err
	}
	reasons := map[registry.DocumentID]string{}
	for id, typed := range in.Reasons {
		reason, err := someRemark(typed, fmt.Sprintf("reason-%d", id))
		if err != nil {
			return err
		}
		if reason != "" {
			reasons[id] = reason
		}
	}
	in.Reasons = reasons
	return nil
}

// Question is what has to be signed.
type Question struct {
	Challenge string // posted back with the signature
	Expected  []byte // the envelope's exact bytes
}

// AskDecision prepares a decision for its signature. What would refuse the
// decision refuses it here already, so that nobody signs in vain; Decide
// looks again.
func (f *Flow) AskDecision(ctx context.Context, who Actor, in DecisionInput) (*Question, error) {
	q := new(Question)
	if err := in.clean(); err != nil {
		return nil, err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		app, err := tx.Application(in.ID)
		if err != nil {
			return err
		}
		if app.Version != in.Version {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		d, err := f.mayDecide(tx, who, app, in)
		if err != nil {
			return err
		}
		q.Challenge, q.Expected, err = f.ask(tx, token.Envelope{
			Type: token.Decision, Origin: in.Origin, Subject: "application/" + app.Number, Version: app.Version,
			Hash: d.basis, Action: string(in.Action), Time: f.now(), Text: in.Text,
		}, in.Session)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("preparing a decision on application %d: %w", in.ID, f.holdUnpaid(ctx, who, in.ID, err))
	}
	return q, nil
}

// Decide carries out a signed decision, by an approver: verified → approved
// (the fee leaves the balance in the same transaction, DT-22), → refused, or
// → in review (sent back). The signature must be the approver's own, over the
// question asked, and nothing that was decided on may have changed since.
func (f *Flow) Decide(ctx context.Context, who Actor, in DecisionInput, challenge string, cms []byte) error {
	expected, cert, err := f.takeDecision(ctx, who, challenge, in.Session, cms)
	if err != nil {
		return err
	}
	if err := in.clean(); err != nil {
		return err
	}
	err = f.changeApplication(ctx, who, in.ID, in.Version, in.Action, func(c *change) error {
		// The guard judges the file as it was before the move.
		before := *c.app
		before.Status = c.from
		d, err := f.mayDecide(c.tx, who, &before, in)
		if err != nil {
			return err
		}
		if !signedFor(expected, d.basis, in.Action) {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if err := c.tx.AddDecision(registry.Decision{
			ApplicationID: c.app.ID, Action: in.Action, OperatorID: who.Operator.ID,
			Envelope: expected, Signature: cms, Serial: cert.Serial, CreatedAt: c.now,
		}); err != nil {
			return err
		}
		c.app.DecidedAt = &c.now
		c.details["certificate"] = cert.Serial
		c.details["envelope_sha256"] = fmt.Sprintf("%x", sha256.Sum256(expected))
		switch in.Action {
		case registry.ActApprove:
			return f.approve(c, d.quote)
		case registry.ActRefuse:
			return f.refuse(c, in)
		default:
			return f.sendBack(c, in)
		}
	})
	return f.holdUnpaid(ctx, who, in.ID, err)
}

// signedFor says whether the signed envelope names this basis and action.
func signedFor(expected []byte, basis [sha256.Size]byte, act registry.Action) bool {
	var e struct {
		SHA256 string `json:"sha256"`
		Action string `json:"action"`
	}
	return json.Unmarshal(expected, &e) == nil && e.SHA256 == fmt.Sprintf("%x", basis) && e.Action == string(act)
}

// decidable is what a guard found to decide on.
type decidable struct {
	basis [sha256.Size]byte // the hash of everything that is decided on
	quote registry.Quote
}

// mayDecide is the guard of a decision. Where it allows an approval, the
// account is locked and holds the fee until the transaction ends.
func (f *Flow) mayDecide(tx *store.Tx, who Actor, app *registry.Application, in DecisionInput) (d decidable, err error) {
	switch in.Action {
	case registry.ActApprove, registry.ActRefuse, registry.ActSendBack:
	default:
		return d, registry.Refuse(registry.Invalid, "error.decision.action")
	}
	if _, err := app.Move(in.Action, who.as()); err != nil {
		return d, err
	}
	docs, files, err := tx.DocumentStates(app.ID)
	if err != nil {
		return d, err
	}
	if d.quote, err = f.Quote(tx, app, f.now()); err != nil {
		return d, err
	}
	if in.Action == registry.ActApprove {
		// The account is locked before it is asked whose money is on it.
		balance, err := tx.LockBalance(app.OrganisationID, f.now())
		if err != nil {
			return d, err
		}
		if err := f.approvable(tx, who, app, docs); err != nil {
			return d, err
		}
		if err := affordable(balance, d.quote); err != nil {
			return d, err
		}
	}
	if in.Action != registry.ActApprove && in.Remark == "" && len(in.Reasons) == 0 {
		return d, registry.Refuse(registry.Invalid, "error.reason.required").On("remark")
	}
	linked, err := linkedFiles(tx, docs)
	if err != nil {
		return d, err
	}
	d.basis, err = basis(app, docs, files, linked, d.quote, in)
	return d, err
}

// linkedFiles are the SHA-256 of the files of those papers on file that stand
// in, by the document they stand in for.
func linkedFiles(tx *store.Tx, docs []*registry.Document) (map[registry.DocumentID][]string, error) {
	out := map[registry.DocumentID][]string{}
	for _, d := range docs {
		if d.LinkedTo == 0 {
			continue
		}
		files, err := tx.FilesOfDocument(d.LinkedTo)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			out[d.ID] = append(out[d.ID], f.SHA256)
		}
	}
	return out, nil
}

// basis hashes what is decided on: SHA-256 of the JSON of the application's
// number, version and declaration, its documents with their states and the
// hashes of their files and of those that stand in, the fee, the action and its
// reasons.
func basis(app *registry.Application, docs []*registry.Document, files, linked map[registry.DocumentID][]string, quote registry.Quote, in DecisionInput) (sum [sha256.Size]byte, err error) {
	type doc struct {
		Code, Subject, Status, Reason string
		OriginalSeen, Required        bool
		LinkedTo                      registry.DocumentID
		Files                         []string
		Linked                        []string `json:",omitempty"`
	}
	type reason struct {
		Document registry.DocumentID
		Reason   string
	}
	content := struct {
		Number      string
		Version     int64
		Declaration registry.Declaration
		Documents   []doc
		Fee         registry.Tyiyn
		Action      registry.Action
		Remark      string
		Reasons     []reason
	}{Number: app.Number, Version: app.Version, Declaration: app.Declaration, Fee: quote.Total, Action: in.Action, Remark: in.Remark}
	for _, d := range docs {
		content.Documents = append(content.Documents, doc{
			Code: d.Code, Subject: string(d.Subject), Status: string(d.Status), Reason: d.Reason, OriginalSeen: d.OriginalSeen, Required: d.Required,
			LinkedTo: d.LinkedTo, Files: files[d.ID], Linked: linked[d.ID],
		})
		if r, ok := in.Reasons[d.ID]; ok {
			content.Reasons = append(content.Reasons, reason{d.ID, r})
		}
	}
	b, err := json.Marshal(content)
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(b), nil
}

// approvable refuses what stands against an approval besides money.
func (f *Flow) approvable(tx *store.Tx, who Actor, app *registry.Application, docs []*registry.Document) error {
	if err := f.fourEyes(tx, who, app); err != nil {
		return err
	}
	if open := openDocuments(docs); len(open) > 0 {
		return registry.Refuse(registry.Conflict, "error.application.documents_open", "n", len(open))
	}
	return f.orderStands(tx, app)
}

func affordable(balance registry.Tyiyn, quote registry.Quote) error {
	if missing := registry.ChargeOf(balance, quote.Total).Missing; missing > 0 {
		return registry.Refuse(registry.Conflict, "error.balance.insufficient", "sum", missing)
	}
	return nil
}

// MayApprove says why an operator may not approve a verified file with these
// documents, this balance and fee. nil: they may, as far as is known without a
// lock on the account. A remote order whose client was not told yet that money
// is missing may be tried: the refusal tells them.
func (f *Flow) MayApprove(tx *store.Tx, who Actor, app *registry.Application, docs []*registry.Document, balance registry.Tyiyn, quote registry.Quote) error {
	if err := f.approvable(tx, who, app, docs); err != nil {
		return err
	}
	if app.Declaration.Channel == registry.Remote {
		if hold, err := tx.OrderHold(app.ID); err != nil || hold == nil {
			return err
		}
	}
	return affordable(balance, quote)
}

// fourEyes says why an operator may not approve a file: they created, edited,
// accepted, waived or topped up for it, or are one of its signatories. nil:
// they may.
func (f *Flow) fourEyes(tx *store.Tx, who Actor, app *registry.Application) error {
	me := who.Operator.Person.PersonalNumber
	hand, money, err := tx.Involved(app, me)
	if err != nil {
		return err
	}
	if hand {
		return registry.Refuse(registry.Forbidden, "error.four_eyes")
	}
	if money {
		return registry.Refuse(registry.Forbidden, "error.decision.four_eyes_money")
	}
	for _, s := range app.Declaration.Signatories() {
		if s.Person.PersonalNumber == me {
			return registry.Refuse(registry.Forbidden, "error.decision.own_file")
		}
	}
	if t := app.Declaration.Trusted; t != nil && t.PersonalNumber == me {
		return registry.Refuse(registry.Forbidden, "error.decision.own_file")
	}
	return nil
}

// approve takes the fee, brings what is on file of the organisation and its
// people up to date, and opens an enrolment for each signatory. The guard saw
// that the account holds the quoted fee, and locked it.
func (f *Flow) approve(c *change, quote registry.Quote) error {
	if _, err := c.tx.SaveOrganisation(c.app.Declaration.Organisation, c.now); err != nil {
		return err
	}
	var people []registry.PersonRequisites
	for _, s := range c.app.Declaration.Signatories() {
		people = append(people, s.Person)
	}
	if err := c.tx.SavePersons(c.now, people...); err != nil {
		return err
	}
	if quote.Total > 0 {
		if _, err := c.tx.AddAccountEntry(registry.Entry{
			OrganisationID: c.app.OrganisationID, Kind: registry.EntryCharge, Amount: -quote.Total,
			ApplicationID: c.app.ID, CreatedBy: c.who.Operator.ID, CreatedAt: c.now,
		}); err != nil {
			return err
		}
	}
	c.app.Fee = quote.Total
	c.app.Remark = ""
	c.details["fee_tyiyn"] = quote.Total
	fees := map[registry.SignatoryRole]registry.Tyiyn{}
	for _, l := range quote.Lines {
		fees[l.Role] = l.Amount
	}
	if err := f.openEnrolments(c, fees); err != nil {
		return err
	}
	if c.app.Declaration.Channel == registry.Remote {
		return f.acceptedOrder(c, quote)
	}
	return f.notifyApplicant(c, letterApproved)
}

// refuse ends the file; the reasons stand with their documents, where the
// applicant reads them.
func (f *Flow) refuse(c *change, in DecisionInput) error {
	docs, err := c.tx.Documents(c.app.ID)
	if err != nil {
		return err
	}
	for _, d := range docs {
		reason := in.Reasons[d.ID]
		if reason == "" {
			continue
		}
		d.Status, d.Reason, d.JudgedBy, d.JudgedAt = registry.DocRejected, reason, c.who.Operator.ID, &c.now
		if err := c.tx.JudgeDocument(d, c.now); err != nil {
			return err
		}
	}
	if err := f.endOrder(c, registry.OrderRefused); err != nil {
		return err
	}
	c.app.Remark = in.Remark
	c.app.CompletedAt = &c.now
	c.app.DueAt, c.app.PausedAt = nil, nil
	if c.app.Declaration.Channel == registry.Remote {
		return f.notifyApplicant(c, letterOrderRefused)
	}
	return f.notifyApplicant(c, letterRefused)
}

// sendBack returns the file to the clerk with a remark.
func (f *Flow) sendBack(c *change, in DecisionInput) error {
	c.app.Remark = in.Remark
	c.app.VerifiedAt = nil
	c.app.DecidedAt = nil
	f.runClock(c.app, c.now)
	return f.backInTurn(c)
}
