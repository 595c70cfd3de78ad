package handlers

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const auditShown = 100

func (s *Server) auditRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	auditor := Operator(registry.Auditor)
	return []route{
		{Method: get, Path: "/audit", Access: auditor, Handle: s.audit},
		{Method: get, Path: "/audit/charts", Access: auditor, Handle: s.auditCharts},
		{Method: get, Path: "/audit/certificates", Access: auditor, Handle: s.auditSearch},
		{Method: get, Path: "/audit/certificates.csv", Access: auditor, Handle: s.auditCSV},
		{Method: get, Path: "/audit/certificates.xlsx", Access: auditor, Handle: s.auditXLSX},
		{Method: get, Path: "/audit/certificates/:serial", Access: auditor, Handle: s.auditLife},
		{Method: post, Path: "/audit/searches", Access: auditor, Handle: s.auditSave},
		{Method: post, Path: "/audit/searches/:id/delete", Access: auditor, Handle: s.auditForget},
	}
}

type auditPage struct {
	templates.Page
	Period      period
	Kind        string
	ActorKind   string
	ActorID     string
	SubjectKind string
	SubjectID   string
	Actors      []choice
	Subjects    []choice
	Items       []auditItem
	First, Next string
	Checkpoint  *auditCheckpoint
}

type auditItem struct {
	ID       int64
	At       time.Time
	Kind     string
	What     string // the kind in words, where there are some
	Who      string
	Subjects []auditSubject
	Details  []auditFact
}

// auditSubject is what an entry is about, with the filter that finds all about
// it.
type auditSubject struct{ Label, Path string }

type auditCheckpoint struct {
	Size int64
	At   time.Time
	Root string
}

var (
	auditActors   = []string{"operator", "client", "applicant", "system", "console", "anonymous"}
	auditSubjects = []string{"application", "organisation", "document", "file", "enrolment", "certificate", "report", "batch", "operator", "news", "search"}
)

// audit lists the journal, the latest first.
func (s *Server) audit(c echo.Context) error {
	v := &auditPage{Page: s.page(c, s.text(c, "journal.journal")), Period: s.period(c)}
	get := func(name string) string { return strings.TrimSpace(c.QueryParam(name)) }
	v.Kind, v.ActorKind, v.ActorID, v.SubjectKind, v.SubjectID = get("kind"), get("actor"), get("actor_id"), get("subject"), get("subject_id")
	v.Actors, v.Subjects = s.auditChoices(c, "audit.actor.", auditActors, v.ActorKind), s.auditChoices(c, "audit.subject.", auditSubjects, v.SubjectKind)
	err := s.read(c, func(tx *store.Tx) error {
		last, err := tx.LastCheckpoint()
		if err != nil {
			return err
		}
		if last != nil {
			v.Checkpoint = &auditCheckpoint{last.Size, last.At, hex.EncodeToString(last.Root[:])}
		}
		return s.auditItems(c, tx, v)
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "audit", v)
}

func (s *Server) auditChoices(c echo.Context, prefix string, values []string, chosen string) []choice {
	out := []choice{{Label: s.text(c, "filter.all")}}
	for _, value := range values {
		out = append(out, choice{Value: value, Label: s.text(c, prefix+value), Chosen: value == chosen})
	}
	return out
}

func (s *Server) auditItems(c echo.Context, tx *store.Tx, v *auditPage) error {
	after, _ := strconv.ParseInt(c.QueryParam("after"), 10, 64)
	one, _ := strconv.ParseInt(c.QueryParam("id"), 10, 64)
	filter := store.JournalFilter{
		Kind: v.Kind, ActorKind: v.ActorKind, ActorID: v.ActorID, SubjectKind: v.SubjectKind, SubjectID: v.SubjectID,
		From: v.Period.start, To: v.Period.end, After: after, Limit: auditShown + 1,
	}
	if one > 0 { // a link to one entry asks for nothing else
		filter = store.JournalFilter{ID: one, Limit: 1}
	}
	entries, err := tx.Journal(filter)
	if err != nil {
		return err
	}
	operators, err := operatorNames(tx, lang(c))
	if err != nil {
		return err
	}
	names, err := actorsOf(tx, operators, entries)
	if err != nil {
		return err
	}
	if len(entries) > auditShown {
		entries = entries[:auditShown]
		v.Next = auditPath(c, "after", strconv.FormatInt(entries[auditShown-1].ID, 10))
	}
	if after > 0 {
		v.First = auditPath(c, "after", "")
	}
	for _, e := range entries {
		item := auditItem{ID: e.ID, At: e.At, Kind: e.Kind, Who: s.auditActor(c, e.Actor, names)}
		if e.Details != "{}" {
			item.Details = s.auditFacts(c, e.Kind, e.Details)
		}
		if key := "history." + e.Kind; s.deps.Renderer.Has(key) {
			item.What = s.text(c, key)
		}
		for _, about := range e.Subjects {
			label := about.Kind
			if key := "audit.subject." + about.Kind; s.deps.Renderer.Has(key) {
				label = s.text(c, key)
			}
			item.Subjects = append(item.Subjects, auditSubject{label + " " + about.ID, "/audit?" + url.Values{"subject": {about.Kind}, "subject_id": {about.ID}}.Encode()})
		}
		v.Items = append(v.Items, item)
	}
	return nil
}

// auditPath is the list's address with one parameter changed.
func auditPath(c echo.Context, name, value string) string {
	q := url.Values{}
	for k, v := range c.QueryParams() {
		q[k] = v
	}
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	return "/audit?" + q.Encode()
}
