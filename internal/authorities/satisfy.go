package authorities

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// maxWorlds bounds how many combinations of facts one condition may need.
const maxWorlds = 100_000

// checkCondition finds facts and values that do not exist, and then, by trying
// every combination of the facts that the condition mentions, a condition, an
// alternative or a value that can never hold, and a condition that always
// does.
func (d *decoder) checkCondition(p *Pack, c *Condition) {
	if c == nil {
		return
	}
	before := len(d.problems)
	vocabulary := p.vocabulary()
	d.checkWords(c, vocabulary)
	if len(d.problems) > before {
		return
	}
	domains := worldDomains(c, vocabulary)
	size := 1
	for _, values := range domains {
		if size *= len(values); size > maxWorlds {
			d.errorf(c.line, "the condition is too large to be checked")
			return
		}
	}
	t := &trial{pack: p, condition: c, branches: map[*Condition]bool{}, values: map[string]bool{}}
	facts := slices.Sorted(maps.Keys(domains))
	t.try(facts, domains, assignment{})
	switch {
	case !t.free:
		d.errorf(c.line, "the condition contradicts itself: it can never hold")
	case !t.reached:
		d.errorf(c.line, "the condition is unreachable: no applicant of this authority can meet it")
	case t.always:
		d.errorf(c.line, "the condition always holds: leave it out")
	default:
		d.checkReach(c, t)
	}
}

// checkWords finds unknown facts and values.
func (d *decoder) checkWords(c *Condition, vocabulary map[string][]string) {
	for _, t := range c.terms {
		values, known := vocabulary[t.fact]
		if !known {
			d.errorf(t.line, "unknown fact %q", t.fact)
			continue
		}
		for i, v := range t.values {
			switch {
			case !slices.Contains(values, v):
				d.errorf(t.line, "fact %q has no value %q: one of %s", t.fact, v, strings.Join(values, ", "))
			case slices.Contains(t.values[:i], v):
				d.errorf(t.line, "fact %q: value %q stands twice", t.fact, v)
			}
		}
		if len(t.values) == len(values) {
			d.errorf(t.line, "fact %q: all of its values are listed, which says nothing", t.fact)
		}
	}
	for _, o := range c.any {
		d.checkWords(o, vocabulary)
	}
	if c.not != nil {
		d.checkWords(c.not, vocabulary)
	}
}

// checkReach finds alternatives and values that never make a difference.
func (d *decoder) checkReach(c *Condition, t *trial) {
	for _, term := range c.terms {
		for _, v := range term.values {
			if !t.values[valueKey(term, v)] {
				d.errorf(term.line, "fact %q: value %q can never hold here", term.fact, v)
			}
		}
	}
	for _, o := range c.any {
		if !t.branches[o] {
			d.errorf(o.line, "this alternative can never hold")
			continue
		}
		d.checkReach(o, t)
	}
}

func valueKey(t term, v string) string { return fmt.Sprintf("%d:%s:%s", t.line, t.fact, v) }

// trial tries all combinations of facts.
type trial struct {
	pack      *Pack
	condition *Condition
	// free: it holds for some combination at all; reached: for one that an
	// applicant of this authority can have; always: for all of those.
	free, reached, always bool
	missed                bool
	branches              map[*Condition]bool
	values                map[string]bool
}

func (t *trial) try(facts []string, domains map[string][][]string, a assignment) {
	if len(facts) == 0 {
		t.judge(a)
		return
	}
	for _, values := range domains[facts[0]] {
		a[facts[0]] = values
		t.try(facts[1:], domains, a)
	}
}

func (t *trial) judge(a assignment) {
	if !coherent(a) {
		return
	}
	holds := t.condition.holds(a)
	t.free = t.free || holds
	if !t.pack.possible(a) {
		return
	}
	if !holds {
		t.missed, t.always = true, false
		return
	}
	t.always = !t.missed
	t.reached = true
	t.mark(t.condition, a)
}

func (t *trial) mark(c *Condition, a assignment) {
	t.branches[c] = true
	for _, term := range c.terms {
		for _, v := range term.values {
			if slices.Contains(a[term.fact], v) {
				t.values[valueKey(term, v)] = true
			}
		}
	}
	for _, o := range c.any {
		if o.holds(a) {
			t.mark(o, a)
		}
	}
}

// coherent says whether the facts can stand together for anybody.
func coherent(a assignment) bool {
	for _, who := range [...]string{"accountant", "trusted"} {
		for _, part := range [...]string{".citizenship", ".passport_text", ".number"} {
			if v, asked := a[who+part]; asked && (v[0] == none) != (a[who][0] == "false") {
				return false
			}
		}
	}
	if a.is("head_acts_as_accountant", "true") && a.is("accountant", "true") {
		return false
	}
	first := a.is("operation", string(registry.FirstIssue))
	if first && (!a.noneOrUnasked("changed") || !a.noneOrUnasked("replaced")) {
		return false
	}
	_, asked := a["reason"]
	return !asked || a.is("reason", none) != a.is("operation", string(registry.Reissue))
}

// possible says whether this authority can be asked for such a thing.
func (p *Pack) possible(a assignment) bool {
	op, ok := p.Operation(registry.Operation(a["operation"][0]))
	if !ok || !slices.Contains(p.Storages, registry.Storage(a["storage"][0])) {
		return false
	}
	if v, asked := a["applicant"]; asked && !slices.Contains(p.Applicants.Kinds, registry.OrganisationKind(v[0])) {
		return false
	}
	if !a.noneOrUnasked("reason") && !slices.ContainsFunc(op.Reasons, func(r Reason) bool { return a.is("reason", string(r.Code)) }) {
		return false
	}
	if a.is("channel", string(registry.Office)) {
		return slices.Contains(op.Channels, registry.Office)
	}
	return slices.Contains(p.Remote.Operations, op.Operation) &&
		slices.Contains(p.Remote.Storages, registry.Storage(a["storage"][0])) &&
		a.noneOrUnasked("replaced") &&
		!slices.ContainsFunc(a["changed"], func(r string) bool { return slices.Contains(p.Remote.Blocking, registry.Requisite(r)) })
}

func (a assignment) is(fact, value string) bool { return slices.Contains(a[fact], value) }

func (a assignment) noneOrUnasked(fact string) bool {
	_, asked := a[fact]
	return !asked || a.is(fact, none)
}

// worldDomains lists, for each fact that matters to the condition, the values
// to try. A set-valued fact is tried with every subset of what is mentioned,
// and with one value that is not.
func worldDomains(c *Condition, vocabulary map[string][]string) map[string][][]string {
	mentioned := map[string][]string{"operation": nil, "channel": nil, "storage": nil}
	c.collect(mentioned)
	for _, who := range [...]string{"accountant", "trusted"} {
		for _, part := range [...]string{".citizenship", ".passport_text", ".number"} {
			if _, asked := mentioned[who+part]; asked {
				mentioned[who] = append(mentioned[who], "true")
			}
		}
	}
	domains := map[string][][]string{}
	for fact, values := range mentioned {
		if fact == "changed" || fact == "replaced" {
			domains[fact] = subsets(values, vocabulary[fact])
			continue
		}
		for _, v := range vocabulary[fact] {
			domains[fact] = append(domains[fact], []string{v})
		}
		if who, _, person := strings.Cut(fact, "."); person && (who == "accountant" || who == "trusted") {
			domains[fact] = append(domains[fact], []string{none})
		}
	}
	return domains
}

func (c *Condition) collect(into map[string][]string) {
	for _, t := range c.terms {
		into[t.fact] = append(into[t.fact], t.values...)
	}
	for _, o := range c.any {
		o.collect(into)
	}
	if c.not != nil {
		c.not.collect(into)
	}
}

func subsets(mentioned, all []string) [][]string {
	out := [][]string{{none}}
	var elements []string
	for _, v := range all {
		switch {
		case v == none:
		case slices.Contains(mentioned, v):
			elements = append(elements, v)
		case len(out) == 1:
			out = append(out, []string{v})
		}
	}
	for bits := 1; bits < 1<<len(elements); bits++ {
		var set []string
		for i, v := range elements {
			if bits&(1<<i) != 0 {
				set = append(set, v)
			}
		}
		out = append(out, set)
	}
	return out
}
