package handlers

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/paper"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// packWords writes what people read of an evidence pack.
func (s *Server) packWords(l registry.Language, names map[registry.OperatorID]string) workflow.PackWords {
	return func(p *evidence.Pack, lives [][]journal.Entry, mark string) (string, []byte, error) {
		w := packWriter{Server: s, l: l, names: names, pack: p}
		e := paper.Evidence{
			Language: string(l), Authority: p.Authority, Number: p.Number, Made: bishkekTime(p.MadeAt), MadeAt: p.MadeAt, MadeBy: p.MadeBy.Name,
			Purpose: p.Purpose, Query: p.Query, Mark: mark, Test: s.deps.Demo, Journal: w.word("pack.journal", "n", p.Journal.Size),
		}
		if missing := p.Journal.Size - p.Journal.Readable; missing > 0 {
			e.Journal = w.word("pack.journal_damaged", "n", p.Journal.Size, "missing", missing)
		}
		for i := range p.Certificates {
			e.Lives = append(e.Lives, w.life(&p.Certificates[i], lives[i]))
		}
		var b bytes.Buffer
		if err := e.Write(&b, w.word); err != nil {
			return "", nil, err
		}
		return w.word("pack.readme", "number", p.Number, "authority", p.Authority) + "\n", b.Bytes(), nil
	}
}

// packWriter tells a pack in one language.
type packWriter struct {
	*Server
	l     registry.Language
	names map[registry.OperatorID]string
	pack  *evidence.Pack
}

func (w *packWriter) word(key string, args ...any) string { return w.textIn(w.l, key, args...) }

func (w *packWriter) life(c *evidence.Certificate, entries []journal.Entry) paper.EvidenceLife {
	life := paper.EvidenceLife{Title: c.Holder, Facts: w.facts(c)}
	slices.SortStableFunc(entries, func(a, b journal.Entry) int { return a.At.Compare(b.At) })
	for _, e := range entries {
		life.Events = append(life.Events, paper.EvidenceLine{Label: bishkekTime(e.At), Text: w.event(&e)})
	}
	life.Proofs = w.proofs(c)
	return life
}

func (w *packWriter) facts(c *evidence.Certificate) []paper.EvidenceLine {
	org := ""
	if o := c.Organisation; o != nil {
		org = o.Name + ", " + w.word("paper.inn", "inn", o.INN)
	}
	role := ""
	if c.Role != "" {
		role = w.word("signatory." + string(c.Role))
	}
	status := w.word("status.certificate." + string(c.Status))
	if c.StatusAt != nil {
		status += ", " + bishkekTime(*c.StatusAt)
	}
	out := []paper.EvidenceLine{
		{Label: w.word("certificate.serial"), Text: templates.Hex(c.Serial)}, {Label: w.word("person.personal_number"), Text: string(c.PersonalNumber)},
		{Label: w.word("pack.role"), Text: role}, {Label: w.word("paper.slip.organisation"), Text: org},
		{Label: w.word("storage.storage"), Text: w.word("storage." + string(c.Storage))},
		{Label: w.word("certificate.valid_from"), Text: bishkekTime(c.NotBefore)}, {Label: w.word("certificate.valid_to"), Text: bishkekTime(c.NotAfter)},
		{Label: w.word("pack.status"), Text: status},
	}
	if a := c.Application; a != nil {
		out = append(out, paper.EvidenceLine{
			Label: w.word("pack.application"), Text: a.Number + ", " + w.word("operation."+string(a.Operation)) + ", " + w.word("channel."+string(a.Channel)),
		})
	}
	return append(out, paper.EvidenceLine{Label: w.word("certificate.fingerprint"), Text: templates.Hex(c.SHA256)})
}

// event is an entry of the journal in words, with who did it.
func (w *packWriter) event(e *journal.Entry) string {
	what := e.Kind
	if key := "history." + e.Kind; w.deps.Renderer.Has(key) {
		what = w.word(key)
	}
	who := strings.TrimSpace(w.word("audit.actor."+string(e.Actor.Kind)) + " " + e.Actor.ID)
	if n, err := strconv.ParseInt(e.Actor.ID, 10, 64); err == nil && e.Actor.Kind == journal.ActorOperator && w.names[registry.OperatorID(n)] != "" {
		who = w.names[registry.OperatorID(n)]
	}
	return what + " · " + who
}

// proofs are the reports, the changes of status as relying parties learned of
// them, the signatures and the scans.
func (w *packWriter) proofs(c *evidence.Certificate) (out []paper.EvidenceLine) {
	add := func(at time.Time, text string) {
		out = append(out, paper.EvidenceLine{Label: bishkekTime(at), Text: text})
	}
	for _, r := range c.Reports {
		add(r.ReportedAt, w.report(&r))
	}
	for _, ch := range c.Changes {
		status := w.word("status.certificate." + string(ch.Status))
		if ch.AnsweredAt != nil {
			add(*ch.AnsweredAt, w.word("pack.answered", "status", status))
		}
		for _, l := range w.pack.Lists {
			if l.Number == ch.List {
				add(l.MadeAt, w.word("pack.listed", "status", status, "n", ch.List))
			}
		}
	}
	for _, s := range c.Signatures {
		add(s.At, w.word("pack.signed", "what", w.word("pack.signature."+string(s.Kind)), "who", w.signer(s.Signer), "file", s.CMS))
	}
	for _, s := range c.Scans {
		file := s.File
		switch {
		case s.Missing:
			file = w.word("pack.scan_missing")
		case file == "":
			file = "SHA-256 " + s.SHA256
		}
		add(s.UploadedAt, fmt.Sprintf("%s · %s · %s", s.Document, s.Name, file))
	}
	return out
}

func (w *packWriter) report(r *evidence.Report) string {
	cause := r.Cause
	if known, ok := w.deps.Workflow.Pack().RevocationCause(r.Cause); ok {
		cause = known.Text.In(w.l)
	}
	text := w.word("pack.report", "number", r.Number, "who", r.Reporter, "way", w.word("revocation.way."+string(r.Way)), "cause", cause,
		"due", bishkekTime(r.DueAt), "state", w.word("status.report."+string(r.Status)))
	if len(r.Identified) > 0 {
		text += ". " + w.word("revocation.identified") + ": " + w.identified(w.l, r.Identified)
	}
	if r.InvalidSince != nil {
		text += ". " + w.word("revocation.since") + ": " + bishkekTime(*r.InvalidSince)
	}
	return text
}

func (w *packWriter) signer(serial registry.Serial) string {
	for _, s := range w.pack.Signers {
		if s.Serial == serial {
			return s.Name
		}
	}
	return string(serial)
}
