package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/tamga-ca/tamga/internal/commandline"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// talk is a conversation with the person at the terminal.
type talk struct {
	*words
	console *Console
	lines   *bufio.Reader
	library string // its path, for a message
}

// errEnded: nobody answers any more.
var errEnded = errors.New("the input ended")

func newTalk(c *Console, l Language, library string) (*talk, error) {
	w, err := l.words()
	if err != nil {
		return nil, err
	}
	return &talk{words: w, console: c, lines: bufio.NewReader(c.In), library: library}, nil
}

// say says a text of the catalogs on a line of its own.
func (t *talk) say(key string, pairs ...any) { t.print(t.text(key, pairs...)) }

func (t *talk) print(line string) { _, _ = fmt.Fprintln(t.console.Out, line) }

// ask reads a line.
func (t *talk) ask(key string, pairs ...any) (string, error) {
	_, _ = fmt.Fprint(t.console.Out, t.text(key, pairs...), ": ")
	line, err := t.lines.ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		t.print("")
		return "", errEnded
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// secret reads a line that is not shown; from a pipe, a line.
func (t *talk) secret(key string, pairs ...any) (string, error) {
	f, ok := t.console.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return t.ask(key, pairs...)
	}
	_, _ = fmt.Fprint(t.console.Out, t.text(key, pairs...), ": ")
	b, err := term.ReadPassword(int(f.Fd()))
	t.print("")
	if err != nil {
		return "", errEnded
	}
	return string(b), nil
}

// choose lets the person choose one; a single one is chosen by itself.
func (t *talk) choose(title string, options []string) (int, error) {
	if len(options) == 1 {
		return 0, nil
	}
	t.say(title)
	for i, o := range options {
		t.print(fmt.Sprintf("  %d. %s", i+1, o))
	}
	for {
		answer, err := t.ask("ask.number", "n", len(options))
		if err != nil {
			return 0, err
		}
		n, err := strconv.Atoi(strings.TrimSpace(answer))
		if err == nil && n >= 1 && n <= len(options) {
			return n - 1, nil
		}
		t.say("ask.wrong_number", "n", len(options))
	}
}

// told explains an error in a sentence and makes the command fail.
func (t *talk) told(err error) error {
	if err == nil {
		return nil
	}
	t.print(t.sentence(err))
	return commandline.Status(1)
}

// sentence is an error in words.
func (t *talk) sentence(err error) string {
	if errors.Is(err, errEnded) {
		return t.text("ask.ended")
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.Message
	}
	if s, ok := errors.AsType[*said](err); ok {
		return t.text(s.key, s.pairs...)
	}
	e, ok := errors.AsType[*pkcs11.Error](err)
	if !ok {
		return err.Error()
	}
	switch {
	case e.Code == pkcs11.PINIncorrect && e.PIN != nil && e.PIN.Retries != nil:
		return t.text("trouble.PIN_INCORRECT_LEFT", "n", *e.PIN.Retries)
	case e.Code == pkcs11.PINLengthInvalid && e.PIN != nil:
		return t.text("trouble.PIN_LENGTH_INVALID", "min", e.PIN.MinLength, "max", e.PIN.MaxLength)
	case e.Code == pkcs11.LoadFailed:
		return t.text("trouble.PKCS11_LOAD_FAILED", "file", t.library)
	case t.has("trouble." + string(e.Code)):
		return t.text("trouble." + string(e.Code))
	}
	return t.text("trouble.other", "code", e.Detail)
}

// said is an error that a text of the catalogs tells.
type said struct {
	key   string
	pairs []any
}

func (s *said) Error() string { return s.key }

func saying(key string, pairs ...any) error { return &said{key, pairs} }

func is(err error, codes ...pkcs11.Code) bool {
	e, ok := errors.AsType[*pkcs11.Error](err)
	if !ok {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}

func asError(err error) (*pkcs11.Error, bool) { return errors.AsType[*pkcs11.Error](err) }
