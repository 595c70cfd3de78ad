package handlers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type auditLifePage struct {
	templates.Page
	Certificate certificateView
	State       templates.State
	Org, INN    string
	Office      string
	Application string // its number
	Reports     []*registry.Report
	Lines       []lifeLine
	Cut         bool
	Broken      int // signatures that do not hold
}

// lifeLine is one thing that happened.
type lifeLine struct {
	At    time.Time
	Text  string
	Facts []auditFact
	// Said is what the journal keeps sealed and is on file: who reported.
	Said  []auditFact
	Who   string
	Class string // of its mark: is-key, is-stop, is-sign
	// Proof says whether the signature holds; nil without one.
	Proof *templates.State
	// Entry is the journal's, 0 without one; Path leads to it.
	Entry int64
	Path  string
	order int // of what has the same instant
}

// auditLife is a certificate's whole life on one page: from the first scan of
// its application to the first answers that told of its end.
func (s *Server) auditLife(c echo.Context) error {
	v := new(auditLifePage)
	var life *store.Life
	var names actorNames
	err := s.read(c, func(tx *store.Tx) (err error) {
		if life, err = tx.Life(registry.Serial(c.Param("serial"))); err != nil {
			return err
		}
		operators, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		if names, err = actorsOf(tx, operators, life.Entries); err != nil {
			return err
		}
		return s.lifeFacts(c, tx, life, v)
	})
	if err != nil {
		return err
	}
	v.Page = s.page(c, life.Certificate.HolderName)
	v.Certificate, v.State, v.Cut = s.certificateView(c, life.Certificate), s.stateWord(c, life.Certificate.StateAt(s.deps.Now(), life.Changes)), life.Cut
	proofs, err := s.lifeProofs(c, life, v)
	if err != nil {
		return err
	}
	for _, e := range life.Entries {
		line := s.lifeEntry(c, e, names, proofs)
		line.Said = s.lifeSaid(c, e, v.Reports)
		v.Lines = append(v.Lines, line)
	}
	v.Lines = append(v.Lines, s.lifeClock(c, life)...)
	for _, change := range life.Changes {
		v.Lines = append(v.Lines, s.lifeAnswers(c, life, change)...)
	}
	slices.SortStableFunc(v.Lines, func(a, b lifeLine) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.order, b.order)) })
	return s.render(c, http.StatusOK, "audit_life", v)
}

func (s *Server) lifeFacts(c echo.Context, tx *store.Tx, life *store.Life, v *auditLifePage) (err error) {
	if v.Org, err = s.orgOf(c, tx, life.Certificate); err != nil {
		return err
	}
	if id := life.Certificate.OrganisationID; id != 0 {
		org, err := tx.Organisation(id)
		if err != nil {
			return err
		}
		v.INN = string(org.INN)
	}
	if life.Application != nil {
		v.Application, v.Office = life.Application.Number, s.officeName(c, life.Application.Declaration.Office)
	}
	v.Reports, err = tx.ReportsOf(life.Certificate.ID)
	return err
}

// lifeProofs verifies every signature on file, by the hash of what was signed.
func (s *Server) lifeProofs(c echo.Context, life *store.Life, v *auditLifePage) (map[string]*templates.State, error) {
	out := map[string]*templates.State{}
	for _, k := range life.Signed {
		sum := sha256.Sum256(k.Envelope)
		state, err := s.proofOf(c.Request().Context(), c, k)
		if err != nil {
			return nil, err
		}
		if out[hex.EncodeToString(sum[:])] = state; state.Class == "stop" {
			v.Broken++
		}
	}
	return out, nil
}

// proofOf verifies one signature as it stood when it was given.
func (s *Server) proofOf(ctx context.Context, c echo.Context, k store.Kept) (*templates.State, error) {
	cert, err := s.deps.Workflow.VerifyKept(ctx, k.Envelope, k.Signature, k.CreatedAt.UTC())
	if refused := refusalOf(err); refused != nil {
		return &templates.State{Class: "stop", Word: s.text(c, "audit.proof_bad", "why", s.sentence(c, refused))}, nil
	}
	if err != nil {
		return nil, err
	}
	return &templates.State{Class: "good", Word: s.text(c, "audit.proof_good", "name", cert.HolderName, "serial", templates.Hex(cert.Serial))}, nil
}

var lifeClasses = map[string]string{
	"application.submit": "is-key", "application.verify": "is-key", "application.approve": "is-sign", "enrolment.issued": "is-key", "enrolment.handed_over": "is-sign",
	"report.received": "is-key", "certificate.suspended": "is-stop", "certificate.revoked": "is-stop", "certificate.issued": "is-key",
}

func (s *Server) lifeEntry(c echo.Context, e journal.Entry, names actorNames, proofs map[string]*templates.State) lifeLine {
	line := lifeLine{
		At: e.At, Text: e.Kind, Facts: s.auditFacts(c, e.Kind, e.Details), Who: s.auditActor(c, e.Actor, names),
		Class: lifeClasses[e.Kind], Entry: e.ID, Path: "/audit?id=" + strconv.FormatInt(e.ID, 10),
	}
	if key := "history." + e.Kind; s.deps.Renderer.Has(key) {
		line.Text = s.text(c, key)
	}
	var d struct {
		Envelope string `json:"envelope_sha256"`
	}
	if json.Unmarshal([]byte(e.Details), &d) == nil && d.Envelope != "" {
		line.Proof = proofs[d.Envelope]
	}
	return line
}

// lifeSaid is who reported, where an entry is about a report that came in, and
// how they were identified.
func (s *Server) lifeSaid(c echo.Context, e journal.Entry, reports []*registry.Report) (out []auditFact) {
	if e.Kind != "report.received" {
		return nil
	}
	for _, r := range reports {
		if !slices.Contains(e.Subjects, journal.Subject{Kind: "report", ID: strconv.FormatInt(int64(r.ID), 10)}) {
			continue
		}
		out = append(out, auditFact{s.text(c, "revocation.reporter"), r.Reporter + " · " + s.text(c, "revocation.way."+string(r.Way))})
		if len(r.Identified) > 0 {
			out = append(out, auditFact{s.text(c, "revocation.identified"), s.identified(lang(c), r.Identified)})
		}
	}
	return out
}

// lifeClock are the ends of its interval, as far as they have come.
func (s *Server) lifeClock(c echo.Context, life *store.Life) (out []lifeLine) {
	now, cert := s.deps.Now(), life.Certificate
	for key, at := range map[string]time.Time{"audit.life.begins": cert.NotBefore, "audit.life.ends": cert.NotAfter} {
		if !at.After(now) {
			out = append(out, lifeLine{At: at, Text: s.text(c, key), Who: s.text(c, "audit.life.clock")})
		}
	}
	return out
}

// lifeAnswers are the first OCSP answer and the first CRL that told of a change.
func (s *Server) lifeAnswers(c echo.Context, life *store.Life, change registry.StatusChange) (out []lifeLine) {
	status := s.text(c, "status.certificate."+string(change.Status))
	program := s.text(c, "audit.actor.system")
	if change.AnsweredAt != nil {
		out = append(out, lifeLine{At: *change.AnsweredAt, order: 1, Class: "is-key", Who: program, Text: s.text(c, "audit.life.ocsp", "status", status)})
	}
	if l := life.Lists[change.CRLNumber]; l != nil {
		q := url.Values{"kind": {"crl.published"}, "from": {templates.Date(l.MadeAt)}, "to": {templates.Date(l.MadeAt)}}
		out = append(out, lifeLine{
			At: l.MadeAt, order: 2, Class: "is-key", Who: program, Text: s.text(c, "audit.life.crl", "n", l.Number, "status", status),
			Facts: []auditFact{{s.text(c, "journal.sha256"), l.SHA256}}, Path: "/audit?" + q.Encode(),
		})
	}
	return out
}
