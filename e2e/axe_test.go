//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var axe = sync.OnceValues(func() (string, error) {
	b, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	return string(b), err
})

type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Accessible fails the test for each violation of WCAG 2.2 AA and of axe-core's
// best practices on the page shown. The checker comes in by the debugging
// protocol, so the page's policy need not allow it.
func (p *Page) Accessible() {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		p.t.Fatal(err)
	}
	var result string
	p.Run(chromedp.Evaluate(source+";0", nil),
		chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, &result,
			func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	var found []violation
	if err := json.Unmarshal([]byte(result), &found); err != nil {
		p.t.Fatalf("axe-core answered %q: %v", result, err)
	}
	where := p.where()
	for _, v := range found {
		var nodes strings.Builder
		for _, n := range v.Nodes[:min(3, len(v.Nodes))] {
			fmt.Fprintf(&nodes, "\n\t%s\n\t%s", n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n\t"))
		}
		p.t.Errorf("axe-core: %s at %s: %s, %d times%s", v.ID, where, v.Help, len(v.Nodes), &nodes)
	}
}

// Fits fails the test if the page must be scrolled sideways.
func (p *Page) Fits() {
	p.t.Helper()
	const js = `(() => {
  const wide = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - wide;
  if (over <= 0) return '';
  const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > wide + 1 && !e.closest('.tg-scroll, .tg-nav'));
  return over + ' pixels, as are ' + out.slice(-4).map((e) => e.outerHTML.slice(0, 120)).join('\n');
})()`
	var over string
	p.Run(chromedp.Evaluate(js, &over))
	if over != "" {
		p.t.Errorf("%s is too wide: %s", p.where(), over)
	}
}
