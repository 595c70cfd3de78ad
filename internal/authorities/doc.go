// Package authorities holds the rule packs: everything in which one
// certification authority differs from another, as data. A pack names its
// offices, checklists, waiting times, prices, calendar and words; it is
// validated when it is read, and answers questions about registry.Facts.
//
// It must not know databases, pages or the CA, and no rule of either
// authority may be written in Go here: a condition, a number or a text that
// differs between authorities belongs in the YAML.
//
// The API for the rest of the program:
//
//	p, err := authorities.Load("dostek")            // or LoadFile(path), Parse(name, bytes)
//	f := registry.FactsOf(&declaration)
//	f, el := p.Effective(f, sentAt)                 // f.Channel is what it comes to
//	errs := p.Accepts(&declaration, now)            // refusals, nil if welcome
//	items := p.Checklist(f)                         // what is owed, each with its reason
//	d := p.Deadlines(f, registry.Moments{…})
//	q, err := p.Price(f, at)                        // a line per signatory and the total
//	nb, na := p.Term(f, moment)                     // validity of the new certificate
//	out, err := authorities.Check(r)                // `tamga rules check FILE`
package authorities
