package authorities

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Parse reads and validates a pack. name is the file's name; findings come as
// a ProblemList of "name:line: what".
func Parse(name string, data []byte) (*Pack, error) {
	d := &decoder{file: name, lines: map[string]int{}}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		line, what := yamlProblem(err)
		d.errorf(line, "%s", what)
		return nil, d.problems
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		d.errorf(max(second.Line, 1), "a pack is one YAML document")
		return nil, d.problems
	}
	p := &Pack{Name: strings.TrimSuffix(path.Base(name), path.Ext(name))}
	root := doc.Content[0]
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		d.lines[root.Content[i].Value] = root.Content[i].Line
	}
	d.decode(root, reflect.ValueOf(p).Elem())
	if len(d.problems) == 0 {
		d.validate(p)
	}
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	sum := sha256.Sum256(data)
	p.hash, p.source = hex.EncodeToString(sum[:]), string(data)
	return p, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func yamlProblem(err error) (int, string) {
	if errors.Is(err, io.EOF) {
		return 1, "the file is empty"
	}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n, m[2]
	}
	return 1, err.Error()
}

// condition reads a `when` block.
func (d *decoder) condition(node *yaml.Node) *Condition {
	c := &Condition{line: node.Line}
	if node.Kind != yaml.MappingNode || len(node.Content) == 0 {
		d.errorf(node.Line, "a condition is a block of facts, not empty")
		return c
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if seen[key.Value] {
			d.errorf(key.Line, "fact %q stands twice in one condition", key.Value)
			continue
		}
		seen[key.Value] = true
		switch key.Value {
		case "any":
			if value.Kind != yaml.SequenceNode || len(value.Content) < 2 {
				d.errorf(value.Line, "any is a list of two conditions or more")
				continue
			}
			for _, n := range value.Content {
				c.any = append(c.any, d.condition(n))
			}
		case "not":
			c.not = d.condition(value)
		default:
			c.terms = append(c.terms, d.term(key, value))
		}
	}
	return c
}

func (d *decoder) term(key, value *yaml.Node) term {
	t := term{fact: key.Value, line: key.Line}
	list := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		list = value.Content
	}
	if len(list) == 0 {
		d.errorf(key.Line, "fact %q has no value", key.Value)
	}
	for _, n := range list {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			d.errorf(n.Line, "fact %q: a value is a single word", key.Value)
			continue
		}
		t.values = append(t.values, n.Value)
	}
	return t
}

func (d *decoder) days(p *Pack) map[registry.Date]registry.Day {
	out := map[registry.Date]registry.Day{}
	for _, h := range p.Holidays {
		if !slices.Contains([]DayKind{DayOff, DayWorking, DayAsWeek}, h.Day) {
			d.errorf(h.Line, "day is off, working or as_week, not %q", h.Day)
		}
		if h.Unverified {
			continue
		}
		to := h.To
		if to.IsZero() {
			to = h.From
		}
		if to.Compare(h.From) < 0 || to.Compare(h.From.AddDays(31)) > 0 {
			d.errorf(h.Line, "the range %s to %s is not one of 1 to 31 days", h.From, to)
			continue
		}
		for day := h.From; day.Compare(to) <= 0; day = day.AddDays(1) {
			if _, twice := out[day]; twice {
				d.errorf(h.Line, "%s stands in the table twice", day)
			}
			w := day.Weekday()
			working := h.Day == DayWorking || h.Day == DayAsWeek && w != time.Saturday && w != time.Sunday
			out[day] = registry.Day{Working: working, Holiday: h.Public, Name: h.Name}
		}
	}
	return out
}
