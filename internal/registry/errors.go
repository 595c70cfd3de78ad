package registry

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of refusal an Error is; handlers map it to an HTTP
// status in one place.
type Kind int

const (
	// Invalid: what was given is wrong; it can be corrected and sent again.
	Invalid Kind = iota + 1
	// Forbidden: this person may not do this.
	Forbidden
	// NotFound: there is no such thing, or it is not for this person to see.
	NotFound
	// Conflict: somebody else was first, or the state does not allow it.
	Conflict
	// Throttled: too many tries; try again later.
	Throttled
	// Unavailable: something we depend on does not answer; nothing was lost.
	Unavailable
	// Unauthenticated: log in first, or again.
	Unauthenticated
)

// Error is a refusal that a person is told about. Key names a message of the
// catalogs (templates/locales), Args its placeholders. Field, if set, is the
// form field that it belongs to.
type Error struct {
	Kind  Kind
	Key   string
	Args  map[string]any
	Field string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Key)
	if e.Field != "" {
		fmt.Fprintf(&b, " (field %s)", e.Field)
	}
	return b.String()
}

// Refuse makes an Error. args are pairs of a placeholder's name and its value.
func Refuse(kind Kind, key string, args ...any) *Error {
	e := &Error{Kind: kind, Key: key}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = map[string]any{}
		}
		e.Args[fmt.Sprint(args[i])] = args[i+1]
	}
	return e
}

// On returns a copy of e that belongs to a form field.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Errors are several refusals at once, as a form shows them.
type Errors []*Error

func (es Errors) Error() string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap lets errors.As find the first one.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// KindOf returns the Kind of the Error in err's tree, or 0.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}
