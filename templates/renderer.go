package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

//go:embed layout.html partials pages
var pageFiles embed.FS

// Renderer holds one parsed template set for each language and page. It is
// safe for concurrent use.
type Renderer struct {
	*Catalog
	assets *Assets
	pages  map[string]map[string]*template.Template // language, page
}

// New parses everything that is embedded; whatever is wrong with a template or
// a catalog is found here, at start. words has one entry a language.
func New(words map[string]Words) (*Renderer, error) {
	catalog, err := LoadCatalog(words)
	if err != nil {
		return nil, err
	}
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	r := &Renderer{Catalog: catalog, assets: assets, pages: map[string]map[string]*template.Template{}}
	for _, lang := range Languages {
		if r.pages[lang], err = r.parse(lang); err != nil {
			return nil, fmt.Errorf("templates in %s: %w", lang, err)
		}
	}
	return r, nil
}

// Assets serves what pages link to.
func (r *Renderer) Assets() *Assets { return r.assets }

func (r *Renderer) parse(lang string) (map[string]*template.Template, error) {
	base := template.New("layout.html").Funcs(r.funcs(lang)).Option("missingkey=error")
	base, err := base.ParseFS(pageFiles, "layout.html", "partials/*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	set := make(map[string]*template.Template, len(names))
	for _, file := range names {
		page, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if page, err = page.ParseFS(pageFiles, file); err != nil {
			return nil, err
		}
		set[strings.TrimSuffix(path.Base(file), ".html")] = page
	}
	return set, nil
}

// Page writes a whole page: the layout around pages/<name>.html.
func (r *Renderer) Page(w io.Writer, name string, v View) error {
	return r.execute(w, name, "layout.html", v.Frame().Lang, v)
}

// Fragment writes one defined block of pages/<name>.html, for htmx.
func (r *Renderer) Fragment(w io.Writer, name, block string, v View) error {
	return r.execute(w, name, block, v.Frame().Lang, v)
}

func (r *Renderer) execute(w io.Writer, name, block, lang string, data any) error {
	set, ok := r.pages[lang]
	if !ok {
		set = r.pages[Languages[0]]
	}
	page, ok := set[name]
	if !ok {
		return fmt.Errorf("no page %q", name)
	}
	// Into a buffer first: a half-written page cannot become an error page.
	var buf bytes.Buffer
	if err := page.ExecuteTemplate(&buf, block, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	_, err := buf.WriteTo(w)
	return err
}

// funcs are the functions that templates of one language may call.
func (r *Renderer) funcs(lang string) template.FuncMap {
	text := func(key string, args ...any) (string, error) { return r.Text(lang, key, args...) }
	return template.FuncMap{
		"T":        text,
		"word":     func(prefix string, v any) (string, error) { return text(prefix + "." + fmt.Sprint(v)) },
		"money":    func(v any) string { return Money(lang, v) },
		"amount":   Amount,
		"number":   Number,
		"datetime": DateTime,
		"date":     Date,
		"clock":    Clock,
		"iso":      ISO,
		"masked":   Masked,
		"size":     func(v any) string { return Size(lang, v) },
		"hex":      Hex,
		"due": func(now time.Time, deadline, paused any) Due {
			return r.DueAt(lang, now, deadline, paused)
		},
		"asset": r.assets.URL,
		"lang":  func() string { return lang },
		"field": func(name, label, value string, errs FieldErrors) (Field, error) {
			s, err := text(label)
			return Field{Name: name, Label: s, Value: value, Error: errs[name], text: text}, err
		},
		"note":  func(kind, what string, more ...string) Note { return Note{Kind: kind, What: what, More: more} },
		"state": func(class, word string) State { return State{Class: class, Word: word} },
	}
}
