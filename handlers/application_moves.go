package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// moving is a transition that a form asks for.
type moving func(ctx context.Context, who workflow.Actor, app *registry.Application, form url.Values) error

// move performs a transition of the application that the address names and
// returns to its page; a refusal is shown on it, with what was typed.
func (s *Server) move(c echo.Context, done string, do moving) error {
	return s.moveOn(c, "/applications/", done, do, s.refusedMove)
}

// moveOn is move on the pages of an address.
func (s *Server) moveOn(c echo.Context, pages, done string, do moving, refused func(c echo.Context, number string, form url.Values, err error) error) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	app, err := s.byNumber(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), who, app, form); err != nil {
		return refused(c, app.Number, form, err)
	}
	s.flash(c, "good", done)
	return s.redirect(c, pages+app.Number)
}

// refusedMove shows the file again with why it did not move.
func (s *Server) refusedMove(c echo.Context, number string, form url.Values, err error) error {
	errs, ok := s.fieldErrors(c, err)
	if !ok {
		return err
	}
	v, err := s.applicationPage(c, number, form.Get("document"), "")
	if err != nil {
		return err
	}
	v.Errors = errs
	for name := range form {
		v.Typed[name] = form.Get(name)
	}
	headed(errs)
	return s.render(c, http.StatusUnprocessableEntity, "application", v)
}

// headed says at the head of the page what is said beside a field, if nothing
// is said there.
func headed(errs templates.FieldErrors) {
	for _, text := range errs {
		if errs[""] == "" {
			errs[""] = text
		}
	}
}

// applicationTake puts a file into the clerk's hands.
func (s *Server) applicationTake(c echo.Context) error { return s.move(c, "flash.taken", s.take) }

func (s *Server) take(ctx context.Context, who workflow.Actor, app *registry.Application, _ url.Values) error {
	return s.deps.Workflow.Take(ctx, who, app.ID)
}

// applicationGiveBack returns a file to the queue.
func (s *Server) applicationGiveBack(c echo.Context) error {
	return s.move(c, "flash.given_back", s.giveBack)
}

func (s *Server) giveBack(ctx context.Context, who workflow.Actor, app *registry.Application, _ url.Values) error {
	return s.deps.Workflow.GiveBack(ctx, who, app.ID)
}

// applicationAssign puts a file into a colleague's hands.
func (s *Server) applicationAssign(c echo.Context) error {
	return s.move(c, "flash.assigned", s.assign)
}

func (s *Server) assign(ctx context.Context, who workflow.Actor, app *registry.Application, form url.Values) error {
	to, err := strconv.ParseInt(form.Get("assignee"), 10, 64)
	if err != nil {
		return registry.Refuse(registry.Invalid, "error.application.no_such_clerk").On("assignee")
	}
	return s.deps.Workflow.Assign(ctx, who, app.ID, version(form.Get("version")), registry.OperatorID(to))
}

// applicationAsk waits for the applicant's papers.
func (s *Server) applicationAsk(c echo.Context) error {
	return s.move(c, "flash.asked", func(ctx context.Context, who workflow.Actor, app *registry.Application, form url.Values) error {
		return s.deps.Workflow.AskDocuments(ctx, who, app.ID, version(form.Get("version")), form.Get("remark"))
	})
}

// applicationResume goes on with a file that waited.
func (s *Server) applicationResume(c echo.Context) error {
	return s.move(c, "flash.resumed", func(ctx context.Context, who workflow.Actor, app *registry.Application, _ url.Values) error {
		return s.deps.Workflow.Resume(ctx, who, app.ID)
	})
}

// applicationVerify declares the package complete.
func (s *Server) applicationVerify(c echo.Context) error {
	return s.move(c, "flash.verified", s.verify)
}

func (s *Server) verify(ctx context.Context, who workflow.Actor, app *registry.Application, form url.Values) error {
	return s.deps.Workflow.Verify(ctx, who, app.ID, version(form.Get("version")))
}

// applicationDemand asks for a paper beyond the list.
func (s *Server) applicationDemand(c echo.Context) error {
	return s.move(c, "flash.demanded", func(ctx context.Context, who workflow.Actor, app *registry.Application, form url.Values) error {
		return s.deps.Workflow.DemandDocument(ctx, who, app.ID, version(form.Get("version")), form.Get("title"), form.Get("demand-reason"))
	})
}

// applicationDiscard ends a draft.
func (s *Server) applicationDiscard(c echo.Context) error {
	return s.move(c, "flash.discarded", func(ctx context.Context, who workflow.Actor, app *registry.Application, form url.Values) error {
		return s.deps.Workflow.Withdraw(ctx, who, app.ID, version(form.Get("version")))
	})
}

// applicationLink makes a new secret link and shows it once.
func (s *Server) applicationLink(c echo.Context) error {
	return s.move(c, "flash.link", func(_ context.Context, who workflow.Actor, app *registry.Application, _ url.Values) error {
		return s.newLink(c, who, app)
	})
}

// newLink makes a secret link and keeps it for the next page.
func (s *Server) newLink(c echo.Context, who workflow.Actor, app *registry.Application) error {
	ctx := c.Request().Context()
	token, err := s.deps.Workflow.ReplaceLink(ctx, who, app.ID)
	if err != nil {
		return err
	}
	s.sessions.Put(ctx, linkKey(app.Number), s.deps.BaseURL+"/track/"+token)
	return nil
}

func linkKey(number string) string { return "link " + number }
