package handlers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const accessShown = 100

type accessPage struct {
	templates.Page
	Period    period
	Query     string
	Document  registry.DocumentID
	Operators []choice
	Items     []accessItem
	Common    bool   // the words are common: not all was looked at
	Next      string // address of the next page
	Errors    templates.FieldErrors
}

// accessItem is one look at somebody's paper.
type accessItem struct {
	At          time.Time
	Who         string
	What        string // the document, or what was done instead
	File        string
	Application string // number
	Org         string
	Purpose     string
	From        string // pattern of the page it was opened on
	Document    registry.DocumentID
}

// access tells who looked at whose papers, the latest first.
func (s *Server) access(c echo.Context) error {
	v := &accessPage{Page: s.page(c, s.text(c, "access.title")), Period: s.period(c), Query: strings.TrimSpace(c.QueryParam("q"))}
	v.Errors = v.Period.Errors
	f := store.AccessFilter{Query: v.Query, From: v.Period.start.UTC(), To: v.Period.end.UTC(), Limit: accessShown + 1}
	f.Before, _ = strconv.ParseInt(c.QueryParam("before"), 10, 64)
	f.Operator = registry.OperatorID(max(0, version(c.QueryParam("operator"))))
	f.Document = registry.DocumentID(max(0, version(c.QueryParam("document"))))
	v.Document = f.Document
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	found, common, err := s.deps.Workflow.AccessLog(c.Request().Context(), who, f)
	if err != nil {
		return err
	}
	v.Common = common
	if len(found) > accessShown {
		found = found[:accessShown]
		q := c.QueryParams()
		q.Set("before", strconv.FormatInt(found[accessShown-1].ID, 10))
		v.Next = "/audit/access?" + q.Encode()
	}
	err = s.read(c, func(tx *store.Tx) error {
		entries := make([]journal.Entry, len(found))
		for i, e := range found {
			entries[i] = e.Entry
		}
		people, err := tx.Operators()
		if err != nil {
			return err
		}
		names, err := actorsOf(tx, namesOf(people, lang(c)), entries)
		if err != nil {
			return err
		}
		v.Operators = []choice{{Label: s.text(c, "filter.all")}}
		for _, o := range people {
			v.Operators = append(v.Operators, choice{Value: strconv.FormatInt(int64(o.ID), 10), Label: names.operators[o.ID], Chosen: o.ID == f.Operator})
		}
		return s.accessItems(c, tx, v, found, names)
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "access", v)
}

func (s *Server) accessItems(c echo.Context, tx *store.Tx, v *accessPage, found []store.Access, names actorNames) error {
	var files []registry.FileID
	for _, e := range found {
		files = append(files, registry.FileID(subjectID(e, "file")))
	}
	fileNames, err := tx.FileNames(files)
	if err != nil {
		return err
	}
	apps, docs := map[registry.ApplicationID]*registry.Application{}, map[registry.DocumentID]*registry.Document{}
	for i, e := range found {
		item := accessItem{At: e.At, Who: s.auditActor(c, e.Actor, names), Purpose: e.Purpose, File: fileNames[files[i]]}
		var details struct{ Page string }
		if json.Unmarshal([]byte(e.Details), &details) == nil {
			item.From = details.Page
		}
		if id := registry.ApplicationID(subjectID(e, "application")); id != 0 {
			if apps[id] == nil {
				if apps[id], err = tx.Application(id); err != nil {
					return err
				}
			}
			item.Application, item.Org = apps[id].Number, apps[id].Declaration.Organisation.FullName(lang(c))
		}
		if id := registry.DocumentID(subjectID(e, "document")); id != 0 {
			if docs[id] == nil {
				if docs[id], err = tx.Document(id); err != nil {
					return err
				}
			}
			item.Document, item.What = id, docs[id].Label.In(lang(c))
			if person := docs[id].Person.In(lang(c)); person != "" {
				item.What += " · " + person
			}
		}
		if e.Kind != "file.viewed" {
			item.What = s.text(c, "history."+e.Kind)
		}
		v.Items = append(v.Items, item)
	}
	return nil
}

// subjectID is the first row of a kind that an entry is about, or 0.
func subjectID(e store.Access, kind string) int64 {
	for _, about := range e.Subjects {
		if n, err := strconv.ParseInt(about.ID, 10, 64); err == nil && about.Kind == kind {
			return n
		}
	}
	return 0
}

// accessAbout is the address of the looks at somebody's papers.
func accessAbout(query string) string {
	return "/audit/access?" + url.Values{"q": {query}}.Encode()
}
