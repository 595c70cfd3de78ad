package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type reportPage struct {
	templates.Page
	waitingPart
	Report      *registry.Report
	Certificate *registry.Certificate
	Org         string
	INN         registry.INN
	Cause       string
	Reason      string // as RFC 5280 names it
	Identified  string
	By          string // who entered it
	SuspendedBy string
	DecidedBy   string
	State       templates.State // of the certificate
	ReportState templates.State
	Clock       reportClock
	Effects     []reportEffect
	Orders      []reportOrder
	History     []historyRow
	SameKey     int // other certificates with the same key

	Reissue    string // where a clerk begins the reissue; empty: not here
	MaySuspend bool
	MayDecide  bool
	FourEyes   string // why this approver may not, if so
	Closed     string // why nobody may decide now, if so
	Causes     []causeChoice
	Action     registry.ReportAction
	ChosenFor  string
	Remark     string
	Sign       *signPart // the text to be signed; nil before
	Errors     templates.FieldErrors
}

// reportClock is the clock as a line: how much is over, where now stands.
type reportClock struct {
	Share int
	Today string // "40.6%" of the width, with room at both ends
	Late  bool
}

// reportEffect is one thing that follows from a status.
type reportEffect struct {
	templates.State
	At string
}

// reportOrder is an open application that stands on the certificate.
type reportOrder struct {
	*registry.Application
	State  templates.State
	Advice string
}

// report is one report: the clock, what was said, what follows, the decision.
func (s *Server) report(c echo.Context) error {
	v, err := s.reportPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "report", v)
}

func (s *Server) reportPage(c echo.Context) (*reportPage, error) {
	v := &reportPage{Errors: templates.FieldErrors{}}
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	err = s.read(c, func(tx *store.Tx) error {
		if v.Report, err = tx.ReportByNumber(c.Param("number")); err != nil {
			return err
		}
		if v.Certificate, err = tx.Certificate(v.Report.CertificateID); err != nil {
			return err
		}
		return firstOf(
			func() error { return s.reportFacts(c, tx, v) },
			func() error { return s.readWaiting(tx, &v.waitingPart, v.Certificate) },
			func() error { return s.reportOrders(c, tx, v) },
			func() error { return s.reportEffects(c, tx, v) },
			func() error { return s.reportRights(c, tx, v, who) },
		)
	})
	if err != nil {
		return nil, err
	}
	v.Page = s.page(c, v.Org+": "+v.Cause)
	v.ChosenFor = v.Report.Cause
	return v, nil
}

// firstOf does one thing after another until one errs.
func firstOf(steps ...func() error) error {
	for _, do := range steps {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) reportFacts(c echo.Context, tx *store.Tx, v *reportPage) (err error) {
	r := v.Report
	names, err := operatorNames(tx, lang(c))
	if err != nil {
		return err
	}
	v.By, v.SuspendedBy = names[r.CreatedBy], names[r.SuspendedBy]
	v.Cause, v.Reason = s.causeText(c, r.Cause), rfcReason(r.Code)
	v.State, v.ReportState = s.certificateState(c, v.Certificate), s.reportState(c, r)
	if v.Org, err = s.orgOf(c, tx, v.Certificate); err != nil {
		return err
	}
	if v.Certificate.OrganisationID != 0 {
		org, err := tx.Organisation(v.Certificate.OrganisationID)
		if err != nil {
			return err
		}
		v.INN = org.INN
	}
	v.Identified = s.identified(lang(c), r.Identified)
	v.Clock = clockOf(r, s.deps.Now())
	same, err := tx.CertificatesOfKey(v.Certificate.PublicKeyHash)
	if err != nil {
		return err
	}
	for _, other := range same {
		if other.ID != v.Certificate.ID && other.Status != registry.CertRevoked && other.ValidityAt(s.deps.Now()) != registry.Expired {
			v.SameKey++
		}
	}
	entries, err := tx.JournalAbout(workflow.Certificate(v.Certificate.Serial), 0, historyRead)
	if err != nil {
		return err
	}
	actors, err := actorsOf(tx, names, entries)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if key := "history." + e.Kind; s.deps.Renderer.Has(key) && len(v.History) < historyShown {
			v.History = append(v.History, historyRow{At: templates.DateTime(e.At), Text: s.text(c, key), Who: s.actorName(c, e.Actor, actors)})
		}
	}
	d, err := tx.RevocationDecision(r.ID)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if v.DecidedBy = names[d.OperatorID]; d.OperatorID == 0 {
		v.DecidedBy = v.Certificate.HolderName
	}
	return nil
}

// identified says how a reporter was recognised.
func (s *Server) identified(l registry.Language, all []registry.Identification) string {
	words := make([]string, len(all))
	for i, by := range all {
		words[i] = s.textIn(l, "revocation.by."+string(by))
	}
	return strings.Join(words, "; ")
}

// reportOrders are the open applications that stand on the certificate, with
// what to do about each.
func (s *Server) reportOrders(c echo.Context, tx *store.Tx, v *reportPage) error {
	apps, err := workflow.OpenOrdersOf(tx, v.Certificate)
	if err != nil {
		return err
	}
	known := func(a *registry.Application) bool { return a.ID == v.Report.ApplicationID }
	if id := v.Report.ApplicationID; id != 0 && !slices.ContainsFunc(apps, known) {
		begun, err := tx.Application(id) // a draft is no organisation's yet
		if err != nil {
			return err
		}
		if begun.Status.Open() {
			apps = append(apps, begun)
		}
	}
	for _, a := range apps {
		advice := s.orderAdvice(c, a, v.Certificate)
		if a.Status == registry.Approved && len(v.Waiting) > 0 {
			advice = s.text(c, "revocation.order_renewal_made")
		}
		v.Orders = append(v.Orders, reportOrder{a, s.applicationState(c, a.Status), advice})
	}
	return nil
}

// reportEffects are what has followed from the certificate's status so far.
func (s *Server) reportEffects(c echo.Context, tx *store.Tx, v *reportPage) error {
	cert := v.Certificate
	if cert.Status == registry.CertIssued {
		return nil
	}
	at := templates.DateTime(cert.StatusAt)
	add := func(class, key, at string, args ...any) {
		v.Effects = append(v.Effects, reportEffect{templates.State{Class: class, Word: s.text(c, key, args...)}, at})
	}
	add("good", "revocation.effect.login", at)
	add("good", "revocation.effect.answers", at, "reason", rfcReason(cert.StatusReason))
	if cert.Status != registry.CertRevoked {
		return nil
	}
	told, refusal, err := tx.CAKnows(cert.ID)
	switch {
	case err != nil:
		return err
	case told:
		add("good", "revocation.effect.ca_told", "")
	case refusal != "":
		add("stop", "revocation.effect.ca_refused", refusal)
	default:
		add("wait", "revocation.effect.ca_waits", "")
	}
	return nil
}

// reportRights are what this operator may do now.
func (s *Server) reportRights(c echo.Context, tx *store.Tx, v *reportPage, who workflow.Actor) error {
	r, cert, role := v.Report, v.Certificate, identity(c).Role
	open := r.Status == registry.ReportReceived
	if role == registry.Clerk && cert.Profile == registry.HolderProfile && len(v.Orders) == 0 {
		v.Reissue = "/reissue?serial=" + string(cert.Serial)
	}
	v.MaySuspend = open && role != registry.Auditor && cert.Status == registry.CertIssued && s.deps.Workflow.CanSuspend()
	v.MayDecide = open && role == registry.Approver
	if !v.MayDecide {
		return nil
	}
	v.Causes = s.causeChoices(c, r.Cause)
	if cert.ValidityAt(s.deps.Now()) == registry.Expired {
		v.Closed = s.text(c, "error.report.over", "date", templates.DateTime(cert.NotAfter))
	}
	var refused *registry.Error
	if err := s.deps.Workflow.ReportFourEyes(tx, who, r, cert); errors.As(err, &refused) {
		v.FourEyes = s.sentence(c, refused)
	} else if err != nil {
		return err
	}
	return nil
}
