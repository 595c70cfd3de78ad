package handlers

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// enrolmentItem is the making of one certificate as pages show it.
type enrolmentItem struct {
	*registry.Enrolment
	Name, Role  string
	Email       string // declared, or confirmed
	Language    registry.Language
	Cloud       bool
	State       templates.State
	Why         string // a sentence: what it waits for, or why it failed
	Moving      bool   // the program goes on by itself
	Activation  *activationItem
	TokenKey    *registry.TokenKey
	Certificate *registry.Certificate
	// What this person may do.
	MayStart, MayConfirm, MayRetry, MayCancel, MayUnlock, MayDesk, MayEndIssued, MayPaper bool
}

// activationItem is a pair of codes that was begun.
type activationItem struct {
	*store.Activation
	By      string
	Expired bool
}

// enrolmentItemOf reads what belongs to an enrolment.
func (s *Server) enrolmentItemOf(c echo.Context, tx *store.Tx, e *registry.Enrolment) (*enrolmentItem, error) {
	it := &enrolmentItem{Enrolment: e, Cloud: true}
	l := lang(c)
	if err := s.enrolmentHolder(c, tx, it, l); err != nil {
		return nil, err
	}
	names, err := operatorNames(tx, l)
	if err != nil {
		return nil, err
	}
	a, err := tx.LiveActivation(e.ID)
	if err != nil {
		return nil, err
	}
	if a != nil {
		it.Activation = &activationItem{a, names[a.RequestedBy], !s.deps.Now().Before(a.ExpiresAt)}
		it.Email = a.Email
	}
	it.Certificate, err = tx.CertificateOfEnrolment(e.ID)
	if err != nil && registry.KindOf(err) != registry.NotFound {
		return nil, err
	}
	if it.TokenKey, err = tx.TokenKeyOfEnrolment(e.ID); err != nil {
		return nil, err
	}
	if it.OperatorID != 0 && it.TokenKey != nil && it.TokenKey.Status != registry.KeyBegun {
		it.Cloud = false
	}
	s.enrolmentState(c, it)
	s.enrolmentMoves(c, it)
	return it, nil
}

func (s *Server) enrolmentHolder(c echo.Context, tx *store.Tx, it *enrolmentItem, l registry.Language) error {
	if it.OperatorID != 0 {
		o, err := tx.Operator(it.OperatorID)
		if err != nil {
			return err
		}
		it.Name, it.Role, it.Email, it.Language = o.Person.Name(l).String(), s.text(c, "role."+string(o.Role)), o.Email, o.Language
		return nil
	}
	sig, err := tx.Signatory(it.SignatoryID)
	if err != nil {
		return err
	}
	app, err := tx.Application(it.ApplicationID)
	if err != nil {
		return err
	}
	it.Name, it.Role, it.Email = sig.Person.Name(l).String(), s.text(c, "signatory."+string(sig.Role)), sig.Person.Email
	if it.Email == "" {
		it.Email = app.Declaration.Organisation.Email
	}
	it.Language, it.Cloud = app.Declaration.Language, app.Declaration.Storage == registry.ECloud
	return nil
}

var enrolmentShapes = map[registry.EnrolmentStatus]string{
	registry.AwaitingKey: "wait", registry.KeyMade: "half", registry.Issuing: "half", registry.Issued: "full",
	registry.HandedOver: "good", registry.Failed: "stop", registry.Cancelled: "none",
}

// enrolmentState puts the state into a shape, a word and a sentence.
func (s *Server) enrolmentState(c echo.Context, it *enrolmentItem) {
	it.State = templates.State{Class: enrolmentShapes[it.Status], Word: s.text(c, "status.enrolment."+string(it.Status))}
	it.Moving = it.Status == registry.KeyMade || it.Status == registry.Issuing
	if it.Status == registry.KeyMade && it.NextAttemptAt == nil {
		// Made with an order that is not accepted yet.
		it.Moving, it.Why = false, s.text(c, "enrol.why_order")
		return
	}
	switch {
	case it.Failure != "":
		it.Why = s.sentence(c, &registry.Error{Key: it.Failure})
	case it.Moving && s.caDown():
		it.Why = s.text(c, "error.ca.unavailable")
	case it.Status == registry.AwaitingKey && it.Activation == nil && it.Cloud:
		it.Why = s.text(c, "enrol.why_start")
	case it.Status == registry.AwaitingKey && it.Activation != nil && it.Activation.Expired:
		it.Why = s.text(c, "error.ecloud.code_expired")
	case it.Status == registry.AwaitingKey && it.Activation != nil && it.Activation.ConfirmedAt == nil:
		it.Why = s.text(c, "enrol.why_confirm", "email", it.Activation.Email)
	case it.Status == registry.AwaitingKey && it.Activation != nil:
		it.Why = s.text(c, "enrol.why_holder", "email", it.Activation.Email)
	case it.Status == registry.AwaitingKey && !it.Cloud:
		it.Why = s.text(c, "token.desk.why_key")
	case it.Status == registry.Issued && !it.Cloud:
		it.Why = s.text(c, "token.desk.why_write")
	case it.Status == registry.Issued:
		it.Why = s.text(c, "enrol.why_login")
	}
}

// caDown says that this program last heard nothing of the CA.
func (s *Server) caDown() bool {
	if s.deps.Workflow == nil {
		return false
	}
	_, err := s.deps.Workflow.CAHealth()
	return err != nil
}

// enrolmentMoves says what this person may do now; the transition asks again.
func (s *Server) enrolmentMoves(c echo.Context, it *enrolmentItem) {
	id := identity(c)
	if id == nil {
		return
	}
	starter, decider := registry.Clerk, registry.Approver
	if it.OperatorID != 0 {
		starter, decider = registry.Administrator, registry.Administrator
	}
	waits := it.Status == registry.AwaitingKey
	it.MayStart = it.Cloud && waits && id.Role == starter
	it.MayConfirm = waits && it.Activation != nil && it.Activation.ConfirmedAt == nil && !it.Activation.Expired &&
		(id.Role == starter || id.Role == decider) && it.Activation.RequestedBy != id.OperatorID
	it.MayRetry = id.Role == decider && it.Status == registry.Failed
	it.MayCancel = id.Role == decider && (it.Status != registry.KeyMade || it.NextAttemptAt != nil) && registry.MoveEnrolment(it.Status, registry.Cancelled) == nil
	it.MayDesk = id.Role == starter && it.Status != registry.Cancelled && (!it.Cloud || it.OperatorID != 0 && waits)
	if it.Status == registry.Issued && it.Certificate != nil && it.Certificate.ValidityAt(s.deps.Now()) != registry.Expired {
		it.MayEndIssued, it.MayCancel = it.MayCancel, false
	}
	it.MayPaper = it.Cloud && id.Role == starter && (it.Status == registry.Issued || it.Status == registry.HandedOver) &&
		it.Certificate != nil && it.Certificate.Status != registry.CertRevoked && it.Certificate.ValidityAt(s.deps.Now()) != registry.Expired
	it.MayUnlock = it.Cloud && it.Certificate != nil && (it.OperatorID == 0 && id.Role == registry.Clerk || it.OperatorID != 0 && id.Role == registry.Administrator)
}

// enrolmentSeen refuses those whom an enrolment does not concern:
// administrators have no applications, and only they and auditors have
// operators.
func enrolmentSeen(c echo.Context, e *registry.Enrolment) error {
	role := identity(c).Role
	if role == registry.Auditor || (e.OperatorID != 0) == (role == registry.Administrator) {
		return nil
	}
	return registry.Refuse(registry.Forbidden, "error.forbidden")
}

// enrolmentPanel is an application's enrolments, as its page shows them.
type enrolmentPanel struct {
	Items  []*enrolmentItem
	Poll   string // where it can be had again
	Moving bool
	CADown bool
}

// enrolmentPanelOf is the panel of an application, nil before its approval.
func (s *Server) enrolmentPanelOf(c echo.Context, tx *store.Tx, app *registry.Application) (*enrolmentPanel, error) {
	list, err := tx.Enrolments(app.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	p := &enrolmentPanel{Poll: "/applications/" + app.Number + "/enrolments"}
	for _, e := range list {
		it, err := s.enrolmentItemOf(c, tx, e)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, it)
		p.Moving = p.Moving || it.Moving
	}
	p.CADown = p.Moving && s.caDown()
	return p, nil
}

// refusalOf finds the refusal in an error, nil if it is something else.
func refusalOf(err error) *registry.Error {
	var e *registry.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// bishkekTime is an instant as papers write it.
func bishkekTime(t time.Time) string { return templates.DateTime(t) }
