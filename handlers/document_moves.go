package handlers

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// judge performs a transition of the document that the address names and goes
// on to the next one that waits; a refusal is shown on the file's page.
func (s *Server) judge(c echo.Context, done string, do func(ctx context.Context, who workflow.Actor, doc registry.DocumentID, version int64, form url.Values) error) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	id, err := number[registry.DocumentID](c, "id")
	if err != nil {
		return err
	}
	app, err := s.applicationOfDocument(c, id)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), who, id, version(form.Get("version")), form); err != nil {
		form.Set("document", strconv.FormatInt(int64(id), 10))
		return s.refusedMove(c, app.Number, form, err)
	}
	s.flash(c, "good", done)
	return s.redirect(c, "/applications/"+app.Number)
}

func (s *Server) applicationOfDocument(c echo.Context, id registry.DocumentID) (app *registry.Application, err error) {
	err = s.read(c, func(tx *store.Tx) error {
		doc, err := tx.Document(id)
		if err != nil {
			return err
		}
		app, err = tx.Application(doc.ApplicationID)
		return err
	})
	return app, err
}

// documentAccept accepts a document with everything confirmed on it.
func (s *Server) documentAccept(c echo.Context) error {
	return s.judge(c, "flash.document_accepted", func(ctx context.Context, who workflow.Actor, doc registry.DocumentID, version int64, form url.Values) error {
		return s.deps.Workflow.AcceptDocument(ctx, who, doc, version, workflow.Acceptance{
			Checks: form["checks"], OriginalSeen: form.Get("original") != "", ValidUntil: strings.TrimSpace(form.Get("valid_until")),
		})
	})
}

// documentReject rejects a document for a reason that the client reads.
func (s *Server) documentReject(c echo.Context) error {
	return s.judge(c, "flash.document_rejected", func(ctx context.Context, who workflow.Actor, doc registry.DocumentID, version int64, form url.Values) error {
		reasons := append(append([]string{}, form["ready"]...), strings.TrimSpace(form.Get("reason")))
		if reasons[len(reasons)-1] == "" {
			reasons = reasons[:len(reasons)-1]
		}
		return s.deps.Workflow.RejectDocument(ctx, who, doc, version, strings.Join(reasons, ". "))
	})
}

// documentWaive says that a document is not required.
func (s *Server) documentWaive(c echo.Context) error {
	return s.judge(c, "flash.document_waived", func(ctx context.Context, who workflow.Actor, doc registry.DocumentID, version int64, form url.Values) error {
		err := s.deps.Workflow.WaiveDocument(ctx, who, doc, version, form.Get("waive-reason"))
		// Rejecting stands on the same page and asks for a reason too.
		if e := (*registry.Error)(nil); errors.As(err, &e) && e.Field == "reason" {
			return e.On("waive-reason")
		}
		return err
	})
}

// documentReopen takes a judgement back.
func (s *Server) documentReopen(c echo.Context) error {
	return s.judge(c, "flash.document_reopened", func(ctx context.Context, who workflow.Actor, doc registry.DocumentID, version int64, _ url.Values) error {
		return s.deps.Workflow.ReopenDocument(ctx, who, doc, version)
	})
}

// documentReceive notes that a thing was brought.
func (s *Server) documentReceive(c echo.Context) error {
	return s.judge(c, "flash.document_received", func(ctx context.Context, who workflow.Actor, doc registry.DocumentID, version int64, _ url.Values) error {
		return s.deps.Workflow.MarkReceived(ctx, who, doc, version)
	})
}

// documentLink lets a paper on file stand in.
func (s *Server) documentLink(c echo.Context) error {
	return s.judge(c, "flash.document_linked", func(ctx context.Context, who workflow.Actor, doc registry.DocumentID, version int64, form url.Values) error {
		earlier, err := strconv.ParseInt(form.Get("earlier"), 10, 64)
		if err != nil {
			return registry.Refuse(registry.Conflict, "error.document.not_linkable")
		}
		return s.deps.Workflow.LinkDocument(ctx, who, doc, version, registry.DocumentID(earlier))
	})
}
