package handlers

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type batchPage struct {
	templates.Page
	Batch      batchRow
	Counts     registry.BatchCounts
	Share      int // per cent that is done
	ProposedBy string
	DecidedBy  string
	Items      []batchItem
	Next       string        // address of the next page of items
	Orders     []reportOrder // open applications that stand on them
	MayDecide  bool
	FourEyes   string    // why this approver may not sign, if so
	Sign       *signPart // the text to be signed; nil before
	Errors     templates.FieldErrors
}

type batchItem struct {
	store.BatchLine
	Org   string
	State templates.State
	CA    templates.State // whether the CA knows; empty where that is no matter
}

// batch shows one revocation of many: its list, how far it is, the decision.
func (s *Server) batch(c echo.Context) error {
	v, err := s.batchPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "batch", v)
}

func (s *Server) batchPage(c echo.Context) (*batchPage, error) {
	v := &batchPage{Errors: templates.FieldErrors{}}
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	err = s.read(c, func(tx *store.Tx) error {
		b, err := tx.BatchByNumber(c.Param("number"))
		if err != nil {
			return err
		}
		v.Batch = s.batchRow(c, b)
		return firstOf(
			func() error { return s.batchFacts(c, tx, v) },
			func() error { return s.batchOrders(c, tx, v) },
			func() error { return s.batchRights(c, tx, v, who) },
		)
	})
	if err != nil {
		return nil, err
	}
	v.Page = s.page(c, s.text(c, "batch.number", "number", v.Batch.Number))
	return v, nil
}

func (s *Server) batchFacts(c echo.Context, tx *store.Tx, v *batchPage) (err error) {
	b := v.Batch.Batch
	if v.Counts, err = tx.BatchCounts(b.ID); err != nil {
		return err
	}
	if all := v.Counts.All(); all > 0 {
		v.Share = (all - v.Counts.Waiting) * 100 / all
	}
	names, err := operatorNames(tx, lang(c))
	if err != nil {
		return err
	}
	v.ProposedBy, v.DecidedBy = names[b.ProposedBy], names[b.DecidedBy]
	after, _ := strconv.Atoi(c.QueryParam("after"))
	lines, err := tx.BatchLines(b.ID, after, batchItemsShown)
	if err != nil {
		return err
	}
	v.Items = s.batchItems(c, lines)
	if n := len(lines); n == batchItemsShown {
		v.Next = fmt.Sprintf("/revocations/bulk/%s?after=%d", b.Number, lines[n-1].Position)
	}
	return nil
}

// batchOrders are the open applications that stand on the certificates, with
// what to do about each.
func (s *Server) batchOrders(c echo.Context, tx *store.Tx, v *batchPage) error {
	if v.Batch.Status == registry.BatchRejected {
		return nil
	}
	orders, err := workflow.OpenOrdersOfBatch(tx, v.Batch.ID, batchOrdersRead)
	for _, o := range orders {
		v.Orders = append(v.Orders, reportOrder{o.Application, s.applicationState(c, o.Application.Status), s.orderAdvice(c, o.Application, o.Certificate)})
	}
	return err
}

// batchRights are what this operator may do now.
func (s *Server) batchRights(c echo.Context, tx *store.Tx, v *batchPage, who workflow.Actor) error {
	v.MayDecide = v.Batch.Status == registry.BatchProposed && identity(c).Role == registry.Approver
	if !v.MayDecide {
		return nil
	}
	err := s.deps.Workflow.BatchFourEyes(tx, who, v.Batch.Batch)
	if refused := refusalOf(err); refused != nil {
		v.FourEyes, err = s.sentence(c, refused), nil
	}
	return err
}

func (s *Server) batchItems(c echo.Context, lines []store.BatchLine) []batchItem {
	out := make([]batchItem, len(lines))
	for i, line := range lines {
		key, class := "batch.item."+line.Status, map[string]string{"waiting": "wait", "revoked": "stop", "skipped": "none"}[line.Status]
		if line.Why != "" {
			key += "_" + line.Why
		}
		out[i] = batchItem{BatchLine: line, Org: line.Organisation.FullName(lang(c)), State: templates.State{Class: class, Word: s.text(c, key)}}
		if line.Status != "revoked" {
			continue
		}
		switch {
		case line.CATold:
			out[i].CA = templates.State{Class: "good", Word: s.text(c, "revocation.effect.ca_told")}
		case line.CARefusal != "":
			out[i].CA = templates.State{Class: "stop", Word: s.text(c, "revocation.effect.ca_refused")}
		default:
			out[i].CA = templates.State{Class: "wait", Word: s.text(c, "revocation.effect.ca_waits")}
		}
	}
	return out
}

// batchText shows the exact text that signing a batch would sign.
func (s *Server) batchText(c echo.Context) error {
	if _, err := postForm(c); err != nil {
		return err
	}
	v, err := s.batchPage(c)
	if err != nil {
		return err
	}
	v.Sign = s.batchPart(c, v)
	return s.render(c, http.StatusOK, "batch", v)
}

// batchPart is the form that sends the list with its signature.
func (s *Server) batchPart(c echo.Context, v *batchPage) *signPart {
	return s.signPart(c, signPart{
		CSRF: v.CSRF, Path: "/revocations/bulk/" + v.Batch.Number + "/sign", Text: s.batchWords(c, v), Button: s.text(c, "batch.sign"), Errors: v.Errors,
		Hidden: hiddenOf("version", strconv.FormatInt(v.Batch.Version, 10)),
	})
}

// batchSign has the second approver's own key sign the list, and begins.
func (s *Server) batchSign(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.batchPage(c)
	if err != nil {
		return err
	}
	v.Sign = s.batchPart(c, v)
	in := workflow.BatchDecision{
		ID: v.Batch.ID, Version: version(form.Get("version")), Text: v.Sign.Text, Origin: s.deps.BaseURL, Session: s.sessionMark(c),
	}
	flow, ctx := s.deps.Workflow, c.Request().Context()
	return s.sign(c, v.Errors, signing{
		text: in.Text,
		ask:  func(who workflow.Actor) (*workflow.Question, error) { return flow.AskBatchDecision(ctx, who, in) },
		do: func(who workflow.Actor, challenge string, cms []byte) error {
			return flow.SignBatch(ctx, who, in, challenge, cms)
		},
		refused: func(status int) error { return s.render(c, status, "batch", v) },
		done: func() error {
			s.flash(c, "good", "batch.signed", "number", v.Batch.Number)
			return s.redirect(c, "/revocations/bulk/"+v.Batch.Number)
		},
	})
}

// batchReject drops a proposed batch.
func (s *Server) batchReject(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.batchPage(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.RejectBatch(c.Request().Context(), who, v.Batch.ID, version(form.Get("version"))); err != nil {
		return err
	}
	s.flash(c, "good", "batch.rejected", "number", v.Batch.Number)
	return s.redirect(c, "/revocations/bulk")
}

func (s *Server) batchWords(c echo.Context, v *batchPage) string {
	b := v.Batch
	return strings.Join([]string{
		s.text(c, "batch.text_action", "n", b.Total, "number", b.Number),
		b.What,
		s.text(c, "revocation.text_reason", "reason", b.Cause, "code", rfcReason(b.Code)),
		s.text(c, "decision.text_remark", "remark", b.Remark),
		s.text(c, "batch.text_list", "hash", b.ListSHA256),
		s.text(c, "revocation.final"),
		s.text(c, "decision.text_by", "name", identity(c).Name),
	}, "\n")
}
