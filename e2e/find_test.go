//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// finder finds elements as a person does: a button by what stands on it, a
// field by its label, both inside the part of the page that has a heading.
// Keys drawn beside a button's words and the star of a required field are no
// part of its name.
const finder = `(() => {
  const norm = (s) => s.replace(/[\u00a0\s]+/g, ' ').trim();
  const words = (el, drop) => {
    const c = el.cloneNode(true);
    for (const x of c.querySelectorAll(drop)) x.remove();
    return norm(c.textContent);
  };
  const named = (el, name) => words(el, 'kbd, .tg-need') === name || words(el, 'kbd, .tg-need, .visually-hidden') === name ||
    words(el, 'kbd, .tg-need').replace(/…$/, '').trim() === name;
  const shown = (el) => el.checkVisibility({visibilityProperty: true}) && el.getClientRects().length > 0;
  const [kind, within, name] = ARGS;
  let root = document;
  if (/^[#.]|\[/.test(within)) root = document.querySelector(within);
  else if (within) {
    const heads = [...document.querySelectorAll('h1, h2, h3, legend, th, summary, .tg-docs li > :first-child, tr a, tr strong')].filter((h) => named(h, norm(within)));
    const head = heads.find(shown) || heads[0];
    root = head && head.closest('dialog, tr, li, section, .tg-panel, fieldset, details, form');
  }
  if (!root) return null;
  const want = norm(name);
  if (kind === 'press') return [...root.querySelectorAll('button, a[href], summary, input[type=submit]')].find((el) => shown(el) && named(el, want)) || null;
  if (kind === 'field') {
    for (const l of root.querySelectorAll('label')) {
      const own = [l, ...l.querySelectorAll(':scope > span')].some((el) => named(el, want));
      if (own && l.control && shown(l)) return l.control;
    }
    for (const el of root.querySelectorAll('input, textarea, select')) {
      if (norm(el.getAttribute('aria-label') || '') === want && shown(el)) return el;
    }
    return null;
  }
  return [...root.querySelectorAll('*')].find((el) => el.children.length === 0 && named(el, want)) || null;
})()`

func find(kind, within, name string) string {
	args, err := json.Marshal([]string{kind, within, name})
	if err != nil {
		panic(err)
	}
	return strings.Replace(finder, "ARGS", string(args), 1)
}

// Part is a part of a page, named by its heading or by a CSS selector that
// begins with # or . or names an attribute.
type Part struct {
	*Page
	heading string
}

// In is the part of the page below a heading; "" is the whole page.
func (p *Page) In(heading string) Part { return Part{p, heading} }

func (p Part) press(name string) string { return find("press", p.heading, name) }
func (p Part) field(name string) string { return find("field", p.heading, name) }

// must runs an action on an element, and says by its name if it is not there.
func (p Part) must(what, name string, actions ...chromedp.Action) {
	p.t.Helper()
	for _, a := range actions {
		if err := p.try(a); err != nil {
			p.t.Fatalf("%s %q in %q at %s: %v\n%s", what, name, p.heading, p.where(), err, p.body())
		}
	}
}

// Press clicks a button, a link or a summary.
func (p Part) Press(name string) {
	p.t.Helper()
	sel := p.press(name)
	p.must("pressing", name, chromedp.WaitVisible(sel, chromedp.ByJSPath), chromedp.Click(sel, chromedp.ByJSPath))
}

// Follow clicks and waits for the page that follows.
func (p Part) Follow(name string) {
	p.t.Helper()
	sel := p.press(name)
	p.must("finding", name, chromedp.WaitVisible(sel, chromedp.ByJSPath))
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(sel, chromedp.ByJSPath)); err != nil {
		p.t.Fatalf("following %q at %s: %v\n%s", name, p.where(), err, p.body())
	}
}

// Type replaces what a field holds, as a person types.
func (p Part) Type(label, text string) {
	p.t.Helper()
	sel := p.field(label)
	p.must("typing into", label, chromedp.WaitVisible(sel, chromedp.ByJSPath), chromedp.Evaluate("void ("+sel+".value = '')", nil), chromedp.SendKeys(sel, text, chromedp.ByJSPath))
}

// Pick chooses a radio button, ticks a box, or takes an option of a list by
// its words.
func (p Part) Pick(label string) {
	p.t.Helper()
	sel := p.field(label)
	on := false
	for deadline := time.Now().Add(patience); !on; time.Sleep(50 * time.Millisecond) {
		p.must("picking", label, chromedp.WaitReady(sel, chromedp.ByJSPath), chromedp.Evaluate(sel+".checked", &on))
		if time.Now().After(deadline) {
			p.t.Fatalf("%q is not chosen after clicks at %s", label, p.where())
		}
		if !on { // a scan that comes late moves what is below it
			p.must("picking", label, chromedp.Click(sel, chromedp.ByJSPath), chromedp.Evaluate(sel+".checked", &on))
		}
	}
}

// Give gives files to a file field.
func (p Part) Give(label string, files ...string) {
	p.t.Helper()
	sel := p.field(label)
	p.must("giving files to", label, chromedp.WaitReady(sel, chromedp.ByJSPath), chromedp.SetUploadFiles(sel, files, chromedp.ByJSPath))
}

// Value is what a field holds.
func (p Part) Value(label string) string {
	p.t.Helper()
	var v string
	p.must("reading", label, chromedp.WaitReady(p.field(label), chromedp.ByJSPath), chromedp.Evaluate(p.field(label)+".value", &v))
	return v
}

// Has says whether there is such a button, link or summary now.
func (p Part) Has(name string) bool {
	p.t.Helper()
	var there bool
	p.Run(chromedp.Evaluate(p.press(name)+" !== null", &there))
	return there
}

// body is the page's text, for messages.
func (p *Page) body() string {
	var text string
	_ = p.try(chromedp.Evaluate("document.body ? document.body.innerText : ''", &text))
	return text
}

// Sees says whether the page shows a text now.
func (p *Page) Sees(text string) bool {
	p.t.Helper()
	return strings.Contains(plain(p.body()), plain(text))
}

// plain writes a text with plain spaces.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// Until waits for a condition; what says what was waited for.
func (p *Page) Until(what string, long time.Duration, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(long); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited %s for %s at %s\n%s", long, what, p.where(), p.body())
		}
	}
}

// Keys presses keys wherever the focus is.
func (p *Page) Keys(keys string) {
	p.t.Helper()
	p.Run(chromedp.KeyEvent(keys))
}

// Tab moves the focus forward by the keyboard until it is on a field, and
// fails if it never comes there.
func (p Part) Tab(label string) {
	p.t.Helper()
	for range 120 {
		var there bool
		p.Run(chromedp.Evaluate(fmt.Sprintf("document.activeElement !== document.body && document.activeElement === %s", p.field(label)), &there))
		if there {
			return
		}
		p.Keys(kb.Tab)
	}
	p.t.Fatalf("the keyboard does not reach %q in %q at %s", label, p.heading, p.where())
}

// Write goes to a field by the keyboard and types over what is there.
func (p Part) Write(label, text string) {
	p.t.Helper()
	p.Tab(label)
	p.Run(chromedp.KeyEvent("a", chromedp.KeyModifiers(2))) // Ctrl+A
	p.Run(chromedp.KeyEvent(text))
}
