package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// The rules of the configuration are shown beside those in force, line by line,
// and take two administrators.
func TestRulesTakeTwoAdministrators(t *testing.T) {
	now, err := authorities.Load("dostek")
	if err != nil {
		t.Fatal(err)
	}
	next, err := authorities.Parse("dostek.yaml", []byte(strings.Replace(now.Source(), "unpaid_days: 30", "unpaid_days: 45", 1)))
	if err != nil {
		t.Fatal(err)
	}
	h := newShop(t, "dostek", func(c *workflow.Config) { c.Configured = next })
	one, two := h.as(registry.Administrator, 0), h.as(registry.Administrator, 1)
	if page := one.do(http.MethodGet, "/proposals", nil); strings.Contains(page.Body.String(), "Эрежелер топтому") {
		t.Error("the page speaks of rules before there are any")
	}
	if err := h.flow.AdoptRules(t.Context(), workflow.BySystem(), now); err != nil {
		t.Fatal(err)
	}
	see(t, one.do(http.MethodGet, "/proposals", nil), http.StatusOK, "Эрежелер топтому", "-   unpaid_days: 30", "+   unpaid_days: 45", `action="/proposals/rules"`)
	see(t, h.as(registry.Clerk, 0).post("/proposals/rules", url.Values{}), http.StatusForbidden)
	see(t, one.post("/proposals/rules", url.Values{}), http.StatusSeeOther)
	mine := one.do(http.MethodGet, "/proposals", nil)
	see(t, mine, http.StatusOK, "unpaid_days: 45", `action="/proposals/rules/2/reject"`, "башка администратор")
	if strings.Contains(mine.Body.String(), "/proposals/rules/2/accept") {
		t.Error("whoever proposed may accept")
	}
	see(t, one.post("/proposals/rules/2/accept", url.Values{}), http.StatusForbidden)
	see(t, two.do(http.MethodGet, "/proposals", nil), http.StatusOK, `action="/proposals/rules/2/accept"`)
	see(t, two.post("/proposals/rules/2/accept", url.Values{}), http.StatusSeeOther)
	see(t, two.post("/proposals/rules/2/accept", url.Values{}), http.StatusConflict)
	after := two.do(http.MethodGet, "/proposals", nil)
	see(t, after, http.StatusOK, "кийинки жолу иштетилгенде")
	if strings.Contains(after.Body.String(), "/proposals/rules") {
		t.Error("there is still something to decide")
	}
	for _, wrong := range append(forbidden(mine.Body.String()), malformed(mine.Body.String())...) {
		t.Error(wrong)
	}
}
