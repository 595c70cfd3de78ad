//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take over one step.
const patience = 20 * time.Second

// browser is the one Chromium of a run; each page has a context of its own, as
// an incognito window has.
var browser struct {
	sync.Mutex
	ctx  context.Context
	stop func()
}

func chromium() (context.Context, error) {
	browser.Lock()
	defer browser.Unlock()
	if browser.ctx != nil {
		return browser.ctx, nil
	}
	profile := filepath.Join(work, "profile")
	if err := os.MkdirAll(profile, 0o700); err != nil {
		return nil, err
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("/usr/bin/chromium"),
		chromedp.NoSandbox, // the tests may run as root
		chromedp.DisableGPU,
		chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Env("HOME="+profile),
		chromedp.WSURLReadTimeout(time.Minute),
	)...)
	ctx, stop := chromedp.NewContext(allocator)
	if err := chromedp.Run(ctx); err != nil {
		stopAllocator()
		return nil, fmt.Errorf("starting chromium: %w", err)
	}
	browser.ctx = ctx
	browser.stop = func() {
		_ = chromedp.Cancel(ctx) // closes the browser in order
		stop()
		stopAllocator()
	}
	return ctx, nil
}

func stopBrowser() {
	browser.Lock()
	defer browser.Unlock()
	if browser.stop != nil {
		browser.stop()
	}
}

// Page is a person's browser window, with cookies of its own.
type Page struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	problems []string
	expected []*regexp.Regexp
}

// open opens a window on a server. What goes wrong in it fails the test, at its
// end at the latest.
func open(t *testing.T, s *Server) *Page {
	t.Helper()
	parent, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	window, err := newWindow(parent)
	if err != nil {
		t.Fatal(err)
	}
	return attach(t, s.URL, window)
}

// attach takes charge of a window that was opened.
func attach(t *testing.T, base string, window target.ID) *Page {
	t.Helper()
	parent, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := chromedp.NewContext(parent, chromedp.WithTargetID(window))
	p := &Page{t: t, ctx: ctx, base: base}
	t.Cleanup(func() {
		if t.Failed() {
			_ = p.shot(fmt.Sprintf("failed-%s-%d", strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()), opened.Add(1)))
		}
		stop()
		for _, problem := range p.Problems() {
			t.Errorf("in the browser: %s", problem)
		}
	})
	chromedp.ListenTarget(ctx, p.listen)
	p.Run(network.Enable(), cdplog.Enable(), audits.Enable(), runtime.Enable(), page.Enable(),
		emulation.SetDeviceMetricsOverride(1440, 900, 1, false))
	p.Dark(false)
	p.Language("ky")
	return p
}

// opened counts the windows of a run that failed.
var opened atomic.Int64

// newWindow opens a window in a browser context of its own. chromedp's own way
// opens a tab, for which a fresh context has no window.
func newWindow(browser context.Context) (target.ID, error) {
	ctx := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	own, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx)
	if err != nil {
		return "", fmt.Errorf("opening a window: %w", err)
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(own).WithNewWindow(true).Do(ctx)
	if err != nil {
		return "", fmt.Errorf("opening a window: %w", err)
	}
	return id, nil
}

func (p *Page) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.note("exception: %s", e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning || e.Type == runtime.APITypeAssert {
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			p.note("console %s: %s", e.Type, strings.Join(words, " "))
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError || e.Entry.Source == cdplog.SourceSecurity {
			p.note("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			p.note("content security policy: %s blocked %s", d.ViolatedDirective, d.BlockedURL)
		}
	case *network.EventRequestWillBeSent:
		// data: and blob: come from nowhere; the browser's own viewer of PDF is
		// an extension of its own.
		if u := e.Request.URL; strings.HasPrefix(u, "http") && !strings.HasPrefix(u, p.base+"/") {
			p.note("request to another host: %s", u)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 500 {
			p.note("answer %d: %s", e.Response.Status, e.Response.URL)
		}
	}
}

func (p *Page) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	for _, e := range p.expected {
		if e.MatchString(text) {
			return
		}
	}
	p.problems = append(p.problems, text)
}

// Expect says that a problem that matches belongs to the test: Chromium reports
// every answer from 400 on its console.
func (p *Page) Expect(pattern string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, regexp.MustCompile(pattern))
}

// Problems returns what went wrong so far.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.problems...)
}

// Run performs actions, within the patience of one step each.
func (p *Page) Run(actions ...chromedp.Action) {
	p.t.Helper()
	for i, a := range actions {
		if err := p.try(a); err != nil {
			p.t.Fatalf("step %d of %d at %s: %v", i+1, len(actions), p.where(), err)
		}
	}
}

func (p *Page) try(a chromedp.Action) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	// The first Run of a context makes its tab, which must not end with ctx.
	if chromedp.FromContext(p.ctx).Target == nil {
		if err := chromedp.Run(p.ctx); err != nil {
			return err
		}
	}
	return chromedp.Run(ctx, a)
}

func (p *Page) where() string {
	var url string
	if err := p.try(chromedp.Location(&url)); err != nil {
		return "?"
	}
	return url
}

// Goto opens a path of the server, or a whole URL, and returns the status.
func (p *Page) Goto(path string) int64 {
	p.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = p.base + path
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, chromedp.Navigate(path))
	if err != nil {
		p.t.Fatalf("opening %s: %v", path, err)
	}
	return answer.Status
}

// Path is the path of the page shown, with its query.
func (p *Page) Path() string {
	p.t.Helper()
	var url string
	p.Run(chromedp.Location(&url))
	return strings.TrimPrefix(url, p.base)
}

// Click clicks the first element that a CSS selector finds, once it is visible.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.Run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.ScrollIntoView(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

// Submit clicks and waits for the page that follows.
func (p *Page) Submit(selector string) {
	p.t.Helper()
	p.Run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.ScrollIntoView(selector, chromedp.ByQuery))
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		p.t.Fatalf("submitting with %s at %s: %v", selector, p.where(), err)
	}
}

// Fill replaces what a field holds, key by key as a person types.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.Run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).value = ""`, selector), nil),
		chromedp.SendKeys(selector, text, chromedp.ByQuery))
}

// Choose selects an option by its value, and lets the page know.
func (p *Page) Choose(selector, value string) {
	p.t.Helper()
	p.Run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.SetValue(selector, value, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf(`{const e=document.querySelector(%q);for(const k of ["input","change"])e.dispatchEvent(new Event(k,{bubbles:true}))}`, selector), nil))
}

// Upload gives files to an input; paths may be relative to the package.
func (p *Page) Upload(selector string, files ...string) {
	p.t.Helper()
	var absolute []string
	for _, f := range files {
		a, err := filepath.Abs(f)
		if err != nil {
			p.t.Fatal(err)
		}
		absolute = append(absolute, a)
	}
	p.Run(chromedp.SetUploadFiles(selector, absolute, chromedp.ByQuery))
}

// Text is the visible text of the first element found.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	var text string
	p.Run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Text(selector, &text, chromedp.ByQuery))
	return strings.TrimSpace(text)
}

// Count is how many elements a selector finds now.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	var n int
	p.Run(chromedp.Evaluate(fmt.Sprintf("document.querySelectorAll(%q).length", selector), &n))
	return n
}

// See waits until the page shows a text.
func (p *Page) See(text string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		var body string
		err := p.try(chromedp.Evaluate("document.body ? document.body.innerText : ''", &body))
		if err == nil && strings.Contains(plain(body), plain(text)) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%q is not on the page %s: %v\n%s", text, p.where(), err, body)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Size sets the window's size in CSS pixels.
func (p *Page) Size(width, height int64) {
	p.t.Helper()
	p.Run(emulation.SetDeviceMetricsOverride(width, height, 1, width < 600))
}

// Dark sets what the system asks for. Nothing moves, so that a click lands
// where an element was found.
func (p *Page) Dark(on bool) {
	p.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p.Run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}))
}

// Language sets the language that the browser asks for: ky, ru or en.
func (p *Page) Language(code string) {
	p.t.Helper()
	p.Run(network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": code}))
}

// WithoutScript turns JavaScript off for the pages opened from now on.
func (p *Page) WithoutScript() {
	p.t.Helper()
	p.Run(emulation.SetScriptExecutionDisabled(true))
}

// Shot writes a screenshot of the whole page to var/e2e.
func (p *Page) Shot(name string) {
	p.t.Helper()
	if err := p.shot(name); err != nil {
		p.t.Errorf("screenshot %s: %v", name, err)
	}
}

func (p *Page) shot(name string) error {
	var png []byte
	if err := p.try(chromedp.FullScreenshot(&png, 100)); err != nil {
		return err
	}
	if len(png) == 0 {
		return errors.New("empty")
	}
	dir := filepath.Join("..", "var", "e2e")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
}

// wait waits for the first problem.
func (p *Page) wait() []string {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if found := p.Problems(); len(found) > 0 {
			time.Sleep(100 * time.Millisecond)
			return p.Problems()
		}
	}
	return nil
}

// forget drops the problems that a test has judged itself.
func (p *Page) forget() {
	p.Expect("")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = nil
}
