package authorities

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// object reads a JSON object strictly: a key twice, a key nobody asked for, a
// missing key and a value of another type are findings. All findings of a
// case share one list.
type object struct {
	path   string
	fields map[string]json.RawMessage
	asked  map[string]bool
	found  *[]string
}

// newObject reads raw; findings, if the list is nil, start a new one.
func newObject(path string, raw json.RawMessage, found *[]string) *object {
	if found == nil {
		found = new([]string)
	}
	o := &object{path: path, fields: map[string]json.RawMessage{}, asked: map[string]bool{}, found: found}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		o.problem("", "an object is needed")
		return o
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			o.problem("", "%v", err)
			return o
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			o.problem(name, "%v", err)
			return o
		}
		if _, twice := o.fields[name]; twice {
			o.problem(name, "stands twice")
		}
		o.fields[name] = value
	}
	return o
}

func (o *object) problem(key, format string, args ...any) {
	path := o.path
	if key != "" {
		path += "." + key
	}
	*o.found = append(*o.found, strings.TrimPrefix(path, ".")+": "+fmt.Sprintf(format, args...))
}

// done reports the keys that nobody asked for.
func (o *object) done() {
	var extra []string
	for key := range o.fields {
		if !o.asked[key] {
			extra = append(extra, key)
		}
	}
	slices.Sort(extra)
	for _, key := range extra {
		o.problem(key, "unknown key")
	}
}

// raw returns a required value; ok is false if it is missing or null.
func (o *object) raw(key string) (value json.RawMessage, ok bool) {
	o.asked[key] = true
	value, there := o.fields[key]
	if !there {
		o.problem(key, "is missing")
		return nil, false
	}
	return value, !bytes.Equal(value, []byte("null"))
}

// maybe returns a value that may be left out.
func (o *object) maybe(key string) (json.RawMessage, bool) {
	o.asked[key] = true
	value, there := o.fields[key]
	return value, there && !bytes.Equal(value, []byte("null"))
}

// decode reads a required value that may be null; set says that it was not.
func (o *object) decode(key string, into any) (set bool) {
	value, ok := o.raw(key)
	if !ok {
		return false
	}
	if err := json.Unmarshal(value, into); err != nil {
		o.problem(key, "%s cannot be read as this field", shorten(value))
		return false
	}
	return true
}

// required is decode for a value that may not be null either.
func (o *object) required(key string, into any) bool {
	if value, there := o.fields[key]; there && bytes.Equal(value, []byte("null")) {
		o.asked[key] = true
		o.problem(key, "may not be null")
		return false
	}
	return o.decode(key, into)
}

func (o *object) text(key string) (s string) {
	if o.required(key, &s) && strings.TrimSpace(s) == "" {
		o.problem(key, "may not be empty")
	}
	return s
}

func (o *object) textOrNull(key string) (s string) {
	o.decode(key, &s)
	return s
}

func (o *object) flag(key string) (b bool) {
	o.required(key, &b)
	return b
}

// choice reads one of the allowed values.
func choice[T ~string](o *object, key string, allowed ...T) (v T) {
	if o.required(key, &v) && !slices.Contains(allowed, v) {
		o.problem(key, "%q is not one of %s", v, list(allowed))
	}
	return v
}

// choiceOrNull is choice, or empty for null.
func choiceOrNull[T ~string](o *object, key string, allowed ...T) (v T) {
	if o.decode(key, &v) && !slices.Contains(allowed, v) {
		o.problem(key, "%q is not one of %s", v, list(allowed))
	}
	return v
}

// choices reads a list of allowed values.
func choices[T ~string](o *object, key string, allowed ...T) (vs []T) {
	o.required(key, &vs)
	for _, v := range vs {
		if !slices.Contains(allowed, v) {
			o.problem(key, "%q is not one of %s", v, list(allowed))
		}
	}
	return vs
}

func list[T ~string](vs []T) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

// instant reads an RFC 3339 instant with its offset.
func (o *object) instant(key string) (t time.Time) {
	var s string
	if o.required(key, &s) {
		t = o.parseInstant(key, s)
	}
	return t
}

func (o *object) instantOrNull(key string) *time.Time {
	var s string
	if !o.decode(key, &s) {
		return nil
	}
	t := o.parseInstant(key, s)
	return &t
}

func (o *object) parseInstant(key, s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		o.problem(key, "%q is not an instant such as 2026-02-16T11:00:00+06:00", s)
	}
	return t
}

// day reads YYYY-MM-DD; nullable says that null will do.
func (o *object) day(key string, nullable bool) string {
	var s string
	read := o.required
	if nullable {
		read = o.decode
	}
	if read(key, &s) {
		if _, err := registry.ParseDate(s); err != nil {
			o.problem(key, "%q is not a date YYYY-MM-DD", s)
		}
	}
	return s
}

// amount reads a sum in tyiyn, not negative, or null.
func (o *object) amount(key string) *registry.Tyiyn {
	var n registry.Tyiyn
	if !o.decode(key, &n) {
		return nil
	}
	if n < 0 {
		o.problem(key, "%d is less than nothing", n)
	}
	return &n
}

// child reads a nested object; nil if it is null or missing.
func (o *object) child(key string) *object {
	value, ok := o.raw(key)
	if !ok {
		return nil
	}
	return newObject(o.path+"."+key, value, o.found)
}

func shorten(raw json.RawMessage) string {
	s := []rune(string(raw))
	if len(s) > 40 {
		return string(s[:40]) + "…"
	}
	return string(s)
}

// readAll reads one JSON value of at most limit bytes and nothing after it.
func readAll(r io.Reader, limit int64) (json.RawMessage, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading the cases: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, errors.New("the cases are larger than 16 MiB")
	}
	if !json.Valid(data) {
		var v any
		return nil, fmt.Errorf("the cases are not JSON: %w", json.Unmarshal(data, &v))
	}
	return data, nil
}
