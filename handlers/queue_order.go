package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// queueOrderPage is one remote order as the authority works on it.
type queueOrderPage struct {
	templates.Page
	Queue   string // its name
	App     *registry.Application
	Order   *registry.Order
	State   templates.State
	Org     string
	Who     string
	Mine    bool
	Rows    []decisionRow
	Changed int
	Proofs  []queueProof
	Sound   bool // every signature holds
	Notes   []queueNote
	Olds    []oldCertificate // that are renewed, where something happened to them
	Quote   registry.Quote
	Charge  registry.Charge
	Balance registry.Tyiyn
	Hold    *registry.OrderHold
	// Whole is the time to prepare it in; Today is where now stands on its line,
	// in per cent.
	Whole  string
	Today  string
	May    map[string]bool
	Clerks []formOption
	Decide string
	Errors templates.FieldErrors
}

// queueProof is one signature and what verifying it again came to.
type queueProof struct {
	Name, Role  string
	Certificate certificateView
	SignedAt    time.Time
	Text        string
	State       templates.State
	Fault       string
}

// queueNote is something that the register knows and a clerk should not
// overlook.
type queueNote struct {
	Warn bool
	Text string
	Path string
}

// queueOrder shows one order: what is on file beside what is declared, the
// signatures verified again, what the register knows, the money.
func (s *Server) queueOrder(c echo.Context) error {
	v, err := s.queueOrderPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "queue_order", v)
}

func (s *Server) queueOrderPage(c echo.Context) (*queueOrderPage, error) {
	v := &queueOrderPage{Errors: templates.FieldErrors{}, May: map[string]bool{}}
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	err = s.read(c, func(tx *store.Tx) error {
		if v.App, err = tx.ApplicationByNumber(c.Param("number")); err != nil {
			return err
		}
		if v.Order, err = tx.Order(v.App.ID); err != nil {
			return err
		}
		operators, err := tx.Operators()
		if err != nil {
			return err
		}
		v.Clerks = clerkOptions(operators, lang(c))
		names := namesOf(operators, lang(c))
		v.Who, v.Mine = names[v.App.Assignee], v.App.Assignee != 0 && v.App.Assignee == identity(c).OperatorID
		if err := s.queueFacts(c, tx, v); err != nil {
			return err
		}
		renewed, err := renewedBy(tx, v.Order)
		if err != nil {
			return err
		}
		if v.Olds, err = s.oldCertificates(c, tx, v.App, renewed); err != nil {
			return err
		}
		return s.queueNotes(c, tx, v, renewed)
	})
	if err != nil {
		return nil, err
	}
	v.Queue, v.Org = s.queueName(c), v.App.Declaration.Organisation.FullName(lang(c))
	v.Page = s.page(c, s.text(c, "queue.title", "number", v.App.Number, "org", v.Org))
	v.State = s.applicationState(c, v.App.Status)
	s.queueClock(c, v)
	s.queueMoves(v, who)
	return v, s.queueProofs(c, v)
}

// queueFacts are the requisites on file beside the declared ones, and the money.
func (s *Server) queueFacts(c echo.Context, tx *store.Tx, v *queueOrderPage) (err error) {
	org, err := tx.Organisation(v.App.OrganisationID)
	if err != nil {
		return err
	}
	if v.Rows, err = s.decisionRows(c, tx, org, &v.App.Declaration); err != nil {
		return err
	}
	for _, r := range v.Rows {
		if r.Changed {
			v.Changed++
		}
	}
	if v.Quote, err = s.deps.Workflow.Quote(tx, v.App, s.deps.Now()); err != nil {
		return err
	}
	if v.Balance, err = tx.Balance(v.App.OrganisationID); err != nil {
		return err
	}
	v.Charge = registry.ChargeOf(v.Balance, v.Quote.Total)
	v.Hold, err = tx.OrderHold(v.App.ID)
	return err
}

// queueNotes are what the register knows of the certificates that are renewed,
// their holders and the organisation.
func (s *Server) queueNotes(c echo.Context, tx *store.Tx, v *queueOrderPage, renewed []*registry.Certificate) error {
	add := func(warn bool, path, key string, args ...any) {
		v.Notes = append(v.Notes, queueNote{Warn: warn, Text: s.text(c, key, args...), Path: path})
	}
	renews := map[registry.CertificateID]bool{}
	for _, cert := range renewed {
		renews[cert.ID] = true
		view := s.certificateView(c, cert)
		add(cert.Status != registry.CertIssued, "", "queue.note_certificate", "name", cert.HolderName, "serial", templates.Hex(cert.Serial),
			"state", view.State.Word, "date", templates.DateTime(cert.NotAfter))
		said, err := tx.Reminders(cert.ID)
		if err != nil {
			return err
		}
		if len(said) > 0 {
			add(false, "", "queue.note_reminded", "name", cert.HolderName, "n", said[len(said)-1].Days, "date", templates.Date(said[len(said)-1].At))
		}
	}
	certs, err := tx.CertificatesOf(v.App.OrganisationID, certificatesShown)
	if err != nil {
		return err
	}
	for _, cert := range certs {
		of := func(o registry.OrderSignatory) bool { return o.PersonalNumber == cert.PersonalNumber }
		if renews[cert.ID] || !slices.ContainsFunc(v.Order.Signatories, of) {
			continue
		}
		if view := s.certificateView(c, cert); cert.Status == registry.CertRevoked || !view.Over {
			add(cert.Status == registry.CertRevoked, "", "queue.note_other", "name", cert.HolderName, "serial", templates.Hex(cert.Serial),
				"state", view.State.Word, "date", templates.DateTime(cert.NotAfter))
		}
	}
	apps, err := tx.ApplicationsOf(v.App.OrganisationID, earlierShown+1)
	for _, a := range apps {
		if a.ID != v.App.ID && a.Status.Open() {
			add(true, "/applications/"+a.Number, "queue.note_open", "number", a.Number, "operation", s.text(c, "operation."+string(a.Declaration.Operation)))
		}
	}
	if v.Changed == 0 {
		add(false, "", "queue.note_same")
	}
	return err
}

// queueClock is the line of the time to prepare it in.
func (s *Server) queueClock(c echo.Context, v *queueOrderPage) {
	if v.App.SubmittedAt == nil || v.App.DueAt == nil {
		return
	}
	now, whole := s.deps.Now(), v.App.DueAt.Sub(*v.App.SubmittedAt)
	part := min(1, max(0, float64(now.Sub(*v.App.SubmittedAt))/float64(whole)))
	v.Whole = s.deps.Renderer.Span(string(lang(c)), whole)
	v.Today = fmt.Sprintf("%.1f%%", 4+92*part)
}

// queueMoves says what this operator may do to the order now.
func (s *Server) queueMoves(v *queueOrderPage, who workflow.Actor) {
	for _, act := range []registry.Action{registry.ActTake, registry.ActGiveBack, registry.ActAssign, registry.ActVerify} {
		v.May[string(act)] = who.May(v.App, act)
	}
	v.May[string(registry.ActTake)] = v.May[string(registry.ActTake)] && v.App.Assignee == 0
	v.May[string(registry.ActGiveBack)] = v.May[string(registry.ActGiveBack)] && v.Mine
	v.May[string(registry.ActVerify)] = v.May[string(registry.ActVerify)] && v.Mine
	if who.May(v.App, registry.ActApprove) {
		v.Decide = "/decisions/" + v.App.Number
	}
}

// queueProofs verifies the signatures again.
func (s *Server) queueProofs(c echo.Context, v *queueOrderPage) error {
	proofs, err := s.deps.Workflow.VerifyOrder(c.Request().Context(), v.App.ID)
	if err != nil {
		return err
	}
	v.Sound = len(proofs) == len(v.Order.Signatories)
	for _, p := range proofs {
		row := queueProof{
			Name: p.Certificate.HolderName, Role: s.text(c, "signatory."+string(p.Role)), Certificate: s.certificateView(c, p.Certificate),
			SignedAt: p.CreatedAt, Text: strings.TrimSpace(p.Text), State: templates.State{Class: "good", Word: s.text(c, "order.proof_good")},
		}
		if p.Fault != nil {
			v.Sound = false
			row.State = templates.State{Class: "stop", Word: s.text(c, "queue.proof_bad")}
			if refused := refusalOf(p.Fault); refused != nil {
				row.Fault = s.sentence(c, refused)
			}
		}
		v.Proofs = append(v.Proofs, row)
	}
	return nil
}
