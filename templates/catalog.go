package templates

import (
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed locales/*.toml
var localeFiles embed.FS

// Languages of the catalogs, the default first (ISO 639-1).
var Languages = [...]string{"ky", "ru", "en"}

// Catalog holds the messages of all languages, with the authority's words put
// in. It is read-only after Load and safe for concurrent use.
type Catalog struct {
	byLang map[string]*messages
}

type messages struct {
	lang      string
	plain     map[string]string // messages without placeholders or plural forms
	localizer *i18n.Localizer
	known     map[string]bool
	plural    map[string]bool // messages with plural forms
}

// LoadCatalog reads the embedded catalogs. words has one entry a language.
func LoadCatalog(words map[string]Words) (*Catalog, error) {
	c := &Catalog{byLang: map[string]*messages{}}
	for _, lang := range Languages {
		w, ok := words[lang]
		if !ok {
			return nil, fmt.Errorf("loading catalogs: no words of the authority for %q", lang)
		}
		m, err := loadMessages(lang, w)
		if err != nil {
			return nil, err
		}
		c.byLang[lang] = m
	}
	return c, nil
}

func loadMessages(lang string, w Words) (*messages, error) {
	path := "locales/" + lang + ".toml"
	raw, err := localeFiles.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading catalog: %w", err)
	}
	text, err := w.put(string(raw))
	if err != nil {
		return nil, fmt.Errorf("catalog %s: %w", path, err)
	}
	text = strings.ReplaceAll(text, "№ ", "№"+NoBreak) // a number never leaves its sign
	bundle := i18n.NewBundle(language.Make(lang))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	file, err := bundle.ParseMessageFileBytes([]byte(text), lang+".toml")
	if err != nil {
		return nil, fmt.Errorf("catalog %s: %w", path, err)
	}
	m := &messages{lang: lang, plain: map[string]string{}, known: map[string]bool{}, plural: map[string]bool{}, localizer: i18n.NewLocalizer(bundle, lang)}
	for _, msg := range file.Messages {
		m.known[msg.ID] = true
		m.plural[msg.ID] = msg.One != "" || msg.Few != "" || msg.Many != ""
		if msg.One == "" && msg.Few == "" && msg.Many == "" && !strings.Contains(msg.Other, "{{") {
			m.plain[msg.ID] = msg.Other
		}
	}
	return m, nil
}

// Has says whether there is a message with this key.
func (c *Catalog) Has(key string) bool { return c.byLang[Languages[0]].known[key] }

// Text returns the message in a language with args put in: pairs of a
// placeholder's name and its value. An unknown language gives the default's
// text. An unknown key gives the key itself and an error, so that a page can
// still be read.
func (c *Catalog) Text(lang, key string, args ...any) (string, error) {
	m := c.in(lang)
	if s, ok := m.plain[key]; ok {
		return s, nil
	}
	data, err := pairs(key, args)
	if err != nil {
		return key, err
	}
	cfg := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if n, ok := data["n"]; ok && m.plural[key] {
		if count, ok := wholeNumber(n); ok {
			cfg.PluralCount = count
		}
	}
	s, err := m.localizer.Localize(cfg)
	if err != nil {
		var missing *i18n.MessageNotFoundErr
		if errors.As(err, &missing) {
			return key, fmt.Errorf("no message %q in %s", key, m.lang)
		}
		return key, fmt.Errorf("message %q in %s: %w", key, m.lang, err)
	}
	if strings.Contains(s, "<no value>") {
		return s, fmt.Errorf("message %q in %s: an argument is missing", key, m.lang)
	}
	return s, nil
}

func (c *Catalog) in(lang string) *messages {
	if m, ok := c.byLang[lang]; ok {
		return m
	}
	return c.byLang[Languages[0]]
}

func pairs(key string, args []any) (map[string]any, error) {
	if len(args)%2 != 0 {
		return nil, fmt.Errorf("message %q: odd number of arguments", key)
	}
	data := make(map[string]any, len(args)/2+1)
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return nil, fmt.Errorf("message %q: argument name %v is not a string", key, args[i])
		}
		data[name] = args[i+1]
	}
	return data, nil
}
