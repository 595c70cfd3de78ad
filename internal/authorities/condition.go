package authorities

import (
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Condition is a test over facts, as a pack writes it:
//
//	when:
//	  head.citizenship: FOREIGN          # all lines must hold
//	  office: [OSH, JALAL_ABAD]          # one of
//	  not: { storage: ECLOUD }
//	  any:                               # at least one of
//	    - switch.ask_device_for_ecloud: true
//	    - storage: RUTOKEN
//
// The facts and their values are those of vocabulary; a set-valued fact
// (changed, replaced) holds if it contains any of the values, and NONE stands
// for the empty set. A new street has changed where the pack counts it: see
// Pack.counted.
type Condition struct {
	terms []term
	any   []*Condition
	not   *Condition
	line  int
}

// term is one "fact: values" line.
type term struct {
	fact   string
	values []string
	line   int
}

// assignment is the value of every fact; set-valued facts may have several.
type assignment map[string][]string

// holds judges the condition; nil always holds.
func (c *Condition) holds(a assignment) bool {
	if c == nil {
		return true
	}
	for _, t := range c.terms {
		if !slices.ContainsFunc(a[t.fact], func(v string) bool { return slices.Contains(t.values, v) }) {
			return false
		}
	}
	if len(c.any) > 0 && !slices.ContainsFunc(c.any, func(o *Condition) bool { return o.holds(a) }) {
		return false
	}
	return c.not == nil || !c.not.holds(a)
}

const none = "NONE"

// assign reads the facts into the vocabulary of conditions.
func (p *Pack) assign(f registry.Facts) assignment {
	a := assignment{
		"operation":               {string(f.Operation)},
		"channel":                 {string(f.Channel)},
		"storage":                 {string(f.Storage)},
		"office":                  {orNone(string(f.Office))},
		"applicant":               {string(f.Applicant)},
		"managing":                {orNone(string(f.Managing))},
		"reason":                  {orNone(string(f.Reason))},
		"head_acts_as_accountant": {yesNo(f.HeadActsAsAccountant)},
		"accountant":              {yesNo(f.Accountant != nil)},
		"trusted":                 {yesNo(f.Trusted != nil)},
		"changed":                 {},
		"replaced":                {},
	}
	for _, r := range p.counted(f.Changed) {
		a["changed"] = append(a["changed"], string(r))
	}
	for _, r := range f.Replaced {
		a["replaced"] = append(a["replaced"], string(r))
	}
	for _, set := range [...]string{"changed", "replaced"} {
		if len(a[set]) == 0 {
			a[set] = []string{none}
		}
	}
	for who, person := range map[string]*registry.PersonFacts{"head": &f.Head, "accountant": f.Accountant, "trusted": f.Trusted} {
		if person == nil {
			a[who+".citizenship"], a[who+".passport_text"], a[who+".number"] = []string{none}, []string{none}, []string{none}
			continue
		}
		a[who+".citizenship"] = []string{pick(person.Foreign, "FOREIGN", "KG")}
		a[who+".passport_text"] = []string{pick(person.LocalText, "KY_OR_RU", "OTHER")}
		a[who+".number"] = []string{pick(person.HasNumber, "GIVEN", "MISSING")}
	}
	for name, s := range p.Switches {
		a["switch."+name] = []string{yesNo(s.On)}
	}
	return a
}

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}

func yesNo(b bool) string { return pick(b, "true", "false") }

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// vocabulary is every fact a condition may ask for, with all its values;
// offices and switches are the pack's own.
func (p *Pack) vocabulary() map[string][]string {
	truth := []string{"true", "false"}
	v := map[string][]string{
		"operation":               {string(registry.FirstIssue), string(registry.Renewal), string(registry.Reissue)},
		"channel":                 {string(registry.Office), string(registry.Remote)},
		"storage":                 {string(registry.Rutoken), string(registry.ECloud)},
		"office":                  {none},
		"applicant":               {string(registry.LegalEntity), string(registry.SoleEntrepreneur)},
		"managing":                {none, string(registry.ManagedByOrganisation), string(registry.ManagedByIndividual)},
		"reason":                  {none},
		"head_acts_as_accountant": truth,
		"accountant":              truth,
		"trusted":                 truth,
		"changed":                 {none},
		"replaced":                {none, string(registry.Head), string(registry.Accountant), string(registry.HeadAsAccountant)},
	}
	for _, o := range p.Offices {
		v["office"] = append(v["office"], string(o.Code))
	}
	for _, r := range reissueReasons {
		v["reason"] = append(v["reason"], string(r))
	}
	for _, r := range registry.Requisites {
		v["changed"] = append(v["changed"], string(r))
	}
	for _, who := range [...]string{"head", "accountant", "trusted"} {
		v[who+".citizenship"] = []string{"KG", "FOREIGN"}
		v[who+".passport_text"] = []string{"KY_OR_RU", "OTHER"}
		v[who+".number"] = []string{"GIVEN", "MISSING"}
	}
	for name := range p.Switches {
		v["switch."+name] = truth
	}
	return v
}

var reissueReasons = [...]registry.ReissueReason{
	registry.ReasonExpired, registry.ReasonRequisitesChanged, registry.ReasonDeviceBroken,
	registry.ReasonDeviceFormatted, registry.ReasonDeviceLost, registry.ReasonCompromised,
}
