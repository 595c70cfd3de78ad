package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/pmezard/go-difflib/difflib"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// rulesPart is the rule pack on the page of proposals.
type rulesPart struct {
	// Next is in force from the next start on: it was accepted since this one.
	Next *rulesItem
	// Proposed awaits a second administrator; Mine says that it is one's own.
	Proposed *rulesItem
	Mine     bool
	// Configured is not in force and not proposed.
	Configured *rulesItem
}

// rulesItem is a pack with what it changes, line by line.
type rulesItem struct {
	ID         int64
	Name, Hash string
	By         string
	At         any
	Changes    []changedLine
	Cut        bool // there are more changes than are shown
}

// changedLine is a line that was added (+), taken out (-), or a heading of
// where.
type changedLine struct{ Mark, Text string }

// changesShown is how many lines of a changed pack the page has.
const changesShown = 400

// rulesPart finds what is to be said of the rules; nil: nothing.
func (s *Server) rulesPart(c echo.Context, tx *store.Tx, names map[registry.OperatorID]string) (*rulesPart, error) {
	now, err := tx.RulePackInForce()
	if registry.KindOf(err) == registry.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &rulesPart{}
	if now.Hash != s.deps.Workflow.Pack().Hash() {
		v.Next = &rulesItem{Name: now.Name, Hash: now.Hash, By: names[now.DecidedBy], At: now.DecidedAt}
	}
	proposed, err := tx.RulePackProposed()
	switch {
	case err == nil:
		v.Proposed = &rulesItem{ID: proposed.ID, Name: proposed.Name, Hash: proposed.Hash, By: names[proposed.ProposedBy], At: proposed.ProposedAt}
		v.Mine = proposed.ProposedBy == identity(c).OperatorID
		err = v.Proposed.compare(now.Source, proposed.Source)
	case registry.KindOf(err) == registry.NotFound:
		configured := s.deps.Workflow.Configured()
		if err = nil; configured.Hash() != now.Hash {
			v.Configured = &rulesItem{Name: configured.Name, Hash: configured.Hash()}
			err = v.Configured.compare(now.Source, configured.Source())
		}
	}
	if err != nil || v.Next == nil && v.Proposed == nil && v.Configured == nil {
		return nil, err
	}
	return v, nil
}

// compare finds the lines in which two packs differ, with two around each.
func (r *rulesItem) compare(before, after string) error {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: difflib.SplitLines(before), B: difflib.SplitLines(after), Context: 2})
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "---") || strings.HasPrefix(line, "+++") || line == "" {
			continue
		}
		if len(r.Changes) == changesShown {
			r.Cut = true
			break
		}
		if strings.HasPrefix(line, "@@") {
			r.Changes = append(r.Changes, changedLine{Mark: "…"})
			continue
		}
		r.Changes = append(r.Changes, changedLine{Mark: line[:1], Text: line[1:]})
	}
	return nil
}

// rulesPropose proposes the configured rules.
func (s *Server) rulesPropose(c echo.Context) error {
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.ProposeRules(c.Request().Context(), who); err != nil {
		return err
	}
	s.flash(c, "good", "proposal.made")
	return s.redirect(c, "/proposals")
}

// rulesAccept accepts proposed rules, by another administrator than their
// author.
func (s *Server) rulesAccept(c echo.Context) error { return s.decideRules(c, true) }

// rulesReject drops proposed rules.
func (s *Server) rulesReject(c echo.Context) error { return s.decideRules(c, false) }

func (s *Server) decideRules(c echo.Context, accept bool) error {
	id, err := number[int64](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.DecideRules(c.Request().Context(), who, id, accept); err != nil {
		return err
	}
	if accept {
		s.flash(c, "good", "rules.accepted")
	} else {
		s.flash(c, "warn", "proposal.rejected")
	}
	return s.redirect(c, "/proposals")
}
