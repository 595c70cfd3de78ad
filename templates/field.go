package templates

// FieldErrors are the sentences under the fields of a form, by field name, in
// the page's language. The empty name holds what belongs to no field.
type FieldErrors map[string]string

// Field is one labelled input of a form. A page makes it with the function
// field and draws it with the partial of the same name:
//
//	{{template "field" ((field "inn" "organisation.inn" .Form.INN .Errors).Digits.Hint "ecloud.inn_hint")}}
type Field struct {
	Name, Label, Value, Error string

	HintText     string
	Type         string // text when empty
	Mode         string // inputmode
	Auto         string // autocomplete
	PlaceholderT string
	Need         bool
	Rows         int // a textarea of so many rows when above zero
	Max          int
	Secret       bool // never kept in the browser's store

	text func(key string, args ...any) (string, error)
}

// Hint adds the catalog's sentence under the field.
func (f Field) Hint(key string, args ...any) (Field, error) {
	s, err := f.text(key, args...)
	f.HintText = s
	return f, err
}

// Placeholder shows a catalog text while the field is empty.
func (f Field) Placeholder(key string) (Field, error) {
	s, err := f.text(key)
	f.PlaceholderT = s
	return f, err
}

// Required marks the field as one that must be filled in.
func (f Field) Required() Field { f.Need = true; return f }

// Digits asks for a keyboard of digits.
func (f Field) Digits() Field { f.Mode = "numeric"; return f }

// Kind sets the input's type: email, tel, date, search.
func (f Field) Kind(kind string) Field { f.Type = kind; return f }

// Area makes it a textarea.
func (f Field) Area(rows int) Field { f.Rows = rows; return f }

// Longest sets the most characters it takes.
func (f Field) Longest(n int) Field { f.Max = n; return f }

// Autocomplete names what a browser may fill in; "off" by default.
func (f Field) Autocomplete(what string) Field { f.Auto = what; return f }

// ID is the input's id.
func (f Field) ID() string { return "f-" + f.Name }

// Described is the value of aria-describedby, empty when nothing describes it.
func (f Field) Described() string {
	if f.Error != "" || f.HintText != "" {
		return f.ID() + "-d"
	}
	return ""
}

// InputType is the type attribute.
func (f Field) InputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// Completion is the autocomplete attribute.
func (f Field) Completion() string {
	if f.Auto == "" {
		return "off"
	}
	return f.Auto
}

// Note is a panel of the class tg-note: kind act, warn, stop or good.
type Note struct {
	Kind string
	What string
	More []string
}

// State is a shape and a word (tg-state): class none, half, full, good, act,
// wait or stop.
type State struct {
	Class string
	Word  string
}
