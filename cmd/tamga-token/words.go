package main

import (
	"embed"
	"fmt"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed words/*.toml
var wordFiles embed.FS

// languages, the default first.
var languages = []string{"ky", "ru", "en"}

// words are what is said in one language, by key; {name} stands for a value.
type words struct {
	language string
	texts    map[string]string
}

func loadWords(language string) (*words, error) {
	w := &words{language: language}
	if _, err := toml.DecodeFS(wordFiles, "words/"+language+".toml", &w.texts); err != nil {
		return nil, fmt.Errorf("reading the words of %q: %w", language, err)
	}
	return w, nil
}

// languageOf takes the language of the environment, as programs do.
func languageOf(env func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		value := env(name)
		for _, l := range languages {
			if value == l || strings.HasPrefix(value, l+"_") || strings.HasPrefix(value, l+".") {
				return l
			}
		}
		if value != "" && value != "C" && !strings.HasPrefix(value, "C.") && value != "POSIX" {
			break
		}
	}
	return languages[0]
}

// has tells whether there is such a text.
func (w *words) has(key string) bool { return w.texts[key] != "" }

// text is a text with its values, given as pairs of a name and a value.
func (w *words) text(key string, pairs ...any) string {
	text, ok := w.texts[key]
	if !ok {
		text = key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return text
}

// Language says in which language a command talks.
type Language struct {
	Language string `env:"TAMGA_TOKEN_LANGUAGE" enum:"ky,ru,en," default:"" help:"Language: ky, ru or en. Empty: that of the environment (LANG), else Kyrgyz."`
}

func (l Language) words() (*words, error) {
	if l.Language == "" {
		return loadWords(languageOf(os.Getenv))
	}
	return loadWords(l.Language)
}
