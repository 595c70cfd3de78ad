package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// auditFact is one of the details of a journal entry, for people.
type auditFact struct{ Name, Value string }

// auditFacts are the details of an entry (a JSON object) by name. What has no
// words stands as it was written.
func (s *Server) auditFacts(c echo.Context, kind, details string) []auditFact {
	d := json.NewDecoder(strings.NewReader(details))
	d.UseNumber()
	values := map[string]any{}
	if err := d.Decode(&values); err != nil {
		return []auditFact{{s.text(c, "audit.details"), details}}
	}
	out := make([]auditFact, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name := strings.ReplaceAll(key, "_", " ")
		if word := "detail." + key; s.deps.Renderer.Has(word) {
			name = s.text(c, word)
		}
		if value := s.auditValue(c, kind, key, values[key]); value != "" {
			out = append(out, auditFact{name, value})
		}
	}
	return out
}

func (s *Server) auditValue(c echo.Context, kind, key string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return s.text(c, "word.yes")
		}
		return s.text(c, "word.no")
	case json.Number:
		return s.auditNumber(key, v)
	case string:
		return s.auditWord(c, kind, key, v)
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = s.auditValue(c, kind, key, x)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, k+": "+s.auditValue(c, kind, k, v[k]))
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}

func (s *Server) auditNumber(key string, n json.Number) string {
	i, err := n.Int64()
	switch {
	case err != nil:
		return n.String()
	case strings.HasSuffix(key, "_tyiyn"):
		return templates.Amount(registry.Tyiyn(i))
	case key == "reason":
		return rfcReason(int(i))
	}
	return strconv.FormatInt(i, 10)
}

// detailWords are the catalog's prefixes for the words that a detail may hold,
// where the kind of the entry does not say.
var detailWords = map[string][]string{
	"way": {"revocation.way.", "money.way."}, "role": {"role.", "signatory."}, "storage": {"storage."}, "identified": {"revocation.by."},
	"document_from": {"status.document."}, "document_to": {"status.document."}, "ending": {"status.order."}, "action": {"history.application.", "history.document."},
	"choice": {"renewal.choice."},
}

func (s *Server) auditWord(c echo.Context, kind, key, v string) string {
	if v == "" {
		return ""
	}
	if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
		return templates.DateTime(t)
	}
	switch key {
	case "cause":
		return s.causeText(c, v)
	case "office":
		return s.officeName(c, registry.OfficeCode(v))
	case "certificate", "serial":
		return templates.Hex(registry.Serial(v))
	}
	about, _, _ := strings.Cut(kind, ".")
	prefixes := detailWords[key]
	if key == "from" || key == "to" {
		prefixes = []string{"status." + about + ".", "role."}
		if about == "document" {
			prefixes = []string{"status.application."}
		}
	}
	for _, prefix := range prefixes {
		if s.deps.Renderer.Has(prefix + v) {
			return s.text(c, prefix+v)
		}
	}
	return v
}
