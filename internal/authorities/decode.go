package authorities

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/tamga-ca/tamga/internal/registry"
)

// ProblemList is everything wrong with a pack, each as "file:line: what".
type ProblemList []string

func (l ProblemList) Error() string { return strings.Join(l, "\n") }

// decoder reads YAML into the pack's structs strictly: every key must be
// known, every key not marked optional must be there, texts may not be empty,
// and each finding carries its line. Anchors and aliases are refused, so that
// a small file cannot become a large one.
type decoder struct {
	file     string
	lines    map[string]int // of the top-level keys
	problems ProblemList
}

func (d *decoder) errorf(line int, format string, args ...any) {
	d.problems = append(d.problems, fmt.Sprintf("%s:%d: %s", d.file, line, fmt.Sprintf(format, args...)))
}

// decode reads node into v, a settable value.
func (d *decoder) decode(node *yaml.Node, v reflect.Value) {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		d.errorf(node.Line, "anchors and aliases are not used in packs")
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *registry.Date:
		d.date(node, p)
		return
	case *registry.Tyiyn:
		d.som(node, p)
		return
	case **Condition:
		*p = d.condition(node)
		return
	case *registry.Text:
		defer func() { d.text(node, *p) }()
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(node, v.Elem())
	case reflect.Struct:
		d.structure(node, v)
	case reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			d.errorf(node.Line, "a list is needed here")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content)))
		for i, n := range node.Content {
			d.decode(n, v.Index(i))
		}
	case reflect.Map:
		d.mapping(node, v)
	default:
		d.scalar(node, v)
	}
}

func (d *decoder) structure(node *yaml.Node, v reflect.Value) {
	if node.Kind != yaml.MappingNode {
		d.errorf(node.Line, "a block of keys is needed here")
		return
	}
	seen := map[string]bool{}
	fields := fieldsOf(v.Type())
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		f, ok := fields[key.Value]
		switch {
		case !ok:
			d.errorf(key.Line, "unknown key %q", key.Value)
		case seen[key.Value]:
			d.errorf(key.Line, "key %q stands twice", key.Value)
		default:
			seen[key.Value] = true
			d.decode(value, v.Field(f.index))
		}
	}
	var missing []string
	for name, f := range fields {
		if !f.optional && !seen[name] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	for _, name := range missing {
		d.errorf(node.Line, "key %q is missing", name)
	}
	if l := v.FieldByName("Line"); l.IsValid() {
		l.SetInt(int64(node.Line))
	}
}

type field struct {
	index    int
	optional bool
}

func fieldsOf(t reflect.Type) map[string]field {
	out := map[string]field{}
	for i := range t.NumField() {
		tag := t.Field(i).Tag.Get("yaml")
		name, option, _ := strings.Cut(tag, ",")
		if name == "" || name == "-" {
			continue
		}
		out[name] = field{index: i, optional: option == "optional"}
	}
	return out
}

func (d *decoder) mapping(node *yaml.Node, v reflect.Value) {
	if node.Kind != yaml.MappingNode {
		d.errorf(node.Line, "a block of keys is needed here")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := reflect.ValueOf(node.Content[i].Value)
		if v.MapIndex(key).IsValid() {
			d.errorf(node.Content[i].Line, "key %q stands twice", node.Content[i].Value)
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(node.Content[i+1], value)
		v.SetMapIndex(key, value)
	}
}

func (d *decoder) scalar(node *yaml.Node, v reflect.Value) {
	if node.Kind != yaml.ScalarNode {
		d.errorf(node.Line, "a single value is needed here")
		return
	}
	switch v.Kind() {
	case reflect.String:
		// An unquoted number or yes/no in the place of a text is a slip.
		if node.Tag != "!!str" {
			d.errorf(node.Line, "a text is needed here, in quotes if it looks like something else: %s", node.Value)
			return
		}
		v.SetString(node.Value)
	case reflect.Bool:
		if node.Tag != "!!bool" {
			d.errorf(node.Line, "true or false is needed here, not %q", node.Value)
			return
		}
		v.SetBool(node.Value == "true" || node.Value == "True" || node.Value == "TRUE")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(node.Value, 10, 32)
		if err != nil {
			d.errorf(node.Line, "a whole number is needed here, not %q", node.Value)
			return
		}
		v.SetInt(n)
	default:
		d.errorf(node.Line, "values of kind %s cannot be read", v.Kind())
	}
}

func (d *decoder) date(node *yaml.Node, p *registry.Date) {
	day, err := registry.ParseDate(node.Value)
	if node.Kind != yaml.ScalarNode || err != nil {
		d.errorf(node.Line, "a date YYYY-MM-DD is needed here, not %q", node.Value)
		return
	}
	*p = day
}

// som reads an amount in som, e.g. 1510 or 1510.50.
func (d *decoder) som(node *yaml.Node, p *registry.Tyiyn) {
	whole, part, _ := strings.Cut(node.Value, ".")
	for len(part) < 2 {
		part += "0"
	}
	n, err := strconv.ParseUint(whole+part, 10, 63)
	if node.Kind != yaml.ScalarNode || err != nil || len(part) != 2 || n > math.MaxInt64/100 {
		d.errorf(node.Line, "an amount in som is needed here, such as 1510 or 1510.50, not %q", node.Value)
		return
	}
	*p = registry.Tyiyn(n)
}

// text checks a label: three languages, none empty, and glossary R4: in
// Kyrgyz no suffix touches an inserted value.
func (d *decoder) text(node *yaml.Node, t registry.Text) {
	if node.Kind != yaml.MappingNode {
		return
	}
	for _, l := range registry.Languages {
		if strings.TrimSpace(t.In(l)) == "" && hasKey(node, string(l)) {
			d.errorf(node.Line, "the text in %q is empty", l)
		}
		for _, name := range inserted.FindAllString(t.In(l), -1) {
			if !slices.Contains(insertable, name) {
				d.errorf(node.Line, "the text in %q inserts %s, which nothing fills", l, name)
			}
		}
		if problem := lintText(l, t.In(l)); problem != "" {
			d.errorf(node.Line, "the text in %q %s", l, problem)
		}
	}
}

func hasKey(node *yaml.Node, name string) bool {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return true
		}
	}
	return false
}
